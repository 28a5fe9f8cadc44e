"""Metrics of regression tasks."""

from collections.abc import Callable

from sklearn.metrics import (
    explained_variance_score,
    mean_absolute_error,
    mean_squared_error,
    r2_score,
    root_mean_squared_error,
)

from sktl.metrics._metric import Entries, Metric

__all__ = ["NUMBER_METRICS"]


def _score(function: Callable[..., float], sign: int = 1) -> Callable[[Entries], float]:
    """Return a function of scikit-learn's as a metric; a sign of -1 makes less of an error better."""
    return lambda entries: sign * function(entries.y, entries.answer, sample_weight=entries.weights)


NUMBER_METRICS = (
    Metric("r2", _score(r2_score), "numbers", "spread"),
    Metric("explained_variance", _score(explained_variance_score), "numbers", "spread"),
    Metric("neg_mean_squared_error", _score(mean_squared_error, -1), "numbers"),
    Metric("neg_root_mean_squared_error", _score(root_mean_squared_error, -1), "numbers"),
    Metric("neg_mean_absolute_error", _score(mean_absolute_error, -1), "numbers"),
)
