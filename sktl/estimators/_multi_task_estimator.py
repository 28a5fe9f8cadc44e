"""Classification and regression at once."""

import numbers

from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from sktl.estimators._make_task import make_either
from sktl.estimators._multi_task_network import MultiTaskNetwork
from sktl.estimators._store import store_parameters
from sktl.estimators._thresholds import read_thresholds

__all__ = ["MultiTaskEstimator"]


class MultiTaskEstimator(MultiTaskNetwork):
    """Estimator that learns tasks of both kinds with one network: classes in some columns of y, numbers in others.

    What :class:`MultiTaskClassifier` and :class:`MultiTaskRegressor` say holds for the tasks of their kind. The losses
    are of one scale, as targets are standardised: a logistic loss starts near .7, half a squared error at .5.

    Parameters
    ----------
    backbone : str, MLP, Backbone or torch.nn.Module, default="resnet50"
        As for :class:`TransferClassifier`.
    heads : None, int, list or dict, default=None
        As for :class:`MultiTaskClassifier`, with ``"regression"`` for tasks that are numbers. Where nothing is said,
        labels with fractions are numbers to predict, and all others are classes.
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
    loss : {"squared_error", "huber"}, default="squared_error"
        The loss of standardised targets. Huber's is linear beyond one standard deviation, so that outliers pull less;
        heads are then trained by steps, not solved.
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
        The labels of each task, or None for numbers.
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
    MultiTaskClassifier : For classes alone.
    MultiTaskRegressor : For numbers alone.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_diabetes
    >>> from sktl import MultiTaskEstimator
    >>> X, progression = load_diabetes(return_X_y=True)
    >>> y = np.column_stack([progression + 0.5, X[:, 1] > 0])
    >>> estimator = MultiTaskEstimator("mlp", heads={"progression": "regression", "sex": 2}, random_state=0).fit(X, y)
    >>> [None if classes is None else classes.tolist() for classes in estimator.classes_]
    [None, [0.0, 1.0]]
    """

    _parameter_constraints: dict = {
        **MultiTaskNetwork._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "thresholds": ["array-like", dict, Interval(numbers.Real, 0, 1, closed="neither"), None],
        "loss": [StrOptions({"squared_error", "huber"})],
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
        loss="squared_error",
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
        """The labels of each task, None for numbers: a list, or the entry of its one task if y was (n_samples,)."""
        check_is_fitted(self, "_tasks")
        classes = [getattr(task, "classes", None) for task in self._tasks]
        return classes[0] if self._is_1d else classes

    def _make_task(self, name, labels, weights, head, nothing="no label"):
        return make_either(name, labels, weights, head, self.on_untrainable, self.loss, nothing)

    def predict(self, X):
        """Return the likeliest class, or the number, of each task for each sample.

        Parameters
        ----------
        X : as in ``fit``
            The inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks), or (n_samples,) if y was
            Numbers in the units of the targets, or labels; NaN for a task that was left out for want of labels. Of
            type object where one task has strings and another has not.
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
        list of ndarray of shape (n_samples, n_classes), or one entry of it if y was (n_samples,)
            In the order of ``classes_``; None for tasks that are numbers.
        """
        outputs = self._outputs(X)
        pairs = zip(self._tasks, outputs, strict=True)
        found = [t.probabilities(out) if getattr(t, "classes", None) is not None else None for t, out in pairs]
        return found[0] if self._is_1d else found
