import pytest
import torch

from sktl.weighting import TaskStatistics, choose_rule

NAN = float("nan")


def weights_for(last, before):
    n_tasks = len(last)
    statistics = TaskStatistics(
        torch.ones(n_tasks, dtype=torch.bool), torch.tensor([last, before]), torch.zeros(n_tasks), torch.zeros(n_tasks)
    )
    return choose_rule("dwa").weights(statistics)


@pytest.mark.parametrize("last", [[NAN] * 3, [0.3, 5.0, NAN]], ids=["first epoch", "second epoch"])
def test_weights_are_equal_until_two_epochs_are_known(last):
    assert weights_for(last, [NAN] * 3).tolist() == [1.0, 1.0, 1.0]


def test_the_formula():
    paces = torch.tensor([0.5, 2.0, 1.0])
    expected = 3 * (paces / 2).exp() / (paces / 2).exp().sum()
    torch.testing.assert_close(weights_for([0.5, 4.0, 3.0], [1.0, 2.0, 3.0]), expected)


def test_a_task_that_learns_slowly_weighs_more():
    fast, slow = weights_for([0.1, 0.9], [1.0, 1.0])
    assert slow > 1 > fast


@pytest.mark.parametrize(("last", "before"), [(NAN, 1.0), (1.0, NAN), (0.0, 0.0), (1.0, 0.0)])
def test_a_task_of_which_nothing_is_known_counts_as_one_that_stands_still(last, before):
    found = weights_for([last, 0.5, 2.0], [before, 1.0, 2.0])
    assert torch.isfinite(found).all()
    torch.testing.assert_close(found, weights_for([3.0, 0.5, 2.0], [3.0, 1.0, 2.0]))
