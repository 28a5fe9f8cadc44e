"""The same estimator with nothing transferred."""

from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline

from sktl.backbones import MLP, Backbone

__all__ = ["from_scratch"]

NEEDED = ("backbone", "weights", "freeze")


def from_scratch(estimator: BaseEstimator) -> BaseEstimator:
    """Return a clone that starts from random weights and trains all stages; in a pipeline, its last step does.

    Raises
    ------
    ValueError
        Where the estimator, or the last step, has no such parameters, or has no pretrained weights.
    """
    prefix, last = "", estimator
    while isinstance(last, Pipeline):
        name, last = last.steps[-1]
        prefix += f"{name}__"
    params = last.get_params(deep=False) if hasattr(last, "get_params") else {}
    if any(name not in params for name in NEEDED):
        raise ValueError(
            f"an estimator with the parameters {', '.join(NEEDED)} is needed, or a pipeline that ends in one, and "
            f"{type(last).__name__} has none: give the estimator to compare with as scratch=..."
        )
    _check_pretrained(params["backbone"], params["weights"], prefix)
    changes: dict[str, Any] = {"weights": None, "freeze": "none"}
    if params.get("batch_norm") == "frozen":  # to the statistics of random weights, which nobody means
        changes["batch_norm"] = "auto"
    if params.get("head") == "prototype":  # which trains no stage
        changes["head"] = "linear"
    return clone(estimator).set_params(**{f"{prefix}{name}": value for name, value in changes.items()})


def _check_pretrained(backbone: Any, weights: Any, prefix: str) -> None:
    """Raise where it can be told that nothing was learned before."""
    advice = "so that there is nothing to transfer: give a pretrained backbone, or the estimators of both sides"
    if weights is None:
        raise ValueError(f"{prefix}weights=None already, {advice}")
    if isinstance(backbone, MLP) or (isinstance(backbone, str) and backbone == "mlp"):
        raise ValueError(f"{prefix}backbone is an MLP, which has no weights before it is fitted, {advice}")
    if isinstance(backbone, Backbone) and not backbone.is_pretrained:
        raise ValueError(f"the backbone {backbone.name!r} has random weights, {advice}")
