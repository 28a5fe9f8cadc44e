"""From the scores of tasks to one number."""

from collections.abc import Sequence

import numpy as np

from sktl.metrics._score_task import TaskScore

__all__ = ["average_scores", "check_choices"]

AVERAGES = ("macro", "weighted", None)
ON_UNDEFINED = ("skip", "nan", "raise")


def check_choices(average: str | None, on_undefined: str) -> None:
    """Raise where one of the two is none of the legal values.

    Raises
    ------
    ValueError
        Which lists these.
    """
    for what, value, legal in (("average", average, AVERAGES), ("on_undefined", on_undefined, ON_UNDEFINED)):
        if value not in legal:
            raise ValueError(f"{what} must be one of {', '.join(map(repr, legal))}; got {value!r}")


def average_scores(
    scores: Sequence[TaskScore], names: Sequence[str], what: str, average: str | None, on_undefined: str
) -> float | dict[str, float]:
    """Return the mean over tasks, or the score of each by name.

    Parameters
    ----------
    scores : sequence of TaskScore
        Of the tasks.
    names : sequence of str
        The tasks.
    what : str
        What messages call the metric.
    average, on_undefined : str or None
        As in :func:`~sktl.metrics.multitask_score`.

    Raises
    ------
    ValueError
        Where a score is not defined and that is not allowed.
    """
    reasons = [
        f"{name!r} ({score.why_undefined})" for name, score in zip(names, scores, strict=True) if score.why_undefined
    ]
    if reasons and on_undefined == "raise":
        raise ValueError(
            f"{what} is undefined for task{'s' if len(reasons) > 1 else ''} {', '.join(reasons)}: choose folds that "
            "hold labels of both kinds, or on_undefined='skip' to leave such tasks out of the mean"
        )
    if average is None:
        return {name: score.value for name, score in zip(names, scores, strict=True)}
    kept = [score for score in scores if on_undefined == "nan" or not score.why_undefined]
    if not kept:
        return float("nan")
    values = np.array([score.value for score in kept])
    if average == "macro":
        return float(values.mean())
    sizes = np.array([score.size for score in kept])
    # A task without a label counts for nothing in a weighted mean, and its NaN must be seen nevertheless.
    return float("nan") if np.isnan(values).any() else float(np.average(values, weights=sizes))
