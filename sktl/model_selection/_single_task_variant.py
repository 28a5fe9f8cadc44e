"""The same estimator with nothing shared between tasks."""

from sklearn.base import BaseEstimator, clone

__all__ = ["single_task_variant"]


def single_task_variant(estimator: BaseEstimator) -> BaseEstimator:
    """Return a clone with ``sharing="none"``, wherever in a pipeline that parameter is.

    Raises
    ------
    ValueError
        Where there is no such parameter, where there are several, or where it is "none" already.
    """
    params = estimator.get_params(deep=True)
    names = [name for name in params if name.rpartition("__")[2] == "sharing"]
    if len(names) != 1:
        found = f"has several: {', '.join(sorted(names))}" if names else "has none"
        raise ValueError(
            f"joint training is compared with sharing='none', so one parameter 'sharing' is needed, and "
            f"{type(estimator).__name__} {found}; give the estimator to compare with as single=..."
        )
    name = names[0]
    if isinstance(params[name], str) and params[name] == "none":
        raise ValueError(
            f"{name}='none' already, so that there is nothing to compare: give an estimator that shares, or another "
            "one as single=..."
        )
    return clone(estimator).set_params(**{name: "none"})
