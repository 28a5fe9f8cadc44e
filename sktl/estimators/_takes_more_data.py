"""Classifiers that go on with more data of their task."""

import numpy as np
from sklearn.base import _fit_context

from sktl.estimators._more_labels import weights_of_more
from sktl.estimators._network_estimator import NetworkEstimator
from sktl.tasks import ClassificationTask, TaskSet
from sktl.training import fit_prototypes

__all__ = ["TakesMoreData"]


class TakesMoreData(NetworkEstimator):
    """A classifier of one task that learns from data in parts."""

    def _use_tasks(self, known, labels, weights):
        mine = weights.values[:, 0]
        weights.values[:, 0] = weights_of_more(known.tasks[0], labels.columns[0], mine, self.class_weight)
        return known

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Go on from the last fit with more data of the same task.

        The first call fits as ``fit`` does. Where every stage is frozen, later ones solve a linear head for the new
        data and for what it remembers of those before, nearly as a fit to all of them would; the penalty is that of the
        first call. Else they take gradient steps with the head and the free stages, in one pass at a constant rate, so
        that what was learned before fades as it does in any training that goes on. Prototypes forget nothing, whatever
        the order of the data, and take new classes.

        Parameters
        ----------
        X : as in ``fit``
            The inputs.
        y : array-like of shape (n_samples,)
            Labels, all of them among the classes.
        classes : array-like of shape (n_classes,), default=None
            All classes there will be; None: those in the y of the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in the loss, beside those of all calls.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            Where y holds a class that is not known, or ``classes`` are others than those of the first call.
        """
        given = None if classes is None else np.unique(classes)
        if not hasattr(self, "net_"):
            known = None if given is None else TaskSet((ClassificationTask(given),))
            return self._fit(X, y, sample_weight, goes_on=False, known=known, in_parts=True)
        if self.head == "prototype":
            more = np.unique(self._read_target(y, goes_on=True).columns[0]) if given is None else given
            known = TaskSet((ClassificationTask(np.union1d(self.classes_, more)),))
            return self._fit(X, y, sample_weight, goes_on=True, known=known, in_parts=True)
        if given is not None and not np.array_equal(given, self.classes_):
            raise ValueError(
                f"`classes={given.tolist()}` is not the same as on last call to partial_fit, was: "
                f"{self.classes_.tolist()}; start a new estimator for other classes"
            )
        return self._fit(X, y, sample_weight, goes_on=True, known=self._tasks, in_parts=True)

    def _fit_net(self, activations, targets, weights, plan, goes_on_from, others, fresh, account):
        if self.head == "linear":
            return super()._fit_net(activations, targets, weights, plan, goes_on_from, others, fresh, account)
        before = None
        if plan.goes_on:  # more data, which may hold new classes
            classes = plan.tasks.tasks[0].classes
            before = self._prototypes.grow(len(classes), np.searchsorted(classes, self.classes_))
        net, self._prototypes = fit_prototypes(activations, targets, weights, plan, before, others)
        return net, []
