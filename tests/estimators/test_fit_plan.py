import types

import numpy as np
import pytest
import torch

from sktl import TransferClassifier
from sktl.estimators._fit_plan import make_plan
from sktl.estimators._problem import JointTraining, Problem
from sktl.sharing import NoSharing
from sktl.tasks import ClassificationTask, RegressionTask, TaskSet

TASK = ClassificationTask(np.array([0, 1, 2]))


def problem_of(n, task=TASK, seed=0):
    return Problem(TaskSet((task,)), (np.arange(n) % 3.0)[:, None], np.ones((n, 1)), seed)


@pytest.fixture
def plan(make_table_backbone):
    """Return a function that makes the plan for an estimator's parameters and a number of samples."""

    def plan(n=90, task=TASK, goes_on=False, pretrained=True, freeze_=None, losses=None, **parameters):
        estimator = TransferClassifier(**parameters)
        estimator.freeze_, estimator._plan = freeze_, types.SimpleNamespace(head_stages=(2, 3))
        estimator.probe_losses_ = losses
        backbone = make_table_backbone(**({} if pretrained else {"weights": None}))
        return make_plan(estimator, backbone, problem_of(n, task), JointTraining(), goes_on=goes_on)

    return plan


def test_depth_and_reason(plan):
    assert plan(freeze=1)[0].depth == 1
    assert plan(freeze=1)[1].reason == "freeze=1 was given"
    assert plan(n=30)[0].depth == 3
    assert "30 samples" in plan(n=30)[1].reason


def test_a_large_network_is_trained_less_where_the_device_is_a_cpu(plan, monkeypatch):
    monkeypatch.setattr("sktl.freezing._by_data.LARGE", 0)
    assert [plan(n=5_000, device=device)[0].depth for device in ("cpu", "meta")] == [1, 0]


@pytest.mark.parametrize(
    ("losses", "rate"),
    [
        (None, 4e-4),
        ({"last": 0.6, "late": 0.4}, 4e-4),
        ({"last": 0.4, "late": 0.6}, 1.5e-4),
        ({"last": np.nan, "late": 0.6}, 4e-4),
    ],
)
def test_only_known_nearness_makes_steps_short(plan, losses, rate):
    assert plan(goes_on=True, freeze_=1, losses=losses)[0].training.lr == rate


def test_going_on_keeps_the_depth(plan):
    made, choice = plan(freeze=0, freeze_=2, goes_on=True)
    assert (made.depth, choice.reason) == (2, "warm_start goes on from the last fit")
    assert made.head_stages == (2, 3)


def test_which_stages_the_heads_read(plan):
    assert plan(freeze="all", head_stages="late")[0].reads == (2, 3)
    assert plan(freeze=1, head_stages="late")[0].reads == (2, 3)
    assert plan(freeze=0, head_stages="last")[0].reads == (3,)
    assert plan(freeze=2, head_stages="late")[0].head_stages == (2, 3)
    assert plan(freeze=0, head_stages="late", head_hidden=(8,))[0].reads == (3,)
    assert plan(freeze=0, head_stages="late", pretrained=False)[0].reads == (3,)


@pytest.mark.parametrize(("freeze", "epochs", "rate"), [("all", 7, 0.5), (1, 500, 1e-3)])
def test_what_is_given_is_for_the_main_phase(plan, freeze, epochs, rate):
    made, _ = plan(freeze=freeze, max_epochs=7, lr=0.5, batch_size=90)
    assert (made.training.max_epochs, made.training.lr) == (7, 0.5)
    assert (made.head_training.max_epochs, made.head_training.lr) == (epochs, rate)


def test_what_the_network_decides(plan):
    trained, fresh = plan(freeze=1)[0], plan(freeze=1, pretrained=False)[0]
    assert (trained.starts_trained, trained.hold_batch_norm) == (True, True)
    assert (fresh.starts_trained, fresh.hold_batch_norm) == (False, False)
    assert (trained.training.lr, trained.training.max_epochs, trained.training.lr_decay) == (4e-4, 50, 0.5)
    assert (fresh.training.lr, fresh.training.max_epochs, fresh.training.lr_decay) == (1e-3, 250, 1.0)


@pytest.mark.parametrize(("batch_norm", "pretrained", "held"), [
    ("frozen", False, True), ("trained", True, False), ("auto", True, True), ("auto", False, False)
])  # fmt: skip
def test_batch_normalisation(plan, batch_norm, pretrained, held):
    assert plan(batch_norm=batch_norm, pretrained=pretrained)[0].hold_batch_norm is held


def test_the_rest_is_handed_on(plan):
    callbacks, arguments = [types.SimpleNamespace()], {"a": 1}
    training = {
        "optimizer": "SGD",
        "weight_decay": 0.2,
        "callbacks": callbacks,
        "net_params": arguments,
        "verbose": True,
    }
    made, _ = plan(head_hidden=[4], head_l2=0.3, **training)
    settings = made.training
    assert settings.optimizer is torch.optim.SGD
    assert (settings.weight_decay, settings.verbose, settings.seed) == (0.2, 1, 0)
    assert (settings.callbacks, settings.net_params) == ((callbacks[0],), {"a": 1})
    assert settings.net_params is not arguments
    assert (made.head_hidden, made.head_l2, made.tasks.tasks) == ((4,), 0.3, (TASK,))


def test_what_tasks_share_is_handed_on(make_table_backbone):
    joint = JointTraining(NoSharing(), "dwa")
    made, _ = make_plan(TransferClassifier(), make_table_backbone(), problem_of(90), joint, goes_on=False)
    assert (made.sharing, made.weighting) == (joint.sharing, "dwa")


class TestSamplesPerClass:
    def test_of_labels_that_count(self):
        targets = np.array([0, 0, 0, 1, 1, 1.0])[:, None]
        weights = np.array([1, 2, 0.5, 1, 0, 0])[:, None]
        assert Problem(TaskSet((TASK,)), targets, weights, 0).samples_per_class(0) == 1

    def test_of_numbers(self):
        task = RegressionTask.of(np.arange(90.0), np.ones(90))
        assert problem_of(90, task).samples_per_class(0) == 9

    def test_the_median_over_tasks(self, plan, make_table_backbone):
        two = ClassificationTask(np.array([0, 1]))
        targets = (np.arange(40)[:, None] < [20, 5, 2]).astype(float)
        problem = Problem(TaskSet((two, two, two)), targets, np.ones((40, 3)), 0)
        assert [problem.samples_per_class(number) for number in range(3)] == [20, 5, 2]
        assert problem.typical_samples_per_class() == 5


class TestSplit:
    def test_everything_is_trained_on(self, plan):
        training, validation = plan(n=30)[0].split
        assert training.tolist() == list(range(30))
        assert validation is None
        assert plan(n=30)[0].training.patience is None

    @pytest.mark.parametrize(("fraction", "n_validation"), [(0.1, 9), (0.5, 45), (0.001, 1)])
    def test_a_share_is_held_out(self, plan, fraction, n_validation):
        made, _ = plan(early_stopping=True, validation_fraction=fraction, n_iter_no_change=4)
        training, validation = made.split
        assert len(validation) == n_validation
        assert sorted([*training, *validation]) == list(range(90))
        assert made.training.patience == 4

    def test_by_class(self, plan):
        _, validation = plan(early_stopping=True)[0].split
        assert np.bincount(validation % 3).tolist() == [3, 3, 3]

    def test_regression_is_split_anyhow(self, plan):
        task = RegressionTask.of(np.arange(90.0), np.ones(90))
        training, validation = plan(task=task, early_stopping=True)[0].split
        assert (len(training), len(validation)) == (81, 9)

    def test_fewer_than_the_classes(self, plan):
        _, validation = plan(n=6, early_stopping=True)[0].split
        assert len(validation) == 1

    def test_the_seed_decides(self, make_table_backbone):
        estimator = TransferClassifier(early_stopping=True)
        splits = [
            make_plan(estimator, make_table_backbone(), problem_of(90, seed=seed), JointTraining(), goes_on=False)
            for seed in (0, 0, 1)
        ]
        splits = [plan.split[1].tolist() for plan, _ in splits]
        assert splits[0] == splits[1] != splits[2]

    def test_classes_nearly_all_held_out(self, plan):
        training, validation = plan(n=6, early_stopping=True, validation_fraction=0.8)[0].split
        assert len(training) + len(validation) == 6

    def test_of_several_tasks_each_has_labels_of_all_classes_held_out(self, make_table_backbone):
        two = ClassificationTask(np.array([0, 1]))
        targets = np.column_stack([np.arange(80) % 2, np.arange(80) < 8]).astype(float)
        weights = np.ones((80, 2))
        weights[40:, 1] = 0  # a label is missing there, and what stands for it is no label
        problem = Problem(TaskSet((two, two)), targets, weights, 0)
        estimator = TransferClassifier(early_stopping=True, validation_fraction=0.25)
        made, _ = make_plan(estimator, make_table_backbone(), problem, JointTraining(), goes_on=False)
        training, validation = made.split
        assert sorted([*training, *validation]) == list(range(80))
        assert len(validation) == 20
        assert np.bincount(targets[validation, 0].astype(int)).tolist() == [10, 10]
        assert targets[validation[weights[validation, 1] > 0], 1].sum() == 2
