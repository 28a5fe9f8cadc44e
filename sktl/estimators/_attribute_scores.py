"""From probabilities of attributes to scores of classes."""

from typing import Any

import numpy as np

__all__ = ["attribute_priors", "attribute_scores", "present_probabilities"]

# Probabilities are kept this far from 0 and 1, so that one attribute that a forest is sure of rules no class out.
MARGIN = 1e-6


def attribute_scores(present: np.ndarray, prior: np.ndarray, has: np.ndarray) -> np.ndarray:
    """Return Σ_a log(p(a_c | x) / p(a_c)), (n_samples, n_classes), over the attributes known of each class.

    Parameters
    ----------
    present : ndarray of shape (n_samples, n_attributes)
        The probability that each attribute is there.
    prior : ndarray of shape (n_attributes,)
        The same before anything is seen, in (0, 1).
    has : ndarray of shape (n_classes, n_attributes)
        1 where a class has an attribute, 0 where it has not, NaN where nobody knows.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.estimators._attribute_scores import attribute_scores
    >>> has = np.array([[1, 1], [1, 0], [1, np.nan]])
    >>> np.exp(attribute_scores(np.array([[0.9, 0.8]]), np.array([0.5, 0.5]), has)).round(2)
    array([[2.88, 0.72, 1.8 ]])
    """
    present = np.clip(present, MARGIN, 1 - MARGIN)
    # Comparisons with NaN are false, so that what is unknown has no part in either product.
    return np.log(present / prior) @ (has == 1).T + np.log((1 - present) / (1 - prior)) @ (has == 0).T


def attribute_priors(prior: Any, has: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the probability of each attribute (n_attributes,).

    Parameters
    ----------
    prior : {"uniform", "training", "classes"} or array-like of shape (n_attributes,)
        As users give it.
    has : ndarray of shape (n_classes, n_attributes)
        The attributes of the seen classes.
    weights : ndarray of shape (n_classes,)
        The weight of each seen class in the training data.

    Raises
    ------
    ValueError
        Where an array has another length, or a value that is not in (0, 1).
    """
    n_attributes = has.shape[1]
    if not isinstance(prior, str):
        values = np.asarray(prior, dtype=float)
        if values.shape != (n_attributes,) or not ((values > 0) & (values < 1)).all():
            raise ValueError(
                f"prior must have a probability in (0, 1) for each of the {n_attributes} attributes, got {prior!r}"
            )
        return values
    if prior == "uniform":
        return np.full(n_attributes, 0.5)
    factors = weights if prior == "training" else np.ones(len(has))
    known = ~np.isnan(has)
    total = np.maximum(factors @ known, np.finfo(float).tiny)  # an attribute unknown of every class is not learned
    return np.clip(factors @ np.where(known, has, 0) / total, MARGIN, 1 - MARGIN)


def present_probabilities(answer: Any, n_attributes: int) -> np.ndarray:
    """Return the probability that each attribute is there (n_samples, n_attributes), from what ``predict_proba`` gave.

    Raises
    ------
    ValueError
        Where that is neither a list with an array (n_samples, 2) for each attribute nor an array
        (n_samples, n_attributes).
    """
    if isinstance(answer, list):
        if len(answer) == n_attributes and all(np.shape(one)[1:] == (2,) for one in answer):
            return np.column_stack([one[:, 1] for one in answer])
        found = f"a list of arrays of the shapes {[np.shape(one) for one in answer]}"
    else:
        answer = np.asarray(answer)
        if n_attributes == 1 and answer.shape[1:] == (2,):
            return answer[:, 1:]
        if answer.shape[1:] == (n_attributes,):
            return answer
        found = f"an array of the shape {answer.shape}"
    raise ValueError(
        f"the estimator must give probabilities of {n_attributes} binary tasks, as a list of arrays (n_samples, 2) or "
        f"an array (n_samples, {n_attributes}), got {found}"
    )
