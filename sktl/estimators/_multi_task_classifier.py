"""Classification for several tasks at once."""

import numbers

from sklearn.base import _fit_context
from sklearn.utils import ClassifierTags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from sktl.estimators._make_task import make_classification
from sktl.estimators._multi_task_network import MultiTaskNetwork
from sktl.estimators._part_classes import read_part_classes
from sktl.estimators._store import store_parameters
from sktl.estimators._thresholds import read_thresholds

__all__ = ["MultiTaskClassifier"]


class MultiTaskClassifier(MultiTaskNetwork):
    """Classifier that learns several tasks with one network, from labels of which some may be missing.

    Each task has a head of its own. The loss is J = (1/m) Σ_i Σ_{t labelled} loss_it, logistic for two classes and
    cross-entropy for more; entries without a label have neither loss nor gradient. By default all tasks share every
    stage [1]_, which pays where they have something in common;
    :func:`sktl.model_selection.compare_with_single_task` says whether they do. With every stage frozen and no hidden
    layer in the heads, each task's head is solved to its optimum.

    Labels may be of any kind, and each task may have its own classes. NaN, None and pandas.NA mean that one is missing.

    Parameters
    ----------
    backbone : str, MLP, Backbone or torch.nn.Module, default="resnet50"
        As for :class:`TransferClassifier`.
    heads : None, int, list or dict, default=None
        The tasks: a number of tasks of two classes; a list of class counts, such as ``[2, 3, 10]``; or a dict of these
        by the names of the tasks, where a list of labels may stand for a count. None reads them from y. Say it where
        the data of a fold may lack a class.
    sharing : {"hard", "soft", "cross_stitch", "none"} or Sharing, default="hard"
        What the tasks share. ``"hard"``: all stages. ``"soft"``: nothing, but the weights of the tasks' networks are
        drawn together. ``"cross_stitch"``: each task's network takes part of what the others see. ``"none"``: nothing,
        which is what sharing has to beat. Objects of :mod:`sktl.sharing` have parameters, which a search reaches as
        ``sharing__strength``. Frozen stages are computed once for all.
    weights : {"default"}, str, path-like or None, default="default"
        As for :class:`TransferClassifier`.
    freeze : int or str, default="auto"
        As for :class:`TransferClassifier`; ``"auto"`` goes by the median over tasks of the smallest class.
    image_size : int, tuple of (int, int), "auto" or None, default="auto"
        As for :class:`TransferClassifier`.
    weighting : {"equal", "uncertainty", "dwa", "rlw", "pcgrad", "upgrad"}, default="equal"
        How the losses of the tasks are weighed in training: alike; by an uncertainty that is learned; by the pace of
        learning; at random; or by what is done to their gradients, which the extra ``surgery`` is for.
    task_weights : array-like of shape (n_tasks,), dict or None, default=None
        Fixed factors of the losses, 0 or more; a dict gives them by name, 1 for tasks that it does not name.
    denominator : {"samples", "labels", "tasks"}, default="samples"
        What the sum of the losses over labelled entries is divided by: the number of samples, so that
        J = (1/m) Σ_i Σ_{t labelled} loss_it; the number of labels; or each task's sum by its own labels, and the whole
        by the number of tasks, so that tasks with few labels count as much as others. Weights of samples and of classes
        are divided by their mean, so that J stays of the same size.
    head_stages : {"auto", "last", "late"}, default="auto"
        As for :class:`TransferClassifier`; with towers the last.
    head_hidden : sequence of int, default=()
        Units of the hidden layers of each head.
    head_dropout : float, default=0.0
        Share of the inputs of each layer of a head that is dropped in training, in [0, 1).
    head_l2 : float or "auto", default="auto"
        As for :class:`TransferClassifier`, for each task.
    max_epochs, batch_size : int or "auto", default="auto"
        As for :class:`TransferClassifier`.
    lr, lr_decay : float or "auto", default="auto"
        As for :class:`TransferClassifier`.
    optimizer : str or type, default="AdamW"
        A class of ``torch.optim``, or its name.
    weight_decay : float or "auto", default="auto"
        As for :class:`TransferClassifier`.
    augment : None, "auto", callable or Augmentation, default=None
        As for :class:`TransferClassifier`.
    batch_norm : {"auto", "frozen", "trained"}, default="auto"
        As for :class:`TransferClassifier`.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes in the loss: of each task, by its name, or of labels, for all tasks. ``"balanced"`` gives
        the classes of a task the same share.
    thresholds : float, array-like of shape (n_tasks,), dict or None, default=None
        Probability above which ``predict`` says the second of two classes, in (0, 1): for all tasks, or for each; a
        dict gives them by name. None is one half. It is read at ``predict``, and may be set after ``fit``.
    on_untrainable : {"raise", "warn", "ignore"}, default="raise"
        What becomes of a task with no label, or with labels of one class only: an error, or it is left out of the
        training, and its predictions are NaN or the one class.
    early_stopping : bool, default=False
        Whether to hold out data, to stop when the loss on their labelled entries gets no better, and to go back to the
        best epoch.
    validation_fraction : float, default=0.1
        Share of the data held out for ``early_stopping``.
    n_iter_no_change : int, default=10
        Epochs to wait for a better loss with ``early_stopping``.
    warm_start : bool, default=False
        Whether a further ``fit`` goes on from the last one, with its network: ``backbone``, ``weights`` and ``freeze``
        are those of the first. The data have to be of the same kind, with the same columns.
    on_unreadable : {"raise", "skip"}, default="raise"
        As for :class:`TransferClassifier`.
    device : str, default="auto"
        Where to compute. ``"auto"`` is CUDA where there is one, else the CPU.
    engine : {"auto", "torch", "openvino"}, default="auto"
        As for :class:`TransferClassifier`.
    precision : {"auto", "float32", "bfloat16", "float16"}, default="auto"
        As for :class:`TransferClassifier`.
    cache : "auto", path-like, ActivationCache or None, default="auto"
        As for :class:`TransferClassifier`.
    n_jobs : int or None, default=None
        Threads that decode pictures. None takes four, or as many as there are cores.
    callbacks : list of skorch callbacks or None, default=None
        Copied before use.
    net_params : dict or None, default=None
        Further arguments of ``skorch.NeuralNet``. A search reaches them as ``net_params__<name>``.
    self_contained : bool, default=False
        As for :class:`TransferClassifier`.
    random_state : int, RandomState instance or None, default=None
        Seed of random weights, of the order of samples, and of folds.
    verbose : int, default=0
        From 1 on, bars show the progress.

    Attributes
    ----------
    tasks_ : ndarray of shape (n_tasks,)
        The names of the tasks.
    classes_ : list of ndarray, or ndarray if y was (n_samples,)
        The labels of each task, sorted.
    net_ : skorch.NeuralNet
        The net around the trained stages and the heads.
    backbone_ : Backbone
        The backbone with its trained stages, to be the start of another task. Absent where each task has its own.
    backbones_ : list of Backbone
        The backbone of each task that was trained. Absent where these exchange what they see, as in cross-stitching.
    stages_ : tuple of str
        The names of the stages.
    freeze_ : int
        How many stages were frozen.
    freeze_reason_ : str
        Why.
    head_stages_ : tuple of str
        The stages that the head reads.
    probe_losses_ : dict of str to float, or None
        The held-out losses of linear heads that read the last stage (``"last"``) and the later half of the stages side
        by side (``"late"``), if ``freeze="auto"`` or ``head_stages="auto"`` asked for them; where a fit
        went on from another, those of the first.
    lr_, lr_decay_, weight_decay_, max_epochs_, batch_size_ : float, float, float, int, int
        The values that were taken.
    head_l2_ : float, ndarray of shape (n_trained_tasks,) or None
        The λ of the linear heads, if they were solved; tasks that were left out have none.
    history_ : list of dict
        Losses and seconds, epoch by epoch. Where every stage is frozen and the heads are linear, one row: the loss,
        and as ``"epoch"`` the iterations of the solver.
    n_iter_ : int
        Epochs, or iterations of the solver if every stage is frozen.
    forgetting_ : Forgetting
        What the old tasks lost to the last task that was added. Absent before ``add_task``.
    engine_, precision_, training_precision_ : str, str, str
        What ran the frozen stages, the type in which it computed, and the type of products in stages while they were
        trained.
    cache_report_ : CacheReport
        What the cache did in ``fit``.
    n_features_in_ : int
        Columns of the table X, if it is one.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X is a table that has them.
    input_shape_ : tuple of int or None
        Shape of a sample, if X is no table and samples have one shape.

    See Also
    --------
    MultiTaskRegressor : The same for numbers.
    MultiTaskEstimator : The same for both at once.
    sktl.metrics.make_multitask_scorer : Scores on the labels that are there, for searches.
    sktl.model_selection.compare_with_single_task : Whether sharing helped, task by task.

    References
    ----------
    .. [1] R. Caruana, "Multitask Learning", Machine Learning 28, 1997.

    Examples
    --------
    Two tasks on one set of digits, with half of the labels missing:

    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from sktl import MultiTaskClassifier
    >>> X, digit = load_digits(return_X_y=True)
    >>> y = np.column_stack([digit, digit % 2]).astype(float)
    >>> y[np.random.default_rng(0).random(y.shape) < 0.5] = np.nan
    >>> classifier = MultiTaskClassifier("mlp", heads={"digit": 10, "odd": 2}, random_state=0).fit(X[:1000], y[:1000])
    >>> [probabilities.shape for probabilities in classifier.predict_proba(X[1000:])]
    [(797, 10), (797, 2)]
    >>> classifier.score(X[1000:], y[1000:]) > 0.85
    True
    """

    _parameter_constraints: dict = {
        **MultiTaskNetwork._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "thresholds": ["array-like", dict, Interval(numbers.Real, 0, 1, closed="neither"), None],
    }

    def __init__(
        self,
        backbone="resnet50",
        *,
        heads=None,
        sharing="hard",
        weights="default",
        freeze="auto",
        image_size="auto",
        weighting="equal",
        task_weights=None,
        denominator="samples",
        head_stages="auto",
        head_hidden=(),
        head_dropout=0.0,
        head_l2="auto",
        max_epochs="auto",
        batch_size="auto",
        lr="auto",
        lr_decay="auto",
        optimizer="AdamW",
        weight_decay="auto",
        augment=None,
        batch_norm="auto",
        class_weight=None,
        thresholds=None,
        on_untrainable="raise",
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        warm_start=False,
        on_unreadable="raise",
        device="auto",
        engine="auto",
        precision="auto",
        cache="auto",
        n_jobs=None,
        callbacks=None,
        net_params=None,
        self_contained=False,
        random_state=None,
        verbose=0,
    ):
        store_parameters(self, locals())

    @property
    def classes_(self):
        """The labels of each task, a list of (n_classes,), or one array if y was (n_samples,)."""
        check_is_fitted(self, "_tasks")
        classes = [task.classes for task in self._tasks]
        return classes[0] if self._is_1d else classes

    def _make_task(self, name, labels, weights, head, nothing="no label"):
        return make_classification(name, labels, head, self.on_untrainable, nothing)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Go on from the last fit with more data of the same tasks.

        The first call fits as ``fit`` does. Where every stage is frozen, later ones solve linear heads for the new data
        and for what they remember of those before, nearly as a fit to all of them would. Else they take gradient steps
        with the heads and the free stages, in one pass at a constant rate. A task without labels takes no part, and one
        that the first call left out for want of labels stays out.

        Parameters
        ----------
        X : as in ``fit``
            The inputs.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            The labels, with a column for each task; NaN, None and pandas.NA mean that one is missing.
        classes : list or dict of array-like of shape (n_classes,), or one of these if y is (n_samples,), default=None
            All classes there will be, task by task, or by the names of the tasks. None: those that ``heads`` tells, or
            those in the y of the first call.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Weights of samples or of labels, beside those of all calls.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            Where y has other tasks than in the first call, or holds a class that is not known, or ``classes`` are
            others than those of the first call.
        """
        if classes is None:
            return self._fit_part(X, y, sample_weight)
        goes_on = hasattr(self, "net_")
        known = read_part_classes(classes, self._read_target(y, goes_on=goes_on))
        if goes_on and not known.continues(self._tasks):
            raise ValueError(
                f"`classes={[task.classes.tolist() for task in known]}` is not the same as on last call to "
                f"partial_fit, was: {self._tasks.describe()}; start a new estimator for other classes"
            )
        return self._fit_part(X, y, sample_weight, known)

    def predict(self, X):
        """Return the likeliest class of each task for each sample.

        Parameters
        ----------
        X : as in ``fit``
            The inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks), or (n_samples,) if y was
            Labels of ``classes_``; NaN for a task that was left out because it had no label. Of type object where one
            task has strings.
        """
        check_is_fitted(self, "net_")
        return self._predicted(X, read_thresholds(self.thresholds, self.tasks_, self._tasks))

    def predict_proba(self, X):
        """Return the probability of each class of each task for each sample.

        Parameters
        ----------
        X : as in ``fit``
            The inputs.

        Returns
        -------
        list of ndarray of shape (n_samples, n_classes), or one ndarray if y was (n_samples,)
            In the order of ``classes_``; NaN for a task that was left out because it had no label.
        """
        outputs = self._outputs(X)
        probabilities = [task.probabilities(output) for task, output in zip(self._tasks, outputs, strict=True)]
        return probabilities[0] if self._is_1d else probabilities

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # An integer ``cv`` makes scikit-learn look at the kind of a classifier's y, which raises on NaN; with no type,
        # searches take any y. But its probability scorers and displays want a classifier, and serve complete labels
        # only: so the type comes with them.
        if getattr(self, "_is_complete", False):
            tags.estimator_type = "classifier"
        tags.classifier_tags = ClassifierTags(multi_class=True, multi_label=True)
        return tags
