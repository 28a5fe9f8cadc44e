"""fastai's way: ``vision_learner(...).fine_tune``, tuned as its book says.

fastai is no dependency of this project: ``pip install fastai``.
"""

import contextlib
import dataclasses
import io
import itertools
import operator
import tempfile
import warnings

import numpy as np
import torch
from _peers import batch_size_for, epochs_for, held_out, merit
from torch import nn

from sktl.backbones import Backbone

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it scripts functions as it loads, which torch deprecates
        from fastai.vision import all as fastai
except ImportError:
    fastai = None

__all__ = ["FastaiFineTune", "has_fastai", "tune_fastai"]

DEFAULT_LR = 2e-3  # what fine_tune takes if it is told nothing


def has_fastai() -> bool:
    """Return whether fastai can be imported."""
    return fastai is not None


def network_of(backbone: Backbone) -> nn.Module:
    """Return the network up to its last map and a pooling layer, where fastai cuts to put its own head."""
    *stages, last = backbone.suffix(0)
    maps = itertools.takewhile(lambda layer: "Pool" not in type(layer).__name__, last.children())
    return nn.Sequential(*stages, *maps, nn.AdaptiveAvgPool2d(1))


@dataclasses.dataclass
class FastaiFineTune:
    """``vision_learner`` with its own head, on the weights of a backbone, and ``fine_tune``.

    ``augment`` switches ``aug_transforms`` on; ``flip`` says whether mirrored pictures mean the same. Files are
    brought to ``size`` pixels whenever they are read.
    """

    backbone: Backbone
    lr: float
    epochs: int
    augment: bool
    flip: bool = True
    seed: int = 0
    size: int | None = None

    def learner(self, X, y, n_classes, folder):
        """Return a learner for pictures (n, H, W, 3) or paths; nothing is held out of them."""
        expected = self.backbone.preprocessing
        transforms = [fastai.Normalize.from_stats(expected.mean, expected.std, cuda=torch.cuda.is_available())]
        if self.augment:
            transforms = [*fastai.aug_transforms(do_flip=self.flip), *transforms]
        block = fastai.DataBlock(
            blocks=(fastai.ImageBlock, fastai.CategoryBlock(vocab=list(range(n_classes)))),
            get_x=operator.itemgetter("picture"),
            get_y=operator.itemgetter("label"),
            splitter=fastai.IndexSplitter([]),
            item_tfms=None if self.size is None else fastai.Resize(self.size),
            batch_tfms=transforms,
        )
        loaders = block.dataloaders(
            [{"picture": picture, "label": int(label)} for picture, label in zip(X, y, strict=True)],
            bs=batch_size_for(len(y)),
            num_workers=0,
        )
        return fastai.vision_learner(
            loaders,
            lambda pretrained: network_of(self.backbone),
            n_out=n_classes,
            normalize=False,  # the transforms above do, by the mean of the weights
            path=folder,
        )

    def fit(self, X, y, n_classes):
        """Train on pictures."""
        with quiet(), tempfile.TemporaryDirectory() as folder:
            fastai.set_seed(self.seed)
            self.fitted = self.learner(X, y, n_classes, folder)
            with self.fitted.no_bar(), self.fitted.no_logging():
                self.fitted.fine_tune(self.epochs, base_lr=self.lr)
        return self

    def find_lr(self, X, y, n_classes):
        """Return the learning rate that ``lr_find`` suggests."""
        with quiet(), tempfile.TemporaryDirectory() as folder:
            fastai.set_seed(self.seed)
            learner = self.learner(X, y, n_classes, folder)
            with learner.no_bar():
                return float(learner.lr_find(show_plot=False).valley)

    def logits(self, X):
        """Return log-probabilities of pictures."""
        with quiet(), self.fitted.no_bar(), self.fitted.no_logging():
            loader = self.fitted.dls.test_dl([{"picture": picture} for picture in X], bs=64, num_workers=0)
            probabilities, _ = self.fitted.get_preds(dl=loader)
        return torch.as_tensor(probabilities).clamp_min(1e-12).log()


@contextlib.contextmanager
def quiet():
    """Keep fastai's tables and its warnings of small last batches off the screen."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def tune_fastai(backbone: Backbone, X: np.ndarray, y: np.ndarray, n_classes: int, flip: bool) -> dict:
    """Return the settings of ``FastaiFineTune`` that do best on held-out pictures.

    The learning rate of ``lr_find`` and fastai's default compete over few epochs, then few and many epochs with and
    without augmentation. On ten hand signs of each digit three times as many did no better, so that they are not tried.
    """
    short, long = epochs_for(len(y))[:2]

    def judge(settings):
        merits = []
        for fit, rest in held_out(y):
            model = FastaiFineTune(backbone, **settings).fit(X[fit], y[fit], n_classes)
            merits.append(merit(model.logits(X[rest]), y[rest]))
        return float(np.mean(merits))

    base = {"lr": DEFAULT_LR, "epochs": short, "augment": False, "flip": flip}
    found = FastaiFineTune(backbone, **base).find_lr(X, y, n_classes)
    tried = [(judge(candidate), candidate) for candidate in (base, {**base, "lr": found})]
    lr = max(tried, key=operator.itemgetter(0))[1]["lr"]
    for epochs, augment in ((short, True), (long, False), (long, True)):
        candidate = {**base, "lr": lr, "epochs": epochs, "augment": augment}
        tried.append((judge(candidate), candidate))
    return max(tried, key=operator.itemgetter(0))[1]
