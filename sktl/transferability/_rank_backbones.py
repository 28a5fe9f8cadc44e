"""Backbones by how well their features serve a task."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import check_scoring
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import check_consistent_length

from sktl.estimators import BackboneFeatures
from sktl.transferability._backbone_ranking import BackboneFailure, BackboneRanking, BackboneScore
from sktl.transferability._candidates import Candidate, read_candidates
from sktl.transferability._labels_to_rank_by import LabelsToRankBy, read_problem
from sktl.transferability._metric_name import name_metric
from sktl.transferability._one_pass import OnePass, pass_once
from sktl.transferability._one_score import check_one_score
from sktl.transferability._splits import Split, as_seed, read_splits, size_ratio

__all__ = ["rank_backbones"]

# What may be wrong with one backbone and not with the next: no package, no weights, no room, no way to take X.
FAILURES = (ImportError, OSError, RuntimeError, ValueError)


def rank_backbones(
    X: Any,
    y: Any,
    backbones: Any,
    *,
    weights: Any = "default",
    task: str = "auto",
    scoring: Any = None,
    cv: Any = 5,
    image_size: Any = "auto",
    head_l2: float | str = "auto",
    cache: Any = "auto",
    device: str = "auto",
    n_jobs: int | None = None,
    random_state: Any = None,
    verbose: int = 0,
) -> BackboneRanking:
    """Return backbones by the cross-validated score of a linear head on their features, best first.

    The head is that of ``TransferClassifier(freeze="all", head_stages="last")`` and its siblings, on the same folds for
    every backbone. The samples pass through each backbone once, whatever the number of folds; what its stages make of
    them goes to the cache, where an estimator finds it that is fitted afterwards.

    Parameters
    ----------
    X : array-like, list of paths, of pictures or of bytes, or torch Dataset
        The inputs, of the kind that the backbones take.
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        The targets. With two axes they pose several tasks, and NaN, None and pandas.NA stand for a missing label.
    backbones : list or dict
        What to compare: names, :class:`sktl.backbones.MLP`, modules or backbones, as
        :class:`sktl.TransferClassifier` takes them, or pairs (backbone, weights). A dict gives them names.
    weights : {"default"}, str, path-like, list, dict or None, default="default"
        The weights of backbones that are in no pair: one for all, a list with one for each, or a dict by name, where
        "default" stands for those that are not in it. None is random weights.
    task : {"auto", "classification", "regression"}, default="auto"
        What y holds. "auto" takes numbers with fractional parts for regression and all else for classes.
    scoring : str, callable or None, default=None
        As in scikit-learn; a callable gets a fitted head and features in place of X. None: the accuracy or R²; for
        several tasks their mean.
    cv : int, splitter or iterable of (train, test), default=5
        The folds. A number stands for ``MultiTaskStratifiedKFold(cv, random_state=random_state)``, None for 5. Where
        samples belong together, give splits: ``list(GroupKFold().split(X, y, groups))``.
    image_size : int, tuple of (int, int), "auto" or None, default="auto"
        Height and width in pixels that pictures are brought to. "auto" is what the weights of each were trained on.
    head_l2 : float or "auto", default="auto"
        The λ of the heads, as for :class:`sktl.TransferClassifier`. "auto" finds one for each backbone and fold, which
        takes about ten times as long as a head with a λ that is given. One λ for all suits some features better than
        others.
    cache : "auto", path-like, ActivationCache or None, default="auto"
        Where the features are kept, as for :class:`sktl.TransferClassifier`.
    device : str, default="auto"
        Where to compute. "auto" is CUDA where there is one, else the CPU.
    n_jobs : int or None, default=None
        Threads that decode pictures. None takes four, or as many as there are cores.
    random_state : int, RandomState instance or None, default=None
        Seed of random weights and of folds. With an int, an estimator of the same ``random_state`` has the same random
        weights.
    verbose : int, default=0
        From 1 on, bars show the progress.

    Returns
    -------
    BackboneRanking
        Scores, LogME, times and sizes; printed, a table. A backbone that fails, as one whose weights are not here, is
        listed apart with the reason.

    Raises
    ------
    TypeError
        Where ``backbones`` is no list or dict, or holds something that is no backbone.
    ValueError
        Where X and y differ in length, a parameter is out of range, y has one axis and lacks a label, or all backbones
        fail; the message then gives all reasons.

    See Also
    --------
    logme : What LogME is.
    transfer_gain : Whether the pretrained weights are worth it.

    Notes
    -----
    What is ranked are the frozen features of the last stage. A network that is fine-tuned, or whose earlier stages are
    read too, may overtake one whose last features are better as they are: most of all where labels are many, and
    pictures unlike those that the weights were trained on.

    The first in a ranking is there by luck too: its score is the largest of several, and so too high. "level" is said
    of the others whose paired interval holds zero: among these choose by time and size. Standard errors are those of
    independent folds, which folds are not, so that they are too small; the intervals of the differences are corrected
    for that, see :func:`sktl.model_selection.compare_with_single_task`.

    LogME stands beside the scores as information, and ranks nothing: it has no intercept and no penalty tuned on
    held-out samples, and its order may be another.

    Examples
    --------
    Two hidden causes make four groups. A network that knows these, and one that was not trained, are asked for another
    way to pair them up:

    >>> import numpy as np
    >>> from sktl import TransferClassifier
    >>> from sktl.transferability import rank_backbones
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(1300, 10)).astype("float32")
    >>> first, second = (X @ rng.normal(size=(10, 2)) > 0).T
    >>> source = TransferClassifier("mlp", random_state=0).fit(X[:1000], 2 * first[:1000] + second[:1000])
    >>> backbones = {"untrained": "mlp", "knows groups": source.backbone_}
    >>> ranking = rank_backbones(X[1000:], (first ^ second)[1000:], backbones, cv=3, head_l2=0.001, random_state=0)
    >>> [(row.name, row.weights, row.n_features) for row in ranking.rows]
    [('knows groups', 'fitted', 256), ('untrained', 'random', 256)]
    """
    candidates = read_candidates(backbones, weights)
    problem = read_problem(y, task)
    check_consistent_length(X, problem.table.labelled)
    seed = as_seed(random_state)
    folds = read_splits(cv, problem.y, len(problem.table), seed)
    check_one_score(scoring)
    any_head = problem.head(1, head_l2, device, seed)
    scorer = check_scoring(any_head, scoring)
    rows, failures, last = [], [], None
    for candidate in candidates:
        extractor = BackboneFeatures(
            **candidate.parameters,
            image_size=image_size,
            device=device,
            engine="torch",  # seconds without those of a compilation, and the pass is counted in torch
            cache=cache,
            n_jobs=n_jobs,
            random_state=seed,
            verbose=verbose,
        )
        try:
            done = pass_once(extractor, X)
        except FAILURES as error:
            failures.append(BackboneFailure(candidate.name, f"{type(error).__name__}: {error}"))
            last = error
            continue
        head = problem.head(done.features.shape[1], head_l2, device, seed)
        rows.append(_row(candidate, done, problem, _scores(head, done.features, problem.y, folds, scorer)))
    if not rows:
        reasons = "\n".join(f"{failure.name}: {failure.reason}" for failure in failures)
        raise ValueError(f"none of the backbones could be run:\n{reasons}") from last
    return BackboneRanking(
        rows=tuple(sorted(rows, key=lambda row: -np.nan_to_num(row.mean, nan=-np.inf))),
        failures=tuple(failures),
        metric=name_metric(scoring, any_head),
        n_samples=len(problem.table),
        test_to_train=size_ratio(folds),
    )


def _row(candidate: Candidate, done: OnePass, problem: LabelsToRankBy, scores: np.ndarray) -> BackboneScore:
    known = done.backbone.weights
    return BackboneScore(
        name=candidate.name,
        weights="random" if known is None else known.name,
        scores=scores,
        logme=problem.logme(done.features),
        seconds_per_sample=done.seconds_per_sample,
        n_computed=done.n_computed,
        n_parameters=sum(done.backbone.stage_sizes()),
        n_features=done.features.shape[1],
        parameters=candidate.parameters,
    )


def _scores(head: BaseEstimator, features: np.ndarray, y: Any, folds: list[Split], scorer: Any) -> np.ndarray:
    """Return the score of a head in each fold (n_folds,)."""
    return np.array(
        [
            scorer(clone(head).fit(features[train], _safe_indexing(y, train)), features[test], _safe_indexing(y, test))
            for train, test in folds
        ],
        dtype=float,
    )
