"""What a score is called."""

from typing import Any

from sklearn.base import BaseEstimator, is_classifier, is_regressor

__all__ = ["name_metric"]


def name_metric(scoring: Any, estimator: BaseEstimator) -> str:
    """Return the name of a score: the one given, or what the estimator's ``score`` returns."""
    if isinstance(scoring, str):
        return scoring
    if scoring is None and is_classifier(estimator):
        return "accuracy"
    return "r2" if scoring is None and is_regressor(estimator) else "score"
