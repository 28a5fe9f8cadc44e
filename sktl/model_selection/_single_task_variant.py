"""The same estimator with nothing shared between tasks."""

from collections.abc import Iterable, Mapping
from typing import Any

from sklearn.base import BaseEstimator, clone

__all__ = ["single_task_variant"]

# Parameters of searches that hold values for the parameters of what they search over.
GRIDS = ("param_grid", "param_distributions")


def single_task_variant(estimator: BaseEstimator) -> BaseEstimator:
    """Return a clone with ``sharing="none"``, wherever in a pipeline or a search that parameter is.

    A search goes over its other parameters as it did, and no longer over what is shared.

    Raises
    ------
    ValueError
        Where there is no such parameter, where there are several, where nothing is shared already, or where a search
        goes over whole estimators that share.
    """
    params = estimator.get_params(deep=True)
    names = [name for name in params if _last(name) == "sharing"]
    if len(names) != 1:
        found = f"has several: {', '.join(sorted(names))}" if names else "has none"
        raise ValueError(
            f"joint training is compared with sharing='none', so one parameter 'sharing' is needed, and "
            f"{type(estimator).__name__} {found}; give the estimator to compare with as single=..."
        )
    name = names[0]
    grids = {grid: value for grid, value in params.items() if _last(grid) in GRIDS and value is not None}
    given = [key for value in grids.values() for one in _as_list(value) for key in one if _is_of_sharing(key)]
    if _shares_nothing(params[name]) and not given:
        raise ValueError(
            f"{name}={params[name]!r} already, so that there is nothing to compare: give an estimator that shares, or "
            "another one as single=..."
        )
    for grid, value in grids.items():
        key = next((key for one in _as_list(value) for key in one if _holds_sharing_estimators(one[key])), None)
        if key is not None:
            raise ValueError(
                f"{grid} goes over whole estimators, {key!r}, which have what they share with them: give the estimator "
                "to compare with as single=..."
            )
    changed = {grid: _without_sharing(value) for grid, value in grids.items()}
    return clone(estimator).set_params(**changed, **{name: "none"})


def _last(name: str) -> str:
    return name.rpartition("__")[2]


def _is_of_sharing(key: str) -> bool:
    return "sharing" in key.split("__")


def _as_list(grids: Any) -> list[Mapping[str, Any]]:
    return [grids] if isinstance(grids, Mapping) else list(grids)


def _without_sharing(grids: Any) -> Any:
    """Return grids without what is for the parameter "sharing" and for its own parameters."""
    left = [{key: value for key, value in one.items() if not _is_of_sharing(key)} for one in _as_list(grids)]
    if isinstance(grids, Mapping):
        return left[0]
    return [one for one in left if one] or [{}]


def _shares_nothing(sharing: Any) -> bool:
    return (isinstance(sharing, str) and sharing == "none") or not getattr(sharing, "shares", True)


def _holds_sharing_estimators(values: Any) -> bool:
    """Return whether one of the values that a search tries for a parameter is an estimator that may share."""
    is_listed = isinstance(values, Iterable) and not isinstance(values, str | Mapping)
    found = [value for value in values if isinstance(value, BaseEstimator)] if is_listed else []
    return any(_last(name) == "sharing" for value in found for name in value.get_params(deep=True))
