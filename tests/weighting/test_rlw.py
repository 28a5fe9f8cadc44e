import pytest
import torch

from sktl.weighting import TaskStatistics, choose_rule


def weights_for(noise, labelled):
    n_tasks = len(noise)
    rule = choose_rule("rlw")
    return rule.weights(TaskStatistics(labelled, torch.full((2, n_tasks), torch.nan), torch.zeros(n_tasks), noise))


@pytest.mark.parametrize("labelled", [[True] * 4, [True, False, True, True], [False, False, True, False]])
def test_labelled_tasks_are_weighed_as_if_the_others_were_not_there(labelled):
    labelled, noise = torch.tensor(labelled), torch.randn(4)
    weights = weights_for(noise, labelled)
    assert not weights[~labelled].any()
    assert weights[labelled].mean().item() == pytest.approx(1)
    torch.testing.assert_close(weights[labelled], weights_for(noise[labelled], labelled[labelled]))


def test_weights_are_a_softmax_of_the_draws():
    noise = torch.tensor([0.0, 1.0])
    expected = 2 / (1 + torch.tensor([1.0, -1.0]).exp())
    torch.testing.assert_close(weights_for(noise, torch.tensor([True, True])), expected)


def test_over_many_batches_all_tasks_weigh_alike():
    generator = torch.Generator().manual_seed(0)
    labelled = torch.ones(3, dtype=torch.bool)
    mean = torch.stack([weights_for(torch.randn(3, generator=generator), labelled) for _ in range(4_000)]).mean(dim=0)
    torch.testing.assert_close(mean, torch.ones(3), atol=0.05, rtol=0)
