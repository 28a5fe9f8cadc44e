"""The law *soft limits*: strength 0 is no sharing, an endless one makes the towers equal."""

import numpy as np
import pytest
import torch

from sktl.features import ArrayRows
from sktl.sharing import NoSharing, SoftSharing, tower_of
from sktl.sharing._soft import PENALTIES
from sktl.sharing._trace_norms import TRACE_NORMS
from sktl.tasks import ClassificationTask, RegressionTask, TaskSet
from sktl.training import JointLoss, TrainingSettings
from sktl.training._train import train
from sktl.weighting import choose_rule

TASKS = TaskSet(
    (RegressionTask(0.0, 1.0), ClassificationTask(np.arange(3)), ClassificationTask(np.arange(2)), RegressionTask(0, 1))
)
WIDTHS = tuple(task.n_outputs for task in TASKS)


@pytest.fixture
def fitted(kind, rng):
    """Return a function that trains a network with a scheme for a few epochs."""
    inputs = ArrayRows(kind.inputs(24).numpy())
    targets = np.column_stack(
        [rng.normal(size=24), rng.integers(0, 3, size=24), rng.integers(0, 2, size=24), rng.normal(size=24)]
    )
    weights = (rng.uniform(size=(24, 4)) < 0.8).astype(np.float32)
    settings = TrainingSettings(3, 8, 0.05, 0.5, torch.optim.AdamW, 0.01, None, 0, torch.device("cpu"))

    def fit(scheme):
        loss = JointLoss(TASKS, choose_rule("equal"))
        labels = torch.from_numpy(targets).float(), torch.from_numpy(weights)
        return train(kind.network(scheme, WIDTHS), loss, inputs, *labels, settings, (np.arange(24), None)).module_

    return fit


def towers_of(stage):
    """Return each set of parameters that belong together, as (n_towers, ...)."""
    towers = [tower_of(stage, number) for number in range(getattr(stage, "offsets", stage).n_towers)]
    alike = zip(*(tower.parameters() for tower in towers), strict=True)
    return [torch.stack(list(parameters)).detach() for parameters in alike]


def spread(stage):
    return sum(float((towers - towers.mean(dim=0)).abs().sum()) for towers in towers_of(stage))


@pytest.mark.parametrize("penalty", PENALTIES)
def test_strength_zero_is_no_sharing_bit_for_bit(fitted, penalty):
    one, other = fitted(SoftSharing(penalty=penalty, strength=0)), fitted(NoSharing())
    assert list(one.state_dict()) == list(other.state_dict())
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name
    assert all(spread(stage) > 0 for stage in other.stages)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("strength", [1e12, float("inf")])
def test_with_an_endless_strength_towers_are_equal(fitted, penalty, strength):
    network = fitted(SoftSharing(penalty=penalty, strength=strength))
    for stage in network.stages:
        for towers in towers_of(stage):
            torch.testing.assert_close(towers, towers[:1].expand_as(towers))
            assert torch.isfinite(towers).all()
    if penalty == "l2":
        assert any(towers.any() for stage in network.stages for towers in towers_of(stage))


def test_the_stronger_the_nearer(fitted):
    distances = [sum(spread(stage) for stage in fitted(SoftSharing(strength=s)).stages) for s in (0, 1.0, 10.0, 100.0)]
    assert distances[0] > distances[1] > distances[2] > distances[3] > 0


def test_only_the_stages_that_are_named_are_held_together(fitted):
    free, held = fitted(SoftSharing(strength=1e12, stages=["two"])).stages
    assert spread(free) > 1e-3
    assert spread(held) < 1e-4


@pytest.fixture
def apart(kind):
    """Return a function that makes a network whose towers are apart."""

    def make(scheme):
        network = kind.network(scheme, hidden=(6,), dtype=torch.float64)
        torch.manual_seed(4)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter += torch.randn_like(parameter)
        return network

    return make


def offsets_of(stage):
    return torch.cat([parameter.detach().flatten() for parameter in stage.offsets.parameters()])


def test_the_step_falls_with_the_rate_of_the_stage(apart):
    network = apart(SoftSharing(strength=4.0))
    before = [offsets_of(stage) for stage in network.stages]
    network.tie(network.stages, 0.5, 0.1)
    for old, stage, amount in zip(before, network.stages, (4 * 0.5 * 0.01, 4 * 0.5 * 0.1), strict=True):
        torch.testing.assert_close(offsets_of(stage), old / (1 + 2 * amount))


@pytest.mark.parametrize("penalty", PENALTIES)
def test_heads_are_not_drawn_together(apart, penalty):
    network = apart(SoftSharing(penalty=penalty, strength=4.0))
    before = [parameter.clone() for parameter in network.head.parameters()]
    network.tie(network.stages, 0.5, 1.0)
    assert all(torch.equal(a, b) for a, b in zip(before, network.head.parameters(), strict=True))


@pytest.mark.parametrize("penalty", TRACE_NORMS)
def test_each_parameter_takes_the_step_of_the_penalty(apart, penalty):
    network = apart(SoftSharing(penalty=penalty, strength=2.0))
    before = [[towers.clone() for towers in towers_of(stage)] for stage in network.stages]
    network.tie(network.stages, 0.1, 1.0)
    for olds, stage in zip(before, network.stages, strict=True):
        for old, new in zip(olds, towers_of(stage), strict=True):
            # A lone number per tower is a vector of length 1.
            expected = TRACE_NORMS[penalty](old if old.ndim > 1 else old[:, None], 0.2).reshape(old.shape)
            torch.testing.assert_close(new, expected)
            assert not torch.equal(new, old)


class TestErrors:
    def test_the_penalty_is_one_of_four(self, table):
        with pytest.raises(ValueError, match=r"penalty of SoftSharing must be one of \['l2', 'trace', .*got 'l1'"):
            table.network(SoftSharing(penalty="l1"))

    @pytest.mark.parametrize("strength", [-1e-9, float("nan"), "a", None, True])
    def test_the_strength_is_no_less_than_zero(self, table, strength):
        with pytest.raises(ValueError, match=r"strength of SoftSharing must be a number of 0 or more, got"):
            table.network(SoftSharing(strength=strength))

    def test_stages_are_a_list(self, table):
        with pytest.raises(ValueError, match=r"stages of SoftSharing must be a list of names .* give \['one'\]"):
            table.network(SoftSharing(stages="one"))

    def test_stages_are_there(self, table):
        expected = r"stages of SoftSharing names \['three'\], but the stages that are not frozen are \['one', 'two'\]"
        with pytest.raises(ValueError, match=expected):
            table.network(SoftSharing(stages=["one", "three"]))
