"""Naming classes that no sample is of, by their attributes."""

from collections.abc import Mapping

import numpy as np
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, _fit_context, clone
from sklearn.utils import assert_all_finite, get_tags
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from sktl.estimators._attribute_scores import attribute_priors, attribute_scores, present_probabilities
from sktl.estimators._attribute_table import read_attributes, sorted_labels
from sktl.exceptions import UntrainableTaskWarning
from sktl.utils._warn import warn_user

__all__ = ["AttributeZeroShotClassifier"]


class AttributeZeroShotClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Classifier that names classes it has seen no sample of, from a table of their attributes.

    This is direct attribute prediction [1]_: a classifier learns to see attributes on samples of some classes, such as
    "striped" and "has hooves". For a new sample, the score of a class is Π_a p(a_c | x) / p(a_c), over the attributes
    that are known of it: how much likelier they are, all together, in this sample than by their ``prior``. Which
    attribute a class has is given by a table, so that a row of the table is all that a new class takes.

    Attributes that the seen classes all have, or all lack, cannot be learned and are left out.

    Parameters
    ----------
    estimator : estimator
        A classifier for several binary tasks, whose ``predict_proba`` returns a list of arrays (n_samples, 2), such as
        :class:`MultiTaskClassifier`, or one array (n_samples, n_tasks). It is cloned. If the rows of seen classes hold
        NaN it has to take missing labels.
    attributes : DataFrame, dict or array-like of shape (n_classes, n_attributes)
        1 where a class has an attribute, 0 where it has not, NaN where nobody knows. A DataFrame has a row for each
        class, its label in the index, and a column for each attribute; a dict has the rows by class.
    classes : array-like of shape (n_classes,), default=None
        The classes of the rows, if ``attributes`` is an array.
    candidates : {"unseen", "seen", "all"} or array-like, default="unseen"
        The classes to choose from: those of the table that y has no sample of; those of y, which tells how far the
        attributes carry; all of the table; or these. The scores of seen classes tend to be higher, so that with
        ``"all"`` few samples are given to the unseen.
    prior : {"training", "classes", "uniform"} or array-like of shape (n_attributes,), default="training"
        The probability p(a) of each attribute: its share among the training samples; its share among the seen classes;
        one half; or values in (0, 1). On signs and digits ``"training"`` was three to four points ahead of
        ``"uniform"``, as an attribute that most seen classes have is found wherever nothing speaks against it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_candidates,)
        The labels of the candidates, sorted.
    seen_classes_ : ndarray of shape (n_seen_classes,)
        The labels in y, sorted.
    attribute_names_ : ndarray of shape (n_attributes,)
        The names of the attributes.
    learned_ : ndarray of bool of shape (n_attributes,)
        Which attributes could be learned. The tasks of ``estimator_`` are these, in this order.
    prior_ : ndarray of shape (n_attributes,)
        The p(a) that were taken; NaN for attributes that were not learned.
    estimator_ : estimator
        The fitted classifier of attributes.
    n_features_in_ : int
        Columns of the table X, if ``estimator_`` has it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if ``estimator_`` has them.

    See Also
    --------
    MultiTaskClassifier : Learns attributes, also where some are unknown.

    Notes
    -----
    Parameters of the estimator are searched with folds that hold out whole classes, as these are what the classifier is
    for: ``GridSearchCV(classifier, grid, cv=GroupKFold()).fit(X, y, groups=y)``.

    It works as far as each attribute shows by itself. Where it goes along with others in all seen classes, the
    estimator learns their company in its place, and unseen classes that part them are named worse than by chance.

    References
    ----------
    .. [1] C. H. Lampert, H. Nickisch and S. Harmeling, "Attribute-Based Classification for Zero-Shot Visual Object
       Categorization", IEEE TPAMI 36, 2014.

    Examples
    --------
    Pictures of two digits, each a 0, a 1 or a 2. Of the nine numbers that they make, three are in no training sample:

    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from sktl import AttributeZeroShotClassifier, MultiTaskClassifier
    >>> digits, labels = load_digits(n_class=3, return_X_y=True)
    >>> left, right = np.random.default_rng(0).integers(len(labels), size=(2, 600))
    >>> X, y = np.hstack([digits[left], digits[right]]), 10 * labels[left] + labels[right]
    >>> table = {10 * a + b: [a == 0, a == 1, a == 2, b == 0, b == 1, b == 2] for a in range(3) for b in range(3)}
    >>> unseen = np.isin(y, [2, 11, 20])
    >>> classifier = AttributeZeroShotClassifier(MultiTaskClassifier("mlp", random_state=0), table)
    >>> classifier.fit(X[~unseen], y[~unseen]).classes_
    array([ 2, 11, 20])
    >>> classifier.score(X[unseen], y[unseen]) > 0.9
    True
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "attributes": ["array-like", Mapping],
        "classes": ["array-like", None],
        "candidates": [StrOptions({"unseen", "seen", "all"}), "array-like"],
        "prior": [StrOptions({"training", "classes", "uniform"}), "array-like"],
    }

    def __init__(self, estimator, attributes, *, classes=None, candidates="unseen", prior="training"):
        self.estimator = estimator
        self.attributes = attributes
        self.classes = classes
        self.candidates = candidates
        self.prior = prior

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None):
        """Learn to see the attributes.

        Parameters
        ----------
        X : as for ``estimator``
            The inputs.
        y : array-like of shape (n_samples,)
            The class of each sample.
        sample_weight : array-like of shape (n_samples,), default=None
            Handed to ``estimator``; weighs the samples in ``prior="training"`` too.

        Returns
        -------
        self
            The fitted classifier.

        Raises
        ------
        ValueError
            Where a class has no row in the table; no attribute can be learned, or no candidate is left; or a parameter
            is out of range.

        Warns
        -----
        UntrainableTaskWarning
            Where an attribute that candidates differ in cannot be learned, or nothing that is learned tells two
            candidates apart.
        """
        table = read_attributes(self.attributes, self.classes)
        y = column_or_1d(y, warn=True)
        assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        check_consistent_length(X, y, sample_weight)
        seen, numbers = np.unique(y, return_inverse=True)
        of_seen = table.rows(seen, "y")
        learned = (of_seen == 0).any(axis=0) & (of_seen == 1).any(axis=0)
        if not learned.any():
            raise ValueError(
                f"no attribute can be learned: the {len(seen)} class(es) of y, {seen.tolist()[:5]}, differ in none; "
                "give samples of classes that do"
            )
        candidates = self._read_candidates(table.classes, seen)
        of_candidates = table.rows(candidates, "candidates")
        counted = None if sample_weight is None else np.asarray(sample_weight, dtype=float)
        prior = attribute_priors(self.prior, of_seen, np.bincount(numbers, counted))
        targets = of_seen[:, learned][numbers]
        targets = targets if np.isnan(targets).any() else targets.astype(int)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        self.estimator_ = clone(self.estimator).fit(X, targets, **weights)
        self.classes_, self.seen_classes_, self.attribute_names_ = candidates, seen, table.names
        self.learned_, self.prior_ = learned, np.where(learned, prior, np.nan)
        self._attributes = of_candidates
        for name in ("n_features_in_", "feature_names_in_"):
            vars(self).pop(name, None)
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        self._warn_of_what_is_not_learned()
        return self

    def predict(self, X):
        """Return the likeliest candidate for each sample.

        Parameters
        ----------
        X : as in ``fit``
            The inputs.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels of ``classes_``.
        """
        scores = self._scores(X)
        return self.classes_[scores.argmax(axis=1)]

    def predict_proba(self, X):
        """Return the probability of each candidate for each sample, if they are all that it can be.

        Parameters
        ----------
        X : as in ``fit``
            The inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_candidates)
            In the order of ``classes_``. The candidates are taken to be alike likely beforehand.
        """
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X):
        """Return the logarithm of the probability of each candidate for each sample.

        Parameters
        ----------
        X : as in ``fit``
            The inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_candidates)
            In the order of ``classes_``.
        """
        return log_softmax(self._scores(X), axis=1)

    def predict_attributes(self, X):
        """Return the probability that each attribute is there, for each sample.

        Parameters
        ----------
        X : as in ``fit``
            The inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_attributes)
            In the order of ``attribute_names_``; NaN for attributes that could not be learned.
        """
        check_is_fitted(self, "estimator_")
        found = present_probabilities(self.estimator_.predict_proba(X), int(self.learned_.sum()))
        probabilities = np.full((len(found), len(self.learned_)), np.nan)
        probabilities[:, self.learned_] = found
        return probabilities

    def _scores(self, X):
        """Return log Π_a p(a_c | x) / p(a_c), (n_samples, n_candidates)."""
        check_is_fitted(self, "estimator_")
        learned = self.learned_
        return attribute_scores(
            self.predict_attributes(X)[:, learned], self.prior_[learned], self._attributes[:, learned]
        )

    def _read_candidates(self, known, seen):
        """Return the labels to choose from."""
        if not isinstance(self.candidates, str):
            chosen = list(np.asarray(self.candidates).tolist())
        elif self.candidates == "seen":
            return seen
        else:
            chosen = [label for label in known if self.candidates == "all" or label not in set(seen.tolist())]
        if not chosen:
            raise ValueError(
                "no candidate is left: y has samples of every class in attributes; give rows of further classes, or "
                "candidates='all'"
            )
        return sorted_labels(chosen)

    def _warn_of_what_is_not_learned(self):
        """Warn where candidates differ in what was not learned, or in nothing that was."""
        has, learned = self._attributes, self.learned_
        lost = ~learned & (has == 0).any(axis=0) & (has == 1).any(axis=0)
        if lost.any():
            warn_user(
                f"the candidates differ in {self.attribute_names_[lost].tolist()}, but the classes of y do not: these "
                "attributes are not learned",
                UntrainableTaskWarning,
            )
        present, absent = (has[:, learned] == 1).astype(int), (has[:, learned] == 0).astype(int)
        alike = np.triu(present @ absent.T + absent @ present.T == 0, k=1)
        if alike.any():
            first, second = self.classes_[np.argwhere(alike)[0]].tolist()
            warn_user(
                f"no attribute that was learned tells {first!r} from {second!r}: add one that they differ in",
                UntrainableTaskWarning,
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags
