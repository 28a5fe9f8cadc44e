"""Metrics by name."""

import pytest

from sktl.metrics import multitask_score
from sktl.metrics._find_metric import METRICS, describe_metrics, find_metric, metrics_of_tasks


def test_every_name_is_documented():
    """The docstring lists each metric."""
    assert [name for name in METRICS if f'"{name}"' not in multitask_score.__doc__] == []


@pytest.mark.parametrize("name", METRICS)
def test_by_name(name):
    """A metric is found under its own name, and goes by a response that fits what it takes."""
    metric = find_metric(name, "predict", True)
    assert metric.name == name
    assert (metric.response == "predict") == (metric.takes in ("labels", "numbers"))


def test_unknown_name():
    """A name that is near is offered, or all names are."""
    with pytest.raises(ValueError, match="metric='accurcy' is not known: did you mean 'accuracy'"):
        find_metric("accurcy", "predict", True)
    with pytest.raises(ValueError, match="metric='xyz' is not known: there are accuracy, balanced_accuracy, f1"):
        find_metric("xyz", "predict", True)


def test_neither_name_nor_function():
    """Something else is refused."""
    with pytest.raises(TypeError, match=r"metric must be a name, a function .* or a dict of these, got int"):
        find_metric(3, "predict", True)


def test_dict_must_fit():
    """A dict has each task, and no other."""
    assert [m.name for m in metrics_of_tasks({"b": "r2", "a": "f1"}, ["a", "b"], "predict", True)] == ["f1", "r2"]
    with pytest.raises(ValueError, match="must give each task its metric; it leaves out 'b'; no task is called 'c'"):
        metrics_of_tasks({"a": "f1", "c": "r2"}, ["a", "b"], "predict", True)


def test_names_in_words():
    """A name is said once."""
    f1, r2 = METRICS["f1"], METRICS["r2"]
    assert describe_metrics([f1, f1]) == "metric 'f1'"
    assert describe_metrics([f1, r2, f1]) == "one of the metrics 'f1', 'r2'"
