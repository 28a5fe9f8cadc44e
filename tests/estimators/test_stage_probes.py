"""What linear heads on the later stages say about the distance of two tasks."""

import numpy as np
import pytest
import torch
from torch import nn

from sktl import TransferClassifier
from sktl.backbones import Backbone, WeightsInfo


class Keep(nn.Linear):
    """Hands on the columns that it is told to."""

    def __init__(self, *columns):
        super().__init__(4, 4, bias=False)
        self.weight = nn.Parameter(torch.diag(torch.tensor([float(column in columns) for column in range(4)])))


def make_backbone(*stages):
    named = [(f"stage{number}", stage) for number, stage in enumerate(stages, start=1)]
    info = WeightsInfo("made", "a test")
    return Backbone(stages=named, channel_axis=-1, input_kind="table", n_channels=4, weights=info)


def keeps_all(n_stages=4):
    return make_backbone(*(Keep(0, 1, 2, 3) for _ in range(n_stages)))


def forgets_at_the_end():
    return make_backbone(*(Keep(0, 1, 2, 3) for _ in range(3)), Keep(0, 1, 2))


@pytest.fixture
def problem():
    """Return columns of which the classes go by the last."""
    X = np.random.default_rng(0).normal(size=(80, 4)).astype("float32")
    return X, (X[:, 3] > 0).astype(int)


def fit(backbone, problem, **parameters):
    return TransferClassifier(backbone, max_epochs=1, random_state=0, **parameters).fit(*problem)


def test_a_last_stage_that_lost_what_matters_is_trained(problem):
    fitted = fit(forgets_at_the_end(), problem)
    assert fitted.probe_losses_["late"] < 0.5 * fitted.probe_losses_["last"]
    assert fitted.freeze_ == 2
    assert fitted.head_stages_ == ("stage3", "stage4")


def test_a_last_stage_that_holds_everything_stays_as_it_is(problem):
    fitted = fit(keeps_all(), problem)
    assert fitted.freeze_ == 4
    assert f"{fitted.probe_losses_['last']:.3g} on the last" in fitted.freeze_reason_


def test_steps_are_short_near_to_the_old_task(problem):
    assert fit(keeps_all(), problem, freeze=1).lr_ == 1.5e-4
    assert fit(forgets_at_the_end(), problem, freeze=1).lr_ == 4e-4
    assert fit(keeps_all(), problem, freeze=1, head_stages="last").lr_ == 4e-4  # nothing was tried
    assert fit(keeps_all(), problem, freeze=1, lr=0.01).lr_ == 0.01


def test_going_on_remembers_how_near_the_task_is(problem):
    fitted = fit(keeps_all(), problem, freeze=1, warm_start=True)
    losses = fitted.probe_losses_
    for _ in range(2):
        fitted.fit(*problem)
        assert (fitted.probe_losses_, fitted.lr_) == (losses, 1.5e-4)


def test_few_samples_keep_all_stages_and_choose_what_the_head_reads(problem):
    X, y = problem
    fitted = fit(forgets_at_the_end(), (X[:40], y[:40]))
    assert fitted.freeze_ == 4
    assert fitted.head_stages_ == ("stage3", "stage4")


def test_nothing_is_tried_unless_something_asks(problem):
    assert fit(forgets_at_the_end(), problem, freeze=1, head_stages="last").probe_losses_ is None
    assert fit(forgets_at_the_end(), problem, freeze=1).probe_losses_ is not None


def test_one_later_stage_has_nothing_to_be_compared_with(problem):
    fitted = fit(keeps_all(2), problem)
    assert fitted.probe_losses_ is None
    assert fitted.freeze_ == 1
    assert "all but the first 1 stages are trained" in fitted.freeze_reason_


def test_the_same_data_give_the_same_losses(problem):
    assert fit(keeps_all(), problem).probe_losses_ == fit(keeps_all(), problem).probe_losses_
