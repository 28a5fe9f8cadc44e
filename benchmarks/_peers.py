"""What people do today, written as they write it."""

import numpy as np
import torch
import torchvision
from PIL import Image
from skorch import NeuralNetClassifier
from torch import nn

from sktl.backbones import Backbone

__all__ = ["PictureFiles", "Recipe", "preprocessing_of", "skorch_recipe"]


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
