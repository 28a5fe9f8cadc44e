"""Pretrained against from scratch, over the number of samples."""

import numbers
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.metrics import check_scoring
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.parallel import Parallel, delayed

from sktl.transferability._gain import TransferGain
from sktl.transferability._metric_name import name_metric
from sktl.transferability._one_score import check_one_score
from sktl.transferability._scratch import from_scratch
from sktl.transferability._sizes import nested_subsets, read_sizes
from sktl.transferability._splits import Split, as_seed, read_splits, size_ratio
from sktl.utils._labels import LabelTable, read_labels

__all__ = ["transfer_gain"]


def transfer_gain(
    estimator: BaseEstimator,
    X: Any,
    y: Any,
    sizes: Any,
    *,
    scratch: BaseEstimator | None = None,
    cv: Any = 5,
    scoring: Any = None,
    confidence: float = 0.95,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> TransferGain:
    """Tell whether pretrained weights are worth it, by the number of training samples.

    The estimator as it is, and the same with ``weights=None`` and ``freeze="none"``, are fitted to the same subsets of
    the training samples of each split, and scored on all its test samples. Small subsets lie within the large ones, and
    hold each class in its share.

    Parameters
    ----------
    estimator : estimator
        A transfer or multi-task estimator with a pretrained backbone, or a pipeline that ends in one. It is cloned,
        never fitted itself. Give it an int as ``random_state``, and a folder as ``cache`` where ``n_jobs`` is more
        than 1.
    X : array-like of shape (n_samples, ...)
        The samples: an array of any number of axes, a DataFrame, a Series, a list.
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        The targets; with several tasks a label may be missing.
    sizes : list of int or float
        Numbers of training samples, or shares of the training samples of a split in (0, 1] if they are floats.
    scratch : estimator or None, default=None
        The other side. None: the estimator from random weights, with all stages trained.
    cv : int, splitter or iterable of (train, test), default=5
        The splits. A number stands for ``MultiTaskStratifiedKFold(cv, random_state=random_state)``, None for 5. Where
        samples belong together, give splits: ``list(GroupKFold().split(X, y, groups))``.
    scoring : str, callable or None, default=None
        As in scikit-learn. None: the estimator's ``score``.
    confidence : float, default=0.95
        The confidence of the intervals, in (0, 1).
    random_state : int, RandomState instance or None, default=None
        Seed of the splits and subsets.
    n_jobs : int or None, default=None
        Fits at once; -1 uses all processors.

    Returns
    -------
    TransferGain
        Scores, differences, intervals and verdicts; printed, a table.

    Raises
    ------
    TypeError
        Where ``sizes`` is no list of numbers.
    ValueError
        Where X and y differ in length; where a parameter is out of range; where the estimator has no pretrained
        weights, or no parameters ``backbone``, ``weights`` and ``freeze``, and ``scratch`` is not given; where a subset
        for a classifier holds one class only.

    See Also
    --------
    TransferGain : What is returned.
    rank_backbones : Which pretrained network to take.

    Notes
    -----
    Frozen activations of the pretrained side come from its cache: whatever the number of sizes and splits, a sample
    passes through its frozen stages once. From scratch nothing is frozen, which makes this side the dear one.

    What is "auto" is decided for each side by itself, so that from scratch the network gets its own learning rate,
    decay and number of epochs. What is set by hand is set for both: where it was tuned for fine-tuning, give the other
    side its own values as ``scratch``. A search on either side tunes it at every size; it needs a ``scratch`` as well.

    The interval is that of :func:`sktl.model_selection.compare_with_single_task`, with the sizes of whole splits for
    every size. Small subsets of two folds have fewer samples in common than whole training sets, so that it is rather
    too wide than too narrow there. It speaks of samples of one source, and each size is judged by itself.

    Examples
    --------
    Two hidden causes make four groups. A network that knows these is asked for another way to pair them up:

    >>> import numpy as np
    >>> from sktl import TransferClassifier
    >>> from sktl.transferability import transfer_gain
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(1200, 10)).astype("float32")
    >>> first, second = (X @ rng.normal(size=(10, 2)) > 0).T
    >>> source = TransferClassifier("mlp", random_state=0).fit(X[:1000], 2 * first[:1000] + second[:1000])
    >>> classifier = TransferClassifier(source.backbone_, freeze="all", random_state=0)
    >>> gain = transfer_gain(classifier, X[1000:], (first ^ second)[1000:], [0.3], cv=3, random_state=0)
    >>> gain.train_sizes, bool(gain.mean_difference[0] > 0.1)
    (array([40]), True)
    """
    if not isinstance(confidence, numbers.Real) or not 0 < confidence < 1:
        raise ValueError(f"confidence must be a number between 0 and 1, got {confidence!r}")
    check_one_score(scoring)
    sides = [estimator, from_scratch(estimator) if scratch is None else scratch]
    X, y = indexable(X, y)
    table = read_labels(y)
    seed = as_seed(random_state)
    splits = read_splits(cv, y, len(table), seed)
    counts = read_sizes(sizes, min(len(train) for train, _ in splits))
    fits = [
        (subset, test)
        for number, (train, test) in enumerate(splits)
        for subset in nested_subsets(np.asarray(train), y, counts, (seed + number) % 2**32)
    ]
    if table.is_1d and is_classifier(estimator):
        _check_classes(table, fits)
    scores = Parallel(n_jobs=n_jobs)(
        delayed(_fit_and_score)(clone(side), X, y, fit, scoring) for side in sides for fit in fits
    )
    pretrained, other = np.array(scores, dtype=float).reshape(2, len(splits), len(counts)).transpose(0, 2, 1)
    return TransferGain(
        train_sizes=counts,
        pretrained=pretrained,
        scratch=other,
        metric=name_metric(scoring, estimator),
        test_to_train=size_ratio(splits),
        confidence=float(confidence),
    )


def _check_classes(table: LabelTable, fits: list[Split]) -> None:
    """Raise where a training set holds one class only."""
    for subset, _ in fits:
        classes = np.unique(table.columns[0][subset])
        if len(classes) < 2:
            raise ValueError(
                f"with {len(subset)} samples a training set holds one class only, {classes.tolist()}: take larger sizes"
            )


def _fit_and_score(estimator: BaseEstimator, X: Any, y: Any, fit: Split, scoring: Any) -> float:
    """Return the score of an estimator fitted to a subset, on the test samples."""
    subset, test = fit
    estimator.fit(_safe_indexing(X, subset), _safe_indexing(y, subset))
    return check_scoring(estimator, scoring)(estimator, _safe_indexing(X, test), _safe_indexing(y, test))
