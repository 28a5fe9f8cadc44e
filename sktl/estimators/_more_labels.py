"""Labels that come later, for tasks that are known."""

import numpy as np

from sktl.estimators._class_weights import class_weights
from sktl.tasks import ClassificationTask

__all__ = ["weights_of_more"]


def weights_of_more(
    task: ClassificationTask,
    labels: np.ndarray,
    weights: np.ndarray,
    class_weight: dict | str | None,
    what: str = "y",
    advice: str = "classes=[...]",
) -> np.ndarray:
    """Return the weights (n_labels,) of further labels, times those of their classes.

    Parameters
    ----------
    task : ClassificationTask
        With all classes there are.
    labels, weights : ndarray of shape (n_labels,)
        The further labels and their weights.
    class_weight : dict, "balanced" or None
        What the estimator says of these classes.
    what : str, default="y"
        What messages call the labels.
    advice : str, default="classes=[...]"
        How the first call is told all classes.

    Raises
    ------
    ValueError
        Where a label is none of the classes, or weights go by shares that are not known.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.estimators._more_labels import weights_of_more
    >>> from sktl.tasks import ClassificationTask
    >>> task = ClassificationTask(np.array(["cat", "dog"]))
    >>> weights_of_more(task, np.array(["dog", "dog"]), np.ones(2), {"dog": 3.0})
    array([3., 3.])
    """
    classes = task.classes
    unknown = np.setdiff1d(labels, classes)
    if len(unknown):
        raise ValueError(
            f"partial_fit knows the classes {classes.tolist()}, but {what} holds {unknown.tolist()} too; give all "
            f"classes there will be to the first call, {advice}"
        )
    if class_weight == "balanced":
        raise ValueError(
            "class_weight='balanced' goes by the shares of the classes in all of y, which partial_fit does not see; "
            "give the weights as a dict"
        )
    numbers = task.encode(labels).astype(int)
    return weights * class_weights(class_weight, classes, numbers, weights, what)[numbers]
