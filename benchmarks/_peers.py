"""What people do today, written as they write it."""

import dataclasses
import math
import warnings

import numpy as np
import torch
import torchvision
from PIL import Image
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from torch import nn

from sktl.backbones import Backbone

__all__ = [
    "PictureFiles",
    "PlainFineTune",
    "Recipe",
    "batch_size_for",
    "epochs_for",
    "features_by_hand",
    "held_out",
    "preprocessing_of",
    "regression_by_hand",
    "skorch_recipe",
    "tune_plainly",
]


def preprocessing_of(backbone: Backbone, size: int):
    """Return torchvision's transform for the weights of a backbone, at a size in pixels."""
    expected = backbone.preprocessing.at_size(size)
    modes = torchvision.transforms.InterpolationMode
    return torchvision.transforms.Compose(
        [
            torchvision.transforms.Resize(expected.resize, interpolation=modes(expected.interpolation)),
            torchvision.transforms.CenterCrop(expected.size),
            torchvision.transforms.ToTensor(),
            torchvision.transforms.Normalize(expected.mean, expected.std),
        ]
    )


class PictureFiles(torch.utils.data.Dataset):
    """Pictures decoded whenever they are asked for, with their labels."""

    def __init__(self, paths, labels, transform):
        self.paths, self.labels, self.transform = list(paths), list(labels), transform

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        with Image.open(self.paths[index]) as picture:
            return self.transform(picture.convert("RGB")), int(self.labels[index])


class Recipe(nn.Module):
    """A network whose first stages have ``requires_grad=False``, under a new linear head."""

    def __init__(self, backbone: Backbone, depth: int, n_classes: int, n_features: int):
        super().__init__()
        self.frozen = nn.Sequential(*backbone.suffix(0)[:depth]).requires_grad_(False)
        self.free = nn.Sequential(*backbone.suffix(0)[depth:])
        self.head = nn.Linear(n_features, n_classes)

    def train(self, mode=True):
        """Switch the head alone: batch statistics of a small set would ruin the features."""
        super().train(mode)
        self.frozen.eval()
        self.free.eval()
        return self

    def forward(self, x):
        """Return logits."""
        return self.head(self.free(self.frozen(x)))


def skorch_recipe(backbone: Backbone, depth: int, *, n_classes: int, n_features: int, epochs: int, lr: float):
    """Return the classifier that the transfer notebook of skorch builds: frozen by ``requires_grad``, a plain loop."""
    torch.manual_seed(0)
    return NeuralNetClassifier(
        Recipe(backbone, depth, n_classes, n_features),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        lr=lr,
        max_epochs=epochs,
        batch_size=32,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )


def accuracy(net: NeuralNetClassifier, files: PictureFiles) -> float:
    """Return the share of pictures that a net names rightly."""
    return float(np.mean(net.predict(files) == np.array(files.labels)))


def as_batch(X: np.ndarray, backbone: Backbone) -> torch.Tensor:
    """Return pictures, uint8 (n, H, W, 3), as what a network takes: (n, 3, H, W), standardised, channels last."""
    expected = backbone.preprocessing
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (expected.mean, expected.std))
    x = (torch.from_numpy(X).permute(0, 3, 1, 2).float() / 255 - mean) / std
    return x.contiguous(memory_format=torch.channels_last)


def features_by_hand(X: np.ndarray, backbone: Backbone) -> np.ndarray:
    """Return the features (n, n_features) of pictures, by one pass through the network."""
    parts = [backbone.pool(backbone(as_batch(X[start : start + 64], backbone))) for start in range(0, len(X), 64)]
    return torch.cat(parts).numpy()


def regression_by_hand(features: np.ndarray, y: np.ndarray) -> GridSearchCV:
    """Return a logistic regression fitted to features, its C and whether to standardise found by five folds."""
    pipeline = Pipeline([("scale", StandardScaler()), ("regress", LogisticRegression(max_iter=1000))])
    grid = {"scale": [StandardScaler(), "passthrough"], "regress__C": np.logspace(-4, 4, 9)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return GridSearchCV(pipeline, grid, cv=StratifiedKFold(5, shuffle=True, random_state=0)).fit(features, y)


def batch_size_for(n: int) -> int:
    """Return a batch size that leaves a few steps per epoch."""
    return 8 if n <= 40 else 16 if n <= 120 else 32


def epochs_for(n: int) -> tuple[int, ...]:
    """Return numbers of epochs for a fine-tune: some 30, 90 and 270 steps, or 45 and 120 from 121 samples on."""
    steps_per_epoch = n // batch_size_for(n)
    return tuple(math.ceil(steps / steps_per_epoch) for steps in ((30, 90, 270) if n <= 120 else (45, 120)))


def held_out(y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the parts to tune on, (fit, judge): a fifth is held out, of up to 40 samples a second fifth as well."""
    folds = StratifiedKFold(5, shuffle=True, random_state=0).split(np.zeros(len(y)), y)
    return list(folds)[: 2 if len(y) <= 40 else 1]


def merit(logits: torch.Tensor, y: np.ndarray) -> float:
    """Return accuracy on held-out samples; where it ties, the lower loss wins."""
    loss = float(nn.functional.cross_entropy(logits, torch.from_numpy(y)))
    return float((logits.argmax(1).numpy() == y).mean()) - 1e-3 * min(loss, 1.0)


@dataclasses.dataclass
class PlainFineTune:
    """A loop in plain torch that trains every weight: AdamW, a cosine down to 0, a new linear head.

    ``trained_norm`` says whether BatchNorm goes by the statistics of the batch, as it comes, or keeps its own.
    """

    backbone: Backbone
    lr: float
    epochs: int
    trained_norm: bool
    seed: int = 0

    def fit(self, X, y, n_classes):
        """Train on pictures (n, H, W, 3)."""
        torch.manual_seed(self.seed)
        x, labels, size = as_batch(X, self.backbone), torch.from_numpy(y), batch_size_for(len(y))
        body = nn.Sequential(*self.backbone.suffix(0))
        n_features = self.backbone.pool(body.eval()(x[:1])).shape[1]
        self.body = body.to(memory_format=torch.channels_last).train()
        self.head = nn.Linear(n_features, n_classes)
        if not self.trained_norm:
            for module in body.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        parameters = [*body.parameters(), *self.head.parameters()]
        optimizer = torch.optim.AdamW(parameters, lr=self.lr, fused=True)  # a tenth of the time less
        n_steps = len(x) // size  # the rest of an epoch is dropped: BatchNorm cannot do with a picture or two
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.epochs * n_steps)
        for _ in range(self.epochs):
            for chosen in torch.randperm(len(x))[: n_steps * size].split(size):
                optimizer.zero_grad()
                nn.functional.cross_entropy(self.forward(x[chosen]), labels[chosen]).backward()
                optimizer.step()
                schedule.step()
        self.body.eval()
        return self

    def forward(self, x):
        """Return logits of a batch."""
        return self.head(self.backbone.pool(self.body(x)))

    @torch.no_grad()
    def logits(self, X):
        """Return logits of pictures."""
        parts = [self.forward(as_batch(X[start : start + 64], self.backbone)) for start in range(0, len(X), 64)]
        return torch.cat(parts)


def tune_plainly(backbone: Backbone, X: np.ndarray, y: np.ndarray, n_classes: int) -> dict:
    """Return the settings of ``PlainFineTune`` that do best on held-out pictures.

    Learning rates and both ways of BatchNorm compete over few epochs, and the best of them tries more and more, as long
    as that does better.
    """
    short, *longer = epochs_for(len(y))

    def judge(settings):
        merits = []
        for fit, rest in held_out(y):
            model = PlainFineTune(backbone, **settings).fit(X[fit], y[fit], n_classes)
            merits.append(merit(model.logits(X[rest]), y[rest]))
        return float(np.mean(merits))

    candidates = [
        {"lr": lr, "epochs": short, "trained_norm": trained} for lr in (3e-4, 1e-3, 3e-3) for trained in (True, False)
    ]
    merits = [judge(candidate) for candidate in candidates]
    best, reached = candidates[int(np.argmax(merits))], max(merits)
    for epochs in longer:
        found = judge({**best, "epochs": epochs})
        if found < reached:
            break
        best, reached = {**best, "epochs": epochs}, found
    return best
