"""Regression by a network that was trained on another task."""

import numpy as np
from sklearn.base import RegressorMixin, _fit_context

from sktl.estimators._complete_target import check_complete_target
from sktl.estimators._network_estimator import NetworkEstimator
from sktl.estimators._problem import JointTraining
from sktl.estimators._store import store_parameters
from sktl.tasks import RegressionTask, TaskSet
from sktl.utils._labels import complete_labels

__all__ = ["TransferRegressor"]


class TransferRegressor(RegressorMixin, NetworkEstimator):
    """Regressor that puts a new head on a network trained on another task.

    Targets are standardised inside. The backbone loses its output layer and gets a randomly initialised head.
    ``freeze`` says how many of its stages stay as they are; the others are trained together with the head. With every
    stage frozen and no hidden layer in the head, the fit is a convex problem, which is solved to its optimum.
    Otherwise training starts from that optimum (linear probe, then fine-tune [1]_).

    Parameters
    ----------
    backbone : str, MLP, Backbone or torch.nn.Module, default="resnet50"
        A name of :func:`sktl.backbones.list_backbones`, ``"timm:<name>"``, ``"mlp"`` for tables, a description
        :class:`sktl.backbones.MLP`, a module of one's own, or the ``backbone_`` of an estimator fitted on another
        task. It is never changed.
    weights : {"default"}, str, path-like or None, default="default"
        ``"default"`` takes the best weights there are, or those that a module came with; otherwise a version, a path
        to a state dict, or None for random weights.
    freeze : int or str, default="auto"
        Stages that stay as they are, as in ``stages[:freeze]``: 0 or ``"none"`` trains all, -1 all but the last,
        ``"all"`` the head alone; the name of a stage freezes up to it. ``"auto"`` decides by the size of the data
        and by how near the task is to that of the weights.
    image_size : int, tuple of (int, int), "auto" or None, default="auto"
        Height and width in pixels that pictures are brought to. ``"auto"`` is what the weights were trained on;
        smaller is faster. None leaves pictures as they are.
    head_stages : {"auto", "last", "late"}, default="auto"
        The stages whose averaged outputs a linear head reads: the last; or the later half of them side by side [2]_,
        which helps where the task is far from that of the weights. ``"auto"``: whichever has the lesser loss on
        held-out folds. Where stages are trained, the head reads none of the frozen ones but the last.
    head_hidden : sequence of int, default=()
        Units of the head's hidden layers.
    head_dropout : float, default=0.0
        Share of the inputs of each layer of the head that is dropped in training, in [0, 1).
    head_l2 : float or "auto", default="auto"
        The λ of a linear head solved to its optimum: it has the least mean loss + λ/2 · s² · ‖W‖², with s² the mean
        squared length of the centred features. ``"auto"`` takes the λ with the least loss on held-out folds.
    max_epochs : int or "auto", default="auto"
        Passes over the data. ``"auto"``: 10 for a pretrained network, or as many as make 100 steps; else 20, or 500
        steps.
    batch_size : int or "auto", default="auto"
        Samples per step. ``"auto"``: 32; for tables, and a head on frozen features, 64 to 512 by their number.
    lr : float or "auto", default="auto"
        Learning rate of the head. ``"auto"``: 2e-5 (from 120 million parameters) to 1e-3 (below 8 million) for a
        pretrained network, four tenths of that below 100 samples, and 1.5e-4 at most where ``probe_losses_`` tell
        that the task is near to that of the weights; else 1e-3. 30 times as much for SGD.
    lr_decay : float or "auto", default="auto"
        Factor of the learning rate per stage below the head. ``"auto"``: if they are pretrained, .8 for
        convolutional networks, .9 for transformers and .5 for perceptrons; else 1.
    optimizer : str or type, default="AdamW"
        A class of ``torch.optim``, or its name.
    weight_decay : float or "auto", default="auto"
        Weight decay of the optimiser, for weights but not for biases and scales. ``"auto"``: 1e-3; for a
        network from scratch 1, where the optimiser is AdamW, which decays apart from the gradients.
    augment : None, "auto", callable or Augmentation, default=None
        How samples are varied in training. ``"auto"`` is for pictures, which it cuts and mirrors: that spoils what has
        a reading direction. Behind frozen stages four views of each sample are kept; an object of
        :class:`sktl.inputs.Augmentation` says how many, and whether predictions average over them. Where the first
        stage is trained, views are always new.
    batch_norm : {"auto", "frozen", "trained"}, default="auto"
        Whether batch normalisation in trained stages goes by the statistics it came with. ``"auto"``: yes if the
        network is pretrained, as statistics of a small set ruin its features.
    early_stopping : bool, default=False
        Whether to hold out data, to stop when the loss on them gets no better, and to go back to the best epoch.
    validation_fraction : float, default=0.1
        Share of the data held out for ``early_stopping``.
    n_iter_no_change : int, default=10
        Epochs to wait for a better loss with ``early_stopping``.
    warm_start : bool, default=False
        Whether a further ``fit`` goes on from the last one, with its network: ``backbone``, ``weights`` and ``freeze``
        are those of the first. The data have to be of the same kind, with the same columns.
    on_unreadable : {"raise", "skip"}, default="raise"
        Whether ``fit`` leaves out pictures that cannot be read, with a warning that names them. This reads each
        picture once more.
    device : str, default="auto"
        Where to compute. ``"auto"`` is CUDA where there is one, else the CPU.
    engine : {"auto", "torch", "openvino"}, default="auto"
        As for :class:`TransferClassifier`.
    precision : {"auto", "float32", "bfloat16", "float16"}, default="auto"
        As for :class:`TransferClassifier`.
    cache : "auto", path-like, ActivationCache or None, default="auto"
        Where the activations of frozen stages are kept for other epochs, folds and candidates. ``"auto"`` is the
        memory of this process, shared by all estimators; a folder is shared by processes and outlives them; None keeps
        nothing.
    n_jobs : int or None, default=None
        Threads that decode pictures. None takes four, or as many as there are cores.
    callbacks : list of skorch callbacks or None, default=None
        Copied before use.
    net_params : dict or None, default=None
        Further arguments of ``skorch.NeuralNet``. A search reaches them as ``net_params__<name>``.
    self_contained : bool, default=False
        Whether pickles carry all weights. Otherwise what can be rebuilt by name is rebuilt when the pickle is loaded,
        and checked.
    random_state : int, RandomState instance or None, default=None
        Seed of random weights, of the order of samples, and of folds.
    verbose : int, default=0
        From 1 on, bars show the progress.

    Attributes
    ----------
    net_ : skorch.NeuralNet
        The net around the trained stages and the head.
    backbone_ : Backbone
        The backbone with its trained stages, to be the start of another task.
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
    head_l2_ : float or None
        The λ of the linear head, if one was solved.
    history_ : list of dict
        Losses and seconds, epoch by epoch. Where every stage is frozen and the heads are linear, one row: the loss,
        and as ``"epoch"`` the iterations of the solver.
    n_iter_ : int
        Epochs, or iterations of the solver if every stage is frozen.
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
    TransferClassifier : The same for classes.
    BackboneFeatures : The features alone, for other estimators.

    References
    ----------
    .. [1] A. Kumar et al., "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution",
       ICLR 2022.
    .. [2] U. Evci et al., "Head2Toe: Utilizing Intermediate Representations for Better Transfer Learning", ICML 2022.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sktl import TransferRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> regressor = TransferRegressor("mlp", random_state=0).fit(X[:300], y[:300])
    >>> regressor.score(X[300:], y[300:]) > 0.4
    True
    """

    def __init__(
        self,
        backbone="resnet50",
        *,
        weights="default",
        freeze="auto",
        image_size="auto",
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

    def _read_target(self, y, *, goes_on):
        y = check_complete_target(self, y, "MultiTaskRegressor", multi_output=True)
        return complete_labels(np.asarray(y, dtype=np.float64))

    def _make_tasks(self, labels, weights, *, more_follow):
        pairs = zip(labels.columns, weights.values.T, strict=True)
        return TaskSet(tuple(RegressionTask.of(column, weight) for column, weight in pairs))

    def _use_tasks(self, known, labels, weights):
        if len(known) != labels.n_tasks:
            raise ValueError(f"y has {labels.n_tasks} outputs, but partial_fit goes on with {len(known)}")
        return known

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Go on from the last fit with more data of the same task.

        The first call fits as ``fit`` does. Where every stage is frozen, later ones solve the head for the new data and
        for what it remembers of those before, nearly as a fit to all of them would. Else they take gradient steps with
        the head and the free stages, in one pass at a constant rate.

        Parameters
        ----------
        X : as in ``fit``
            The inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in the loss, beside those of all calls.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            Where y has another number of outputs than in the first call.
        """
        if not hasattr(self, "net_"):
            return self._fit(X, y, sample_weight, goes_on=False, in_parts=True)
        return self._fit(X, y, sample_weight, goes_on=True, known=self._tasks, in_parts=True)

    def _joint_training(self, names, *, goes_on):
        return JointTraining(denominator="labels")  # the mean over the outputs

    def _keep_labels(self, labels):
        self._is_1d = labels.is_1d

    def predict(self, X):
        """Return the predicted numbers of each sample.

        Parameters
        ----------
        X : as in ``fit``
            The inputs.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the units and the shape of the targets.
        """
        outputs = self._outputs(X)
        columns = [task.decode(output) for task, output in zip(self._tasks, outputs, strict=True)]
        return columns[0] if self._is_1d else np.column_stack(columns)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
