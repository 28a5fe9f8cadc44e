"""Features of a backbone, for any estimator."""

import numbers

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sktl.estimators._all_or_nothing import all_or_nothing
from sktl.estimators._backbone_estimator import BackboneEstimator
from sktl.estimators._open_backbone import describe_backbone
from sktl.estimators._small_pictures import small_pictures_named
from sktl.freezing import stage_depth

__all__ = ["BackboneFeatures"]


class BackboneFeatures(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BackboneEstimator):
    """Transformer that returns what a pretrained network makes of its inputs.

    Nothing is learned in ``fit``; it only loads the network and looks at the first sample.

    Parameters
    ----------
    backbone : str, MLP, Backbone or torch.nn.Module, default="resnet50"
        As for :class:`TransferClassifier`.
    stage : str, int or None, default=None
        The stage whose output is returned, by name, or how many stages are passed (-1: all but the last). None: all.
        Activations are averaged over all axes but that of the channels.
    weights : {"default"}, str, path-like or None, default="default"
        As for :class:`TransferClassifier`.
    image_size : int, tuple of (int, int), "auto" or None, default="auto"
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
    random_state : int, RandomState instance or None, default=None
        Seed of random weights.
    verbose : int, default=0
        From 1 on, bars show the progress.

    Attributes
    ----------
    backbone_ : Backbone
        The network.
    stages_ : tuple of str
        The names of its stages.
    engine_, precision_ : str, str
        What runs the network, and the type in which it computes.
    n_features_in_ : int
        Columns of the table X, if it is one.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X is a table that has them.
    input_shape_ : tuple of int or None
        Shape of a sample, if X is no table and samples have one shape.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl import BackboneFeatures
    >>> pictures = np.zeros((3, 32, 32), dtype=np.uint8)
    >>> BackboneFeatures("resnet18", weights=None, image_size=32, random_state=0).fit_transform(pictures).shape
    (3, 512)
    """

    _parameter_constraints: dict = {
        **BackboneEstimator._parameter_constraints,
        "stage": [numbers.Integral, str, None],
    }

    def __init__(
        self,
        backbone="resnet50",
        *,
        stage=None,
        weights="default",
        image_size="auto",
        device="auto",
        engine="auto",
        precision="auto",
        cache="auto",
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.backbone = backbone
        self.stage = stage
        self.weights = weights
        self.image_size = image_size
        self.device = device
        self.engine = engine
        self.precision = precision
        self.cache = cache
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Load the network, and look at the first sample.

        Parameters
        ----------
        X : array-like, list of paths, of pictures or of bytes, or torch Dataset
            The inputs, of the kind that the backbone takes.
        y : None
            Not used.

        Returns
        -------
        self
            The fitted transformer.
        """
        with all_or_nothing(self), small_pictures_named():
            return self._fit(X)

    def _fit(self, X):
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        inputs, self.backbone_ = self._open_both(X, *describe_backbone(self.backbone), seed)
        self.stages_ = self.backbone_.stage_names
        self._depth = stage_depth("all" if self.stage is None else self.stage, self.stages_, "stage")
        if self._depth == 0:
            raise ValueError(
                f"stage={self.stage!r} comes before the first stage of {list(self.stages_)}; choose a later one"
            )
        samples = self._as_samples(inputs, self.backbone_)
        engine = self._open_engine(self.backbone_, samples, fitted=False)
        self.engine_, self.precision_ = engine.name, engine.precision
        first = self._open_activations(engine, samples.subset(np.arange(1)))
        self._n_features_out = first.features(self._depth).shape[1]
        return self

    def transform(self, X):
        """Return the features of each sample.

        Parameters
        ----------
        X : as in ``fit``
            The inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            What the stage returns, averaged to one vector per sample.
        """
        check_is_fitted(self, "backbone_")
        inputs = self._open_inputs(X, self.backbone_.input_kind, self.backbone_.n_channels, reset=False)
        samples = self._as_samples(inputs, self.backbone_)
        activations = self._open_activations(self._open_engine(self.backbone_, samples, fitted=True), samples)
        return self._with_shape_named(inputs, lambda: np.array(activations.features(self._depth)))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # features have the type of the network's weights
        return tags
