"""The labels that backbones are judged by, and the heads that learn them."""

import numpy as np
import pandas as pd
import pytest

from sktl import MultiTaskClassifier, MultiTaskEstimator, MultiTaskRegressor, TransferClassifier, TransferRegressor
from sktl.transferability import logme
from sktl.transferability._labels_to_rank_by import read_problem


@pytest.mark.parametrize(
    ("y", "task", "kind"),
    [
        ([0, 1, 1], "auto", TransferClassifier),
        (["a", "b", "c"], "auto", TransferClassifier),
        ([0.5, 1, 2], "auto", TransferRegressor),
        ([0, 1, 2], "regression", TransferRegressor),
        ([[0, 1], [1, None]], "auto", MultiTaskClassifier),
        ([[0.5, 1.5], [1, None]], "auto", MultiTaskRegressor),
        ([[0, 1], [1, None]], "regression", MultiTaskRegressor),
        ([[0.5, 1], [1, 0]], "auto", MultiTaskEstimator),
        (pd.DataFrame({"a": [1, 2, 2]}), "auto", MultiTaskClassifier),
    ],
)
def test_the_head_is_of_the_kind_of_the_labels(y, task, kind):
    """Fractions are numbers to predict, unless it is said otherwise."""
    head = read_problem(y, task).head(3, 0.01, "cpu", 0)
    assert type(head) is kind
    assert (head.freeze, head.head_l2, head.cache, head.random_state) == ("all", 0.01, None, 0)


def test_logme_is_the_mean_over_tasks_on_what_is_labelled(rng):
    """A task of one class says nothing."""
    features = rng.normal(size=(30, 4))
    y = np.column_stack([rng.integers(2, size=30), rng.normal(size=30), np.ones(30)])
    y[::3, 0] = np.nan
    there = ~np.isnan(y[:, 0])
    parts = [logme(features[there], y[there, 0]), logme(features, y[:, 1], "regression")]
    assert read_problem(y, "auto").logme(features) == pytest.approx(np.mean(parts))
    assert np.isnan(read_problem(y[:, 2:], "auto").logme(features))


def test_wrong_calls():
    """Each is told."""
    with pytest.raises(ValueError, match="task must be 'auto', 'classification' or 'regression', got 'binary'"):
        read_problem([0, 1], "binary")
    with pytest.raises(ValueError, match="no label for 1 of 3 samples, the first of them sample 1"):
        read_problem([0, np.nan, 1], "auto")
