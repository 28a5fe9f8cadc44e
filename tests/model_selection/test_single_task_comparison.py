"""What a comparison knows and prints."""

import dataclasses

import numpy as np
import pytest

from sktl.model_selection import SingleTaskComparison
from sktl.model_selection._interval import corrected_interval


@pytest.fixture
def comparison():
    """Return a comparison of a gain, a loss, a tie, a task with a fold missing and one without scores."""
    single = np.tile([[0.70], [0.71], [0.72]], 5)
    joint = single + [[0.10, -0.10, 0.01, 0.01, np.nan]]
    joint[:, 2] += [0.05, -0.05, -0.01]
    joint[2, 3] = np.nan
    return SingleTaskComparison(
        tasks=("up", "down", "same", "short", "none"), metrics=("roc_auc",) * 5, joint=joint, single=single,
        n_labelled=np.array([90, 80, 70, 60, 0]), n_positive=np.array([9, 8, 7, 6, np.nan]), test_to_train=0.5,
    )  # fmt: skip


def test_verdicts(comparison):
    """The interval above zero, below it, across it; none where there is none."""
    assert comparison.verdicts == ("gains", "hurts", "level", "gains", "unknown")
    assert comparison.n_scored.tolist() == [3, 3, 3, 2, 0]
    assert comparison.low[0] == pytest.approx(0.1) == comparison.high[0]


def test_means_are_over_folds_that_both_have(comparison):
    """The third fold of "short" counts for neither side."""
    assert comparison.mean_single[3] == pytest.approx(0.705)
    assert comparison.mean_joint[3] == pytest.approx(0.715)
    assert comparison.mean_difference[:2] == pytest.approx([0.1, -0.1])
    assert np.isnan([comparison.mean_single[4], comparison.mean_joint[4]]).all()


def test_the_interval_over_all_tasks(comparison):
    """It is that of the means over tasks, where each task that is ever scored has a score."""
    expected = corrected_interval(comparison.difference[:2, :4].mean(axis=1, keepdims=True), 0.5, 0.95)
    assert comparison.overall == pytest.approx((expected[0][0], expected[1][0]))
    nothing = dataclasses.replace(comparison, joint=comparison.joint * np.nan)
    assert np.isnan(nothing.overall).all()
    assert str(nothing).endswith("5 unknown (up, down, same, short, none)")


def test_it_prints_a_table(comparison):
    """A line for each task with all there is to know, and one that sums it up."""
    text = str(comparison)
    lines = text.split("\n")
    assert lines[0] == "Joint against single-task training: roc_auc, 3 folds, 95 % intervals"
    assert lines[2].split() == [
        "task", "labelled", "positive", "joint", "single", "difference", "interval", "folds", "verdict",
    ]  # fmt: skip
    assert lines[3].split() == ["up", "90", "9", "0.810", "0.710", "+0.100", "[+0.100,", "+0.100]", "3", "gains"]
    assert lines[7].split() == ["none", "0", "–", "–", "–", "–", "–", "0", "unknown"]
    assert lines[8].split()[0] == "mean"
    assert lines[8].endswith(f"[{comparison.overall[0]:+.3f}, {comparison.overall[1]:+.3f}]")
    assert lines[-1] == "sharing helps 2 of 5 tasks, hurts 1 (down), 1 level, 1 unknown (none)"
    assert repr(comparison) == text
    assert max(map(len, lines)) <= 120


def test_several_metrics_have_a_column_and_no_mean():
    """Areas and R² are not averaged; without positives and missing folds there are no columns of them."""
    scores = np.array([[0.5, 0.25], [0.75, 0.5]])
    comparison = SingleTaskComparison(
        ("a", "b"), ("accuracy", "r2"), scores, scores + 1e-9, np.array([5, 5]), np.full(2, np.nan), 0.5, 0.9
    )
    lines = str(comparison).split("\n")
    assert lines[0].endswith("training: 2 folds, 90 % intervals")
    assert lines[2].split() == ["task", "metric", "labelled", "joint", "single", "difference", "interval", "verdict"]
    assert lines[3].split()[:2] == ["a", "accuracy"]
    assert "mean" not in str(comparison)
    assert "-0.000" not in str(comparison)
    assert "+0.000" in str(comparison)


def test_one_task_in_words():
    """One task is no tasks."""
    scores = np.array([[0.5], [0.75]])
    comparison = SingleTaskComparison(("a",), ("r2",), scores, scores, np.array([5]), np.array([np.nan]), 0.5)
    assert str(comparison).endswith("sharing helps 0 of 1 task, hurts 0, 1 level")


def test_many_losses_are_counted_only():
    """The last line stays short."""
    joint = np.zeros((2, 9))
    comparison = SingleTaskComparison(
        tuple("abcdefghi"), ("r2",) * 9, joint, joint + 1, np.ones(9, dtype=int), np.full(9, np.nan), 0.5
    )
    assert str(comparison).endswith("hurts 9, 0 level")
