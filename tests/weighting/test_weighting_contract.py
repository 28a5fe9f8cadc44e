"""What every weighting rule keeps to."""

import pytest
import torch

from sktl.weighting import RULES, GradientRule, TaskStatistics, WeightingRule

WEIGHTS = [name for name, rule in RULES.items() if issubclass(rule, WeightingRule)]
GRADIENTS = [name for name, rule in RULES.items() if issubclass(rule, GradientRule)]
N_TASKS = 5


def make_statistics(labelled=(True,) * N_TASKS, seed=0, **others):
    draw = torch.Generator().manual_seed(seed)
    values = {
        "labelled": torch.tensor(labelled),
        "previous": torch.rand(2, N_TASKS, generator=draw) + 0.1,
        "learned": torch.randn(N_TASKS, generator=draw),
        "noise": torch.randn(N_TASKS, generator=draw),
    }
    return TaskStatistics(**{**values, **others})


def test_every_rule_is_of_one_of_two_kinds():
    assert sorted([*WEIGHTS, *GRADIENTS]) == sorted(RULES)
    assert len(WEIGHTS) >= 4
    assert len(GRADIENTS) >= 2


@pytest.mark.parametrize("name", WEIGHTS)
class TestWeights:
    @pytest.fixture(params=[(True,) * 5, (True, False, True, True, False), (False, True, False, False, False)])
    def labelled(self, request):
        return request.param

    def test_one_finite_weight_of_zero_or_more_for_each_task(self, name, labelled):
        weights = RULES[name]().weights(make_statistics(labelled))
        assert weights.shape == (N_TASKS,)
        assert torch.isfinite(weights).all()
        assert (weights >= 0).all()
        assert (weights[torch.tensor(labelled)] > 0).all()

    def test_permuting_the_tasks_permutes_the_weights(self, name, labelled):
        rule, statistics, order = RULES[name](), make_statistics(labelled), torch.tensor([3, 0, 4, 1, 2])
        permuted = statistics.permuted(order)
        torch.testing.assert_close(rule.weights(permuted), rule.weights(statistics)[order])
        torch.testing.assert_close(rule.offsets(permuted), rule.offsets(statistics)[order])

    def test_the_same_statistics_give_the_same_weights(self, name):
        rule = RULES[name]()
        rule.weights(make_statistics(seed=1))
        assert torch.equal(rule.weights(make_statistics()), RULES[name]().weights(make_statistics()))

    def test_a_constant_rule_says_one_whatever_it_is_told(self, name):
        rule = RULES[name]()
        ones = all(torch.equal(rule.weights(make_statistics(seed=s)), torch.ones(N_TASKS)) for s in range(3))
        assert rule.is_constant is ones
        if rule.is_constant:
            assert not rule.offsets(make_statistics()).any()

    def test_only_a_rule_that_learns_looks_at_what_is_learned(self, name):
        statistics = make_statistics(learned=torch.randn(N_TASKS, requires_grad=True))
        rule = RULES[name]()
        total = (rule.weights(statistics) + rule.offsets(statistics)).sum()
        assert total.requires_grad is rule.learns

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_the_type_is_that_of_the_statistics(self, name, dtype):
        plain = make_statistics()
        others = {part: getattr(plain, part).to(dtype) for part in ("previous", "learned", "noise")}
        statistics = make_statistics(**others)
        assert RULES[name]().weights(statistics).dtype == dtype
        assert RULES[name]().offsets(statistics).dtype == dtype

    def test_one_task(self, name):
        draws = make_statistics()
        one = draws.permuted(torch.tensor([2]))
        assert RULES[name]().weights(one).shape == (1,)


@pytest.mark.parametrize("name", ["equal", "dwa", "rlw"])
def test_weights_have_mean_one(name):
    assert RULES[name]().weights(make_statistics()).mean().item() == pytest.approx(1)


@pytest.mark.parametrize("name", GRADIENTS)
class TestGradients:
    @pytest.fixture(autouse=True)
    def _torchjd(self):
        pytest.importorskip("torchjd", reason="torchjd comes with the extra surgery")

    def test_one_task_keeps_its_gradient(self, name):
        gradient = torch.tensor([[1.0, -2.0, 3.0]])
        torch.testing.assert_close(RULES[name]().combine(gradient), gradient[0])

    def test_gradients_without_a_conflict_are_summed(self, name):
        gradients = torch.tensor([[1.0, 0.0, 0.5], [0.2, 1.0, 0.0], [0.0, 0.3, 2.0]])
        torch.testing.assert_close(RULES[name]().combine(gradients), gradients.sum(dim=0), atol=1e-3, rtol=1e-3)

    def test_two_that_conflict_lose_the_conflict(self, name):
        one, other = torch.tensor([1.0, 0.0]), torch.tensor([-0.5, 1.0])
        assert one @ other < 0
        combined = RULES[name]().combine(torch.stack([one, other]))
        # Each loses what points against the other.
        expected = (one - (one @ other) / (other @ other) * other) + (other - (one @ other) / (one @ one) * one)
        torch.testing.assert_close(combined, expected, atol=1e-3, rtol=1e-3)
        assert combined @ one > 0
        assert combined @ other > 0
        assert not torch.allclose(combined, one + other)

    def test_the_order_of_two_tasks_does_not_matter(self, name):
        gradients = torch.tensor([[1.0, 0.0, 2.0], [-1.5, 1.0, 0.5]])
        rule = RULES[name]()
        torch.testing.assert_close(rule.combine(gradients), rule.combine(gradients.flip(0)), atol=1e-4, rtol=1e-4)
