"""The parameter ``scoring``, where one score decides."""

from typing import Any

__all__ = ["check_one_score"]


def check_one_score(scoring: Any) -> None:
    """Check that ``scoring`` is one score.

    Raises
    ------
    ValueError
        Where it is several, or none.

    Examples
    --------
    >>> from sktl.transferability._one_score import check_one_score
    >>> check_one_score("accuracy")
    >>> check_one_score(["accuracy", "roc_auc"])
    Traceback (most recent call last):
        ...
    ValueError: scoring must be one name, one callable or None, got ['accuracy', 'roc_auc']: call it for each score
    """
    if not (scoring is None or isinstance(scoring, str) or callable(scoring)):
        raise ValueError(f"scoring must be one name, one callable or None, got {scoring!r}: call it for each score")
