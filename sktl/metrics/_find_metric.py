"""Metrics by name, and metrics of the user's own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sktl.metrics._class_metrics import CLASS_METRICS
from sktl.metrics._metric import Entries, Metric
from sktl.metrics._number_metrics import NUMBER_METRICS
from sktl.utils._names import nearest_names

__all__ = ["METRICS", "describe_metrics", "find_metric", "metrics_of_tasks"]

METRICS = {metric.name: metric for metric in (*CLASS_METRICS, *NUMBER_METRICS)}
ALIASES = {"log_loss": "neg_log_loss", "brier": "neg_brier_score"}
RESPONSES = ("predict", "predict_proba")


def find_metric(metric: str | Callable[..., float], response: str, greater_is_better: bool) -> Metric:
    """Return a metric by its name, or made of a function; the last two parameters are of functions only.

    Raises
    ------
    ValueError
        Where no metric has that name, or ``response`` is neither "predict" nor "predict_proba".
    TypeError
        Where ``metric`` is neither a name nor callable.
    """
    if response not in RESPONSES:
        raise ValueError(f"response must be 'predict' or 'predict_proba', got {response!r}")
    if isinstance(metric, str):
        name = ALIASES.get(metric, metric)
        if name not in METRICS:
            near = nearest_names(metric, [*METRICS, *ALIASES])
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"there are {', '.join(METRICS)}"
            raise ValueError(f"metric={metric!r} is not known: {hint}")
        return METRICS[name]
    if not callable(metric):
        raise TypeError(
            f"metric must be a name, a function metric(y_true, y_pred) or a dict of these, got {type(metric).__name__}"
        )
    name = getattr(metric, "__name__", type(metric).__name__)
    takes = "labels" if response == "predict" else "scores"
    return Metric(name, _custom(metric, 1 if greater_is_better else -1), takes, is_custom=True)


def metrics_of_tasks(metric: Any, names: Sequence[str], response: str, greater_is_better: bool) -> list[Metric]:
    """Return the metric of each task; a dict gives each task its own.

    Raises
    ------
    ValueError
        Where a dict leaves out a task, or names one that is not there.
    """
    if not isinstance(metric, Mapping):
        return [find_metric(metric, response, greater_is_better)] * len(names)
    by_name = {str(name): one for name, one in metric.items()}
    unknown, left_out = sorted(set(by_name) - set(names)), [name for name in names if name not in by_name]
    if unknown or left_out:
        raise ValueError(
            "metric must give each task its metric; "
            + "; ".join(
                ([f"it leaves out {', '.join(map(repr, left_out))}"] if left_out else [])
                + ([f"no task is called {', '.join(map(repr, unknown))}"] if unknown else [])
            )
        )
    return [find_metric(by_name[name], response, greater_is_better) for name in names]


def describe_metrics(metrics: Sequence[Metric]) -> str:
    """Return the names of metrics in words, each once."""
    names = list(dict.fromkeys(repr(metric.name) for metric in metrics))
    return f"metric {names[0]}" if len(names) == 1 else f"one of the metrics {', '.join(names)}"


def _custom(function: Callable[..., float], sign: int) -> Callable[[Entries], float]:
    """Return a function of the user's as a metric; it is given weights only where there are some."""

    def score(entries: Entries) -> float:
        weights = {} if entries.weights is None else {"sample_weight": entries.weights}
        return sign * function(entries.y, entries.answer, **weights)

    return score
