"""Metrics that do not fit a task, or what was predicted for it."""

import numpy as np
import pytest

from sktl.metrics import multitask_score

PROBA = [np.array([[0.9, 0.1], [0.2, 0.8]])] * 2


@pytest.mark.parametrize(
    ("y", "predicted", "metric", "options", "message"),
    [
        (
            [[0, 0.5], [1, 1.5]],
            [[0, 1], [1, 0]],
            "f1",
            {},
            "metric 'f1' is for classes, and task 'task1' holds numbers such as 0.5: choose another metric",
        ),
        (
            [[0, 1], [1, 0]],
            [[0, 0.25], [1, 0.5]],
            "accuracy",
            {},
            "metric 'accuracy' takes labels, and 0.25 is predicted for task 'task1': give what predict returns",
        ),
        ([[0, 1], [1, 0]], PROBA, "r2", {}, "task 'task0' comes with columns of probabilities: give what predict"),
        ([["a", "b"]] * 2, [["a", "b"]] * 2, "r2", {}, "is for regression, and task 'task0' holds strings"),
        ([[0, 1]] * 2, [["a", "b"]] * 2, "r2", {}, "is for regression, and task 'task0' holds strings"),
        ([[0, 1]] * 2, [[0, 1]] * 2, "r2", {"classes": [None, [0, 1]]}, "and task 'task1' has the classes 0, 1"),
        ([[0, 1]] * 2, [[0, 1]] * 2, "f1", {"classes": [None, [0, 1]]}, "and task 'task0' is a regression task"),
        ([[0, 1]] * 2, [PROBA[0], None], "log_loss", {}, "none for task 'task1', which is a regression task"),
        (["a", "b"], ["a", "b"], "roc_auc", {}, "goes by probabilities, and strings are predicted for task 'task0'"),
        (
            [[0, 0], [1, 1], [0, 2]],
            [[0.1, 0.2]] * 3,
            "roc_auc",
            {},
            "needs a probability for each of the classes 0, 1, 2 of task 'task1', and there is one number per sample",
        ),
        ([0, 1], [0.5, 1.5], "log_loss", {}, r"takes probabilities in \[0, 1\], and for task 'task0' there is 1.5"),
        ([0, 1], [-0.5, 0.5], "brier", {}, r"takes probabilities in \[0, 1\], and for task 'task0' there is -0.5"),
    ],
)
def test_refused(y, predicted, metric, options, message):
    """What does not fit is refused with the name of the task, whatever becomes of undefined scores."""
    with pytest.raises(ValueError, match=message):
        multitask_score(y, predicted, metric, **options)


def test_ranks_may_be_any_numbers():
    """Scores that only rank need not be probabilities."""
    assert multitask_score([0, 1, 1], [-3.0, 2.0, 5.0], "roc_auc") == 1


def test_fractions_of_missing_labels():
    """What stands where no label is does not matter."""
    assert multitask_score([[0, None], [1, 1]], [[0, 0.5], [1, 1]], "accuracy") == 1
    y = np.ma.masked_array([[0, 0.5], [1, 1]], [[False, True], [False, False]])
    assert multitask_score(y, [[0, 0], [1, 1]], "accuracy") == 1
