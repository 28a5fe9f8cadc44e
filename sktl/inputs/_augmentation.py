"""The parameter ``augment``: how views of a sample are made, and how many."""

import numbers
from collections.abc import Callable
from typing import Any

import torch
from sklearn.base import BaseEstimator

__all__ = ["Augmentation", "choose_augmentation"]


class Augmentation(BaseEstimator):
    """How samples are varied while a network is fitted.

    Where stages are frozen, a sample has ``n_views`` fixed views: the plain sample, and ``n_views - 1`` that the
    transform makes of it. Each passes through the frozen stages once and is cached. Where the first stage is trained,
    a new view is drawn whenever a sample is read.

    It stores parameters as an estimator does, so that a search reaches them as ``augment__<name>``.

    Parameters
    ----------
    transform : "auto" or callable, default="auto"
        Makes a view of one sample. ``"auto"`` is for pictures: it cuts out 0.6 to 1 of the area, and mirrors half of
        the views. Don't mirror what a mirror makes another thing: letters, written digits, traffic signs.
        A callable takes a tensor and returns one. A picture comes as (C, H, W), float32 in [0, 1], before it is scaled,
        cropped and standardised for the network, and is returned as (C, h, w); transforms of
        ``torchvision.transforms.v2`` do so. A row of a table, or any other sample, keeps its shape and type.
        Randomness has to come from the global generators of torch, numpy or ``random``, which are seeded for each view
        and put back after it.
    n_views : int, default=4
        Views of each sample behind frozen stages, the plain one among them; 1 or more. Time and memory of the frozen
        part grow with it.
    average : bool, default=True
        Whether a prediction is the mean over the ``n_views`` views. That multiplies the time of predicting.

    See Also
    --------
    choose_augmentation : The meaning of ``augment=``.

    Examples
    --------
    >>> from torchvision.transforms import v2
    >>> from sktl.inputs import Augmentation
    >>> augment = Augmentation(v2.RandomRotation(10), n_views=2)
    >>> augment.set_params(n_views=8).n_views
    8
    """

    def __init__(
        self,
        transform: str | Callable[[torch.Tensor], torch.Tensor] = "auto",
        *,
        n_views: int = 4,
        average: bool = True,
    ):
        self.transform = transform
        self.n_views = n_views
        self.average = average

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters.

        Parameters
        ----------
        deep : bool, default=True
            Of no effect: a transform of torchvision has a ``get_params`` of another meaning.

        Returns
        -------
        dict
            Values by name.
        """
        return super().get_params(deep=False)

    def __sklearn_clone__(self) -> "Augmentation":
        # The transform is not copied: nothing changes it, and the views of an object are found again by that object.
        return type(self)(self.transform, n_views=self.n_views, average=self.average)


def choose_augmentation(augment: Any) -> Augmentation | None:
    """Return what the parameter ``augment`` stands for, checked.

    Parameters
    ----------
    augment : None, "auto", callable or Augmentation
        None for no augmentation; ``"auto"`` or a function for an ``Augmentation`` with its defaults. Most transforms of
        torchvision have a ``get_params``, by which scikit-learn's ``clone`` would take them for estimators: they have
        to come as ``Augmentation(transform)``.

    Returns
    -------
    Augmentation or None
        The views that are made of a sample; None where there is the plain one only.

    Raises
    ------
    TypeError
        Where it is nothing of that kind, such as a class, a list of transforms, or a transform with a ``get_params``;
        where a parameter of the ``Augmentation`` has another type.
    ValueError
        Where it is another string, or ``n_views`` is below 1.

    Examples
    --------
    >>> from sktl.inputs import choose_augmentation
    >>> choose_augmentation("auto")
    Augmentation()
    """
    if augment is None:
        return None
    if not isinstance(augment, (Augmentation, type)) and hasattr(augment, "get_params"):
        name = type(augment).__name__
        raise TypeError(
            f"augment is {name}(...), whose get_params scikit-learn would take for that of an estimator: give "
            f"augment=Augmentation({name}(...))"
        )
    chosen = augment if isinstance(augment, Augmentation) else Augmentation(augment)
    _check_transform(chosen.transform)
    if not isinstance(chosen.n_views, numbers.Integral) or isinstance(chosen.n_views, bool):
        raise TypeError(f"n_views of Augmentation must be a whole number, got {chosen.n_views!r}")
    if chosen.n_views < 1:
        raise ValueError(
            f"n_views of Augmentation must be 1 or more, got {chosen.n_views}; 1 is the plain sample alone"
        )
    if not isinstance(chosen.average, bool):
        raise TypeError(f"average of Augmentation must be True or False, got {chosen.average!r}")
    return chosen


def _check_transform(transform: Any) -> None:
    expected = "expected None, 'auto', a function, or Augmentation(transform)"
    if isinstance(transform, str):
        if transform != "auto":
            raise ValueError(f"augment is {transform!r}: {expected}")
    elif isinstance(transform, type):
        raise TypeError(f"augment is the class {transform.__name__}: give an object, {transform.__name__}(...)")
    elif isinstance(transform, (list, tuple)):
        raise TypeError(
            f"augment is a {type(transform).__name__}: join transforms by torchvision.transforms.v2.Compose"
        )
    elif not callable(transform):
        raise TypeError(f"augment is {transform!r}: {expected}")
