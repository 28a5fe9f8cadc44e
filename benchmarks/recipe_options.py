"""The recipe of fine-tuning with one thing changed at a time: what was tried, and left out where it did not help.

All but the first stages are trained, on sets of pictures with few of each class. Some changes are parameters of
``TransferClassifier``; the others are skorch callbacks written here.

    OMP_NUM_THREADS=1 python benchmarks/recipe_options.py --data FOLDER

``FOLDER`` holds ``data`` and ``weights``.
"""

import argparse
import pathlib
from itertools import chain

import numpy as np
import torch
from _paired import difference_in_words
from _picture_sets import picture_sets
from _table import save_table
from sklearn.metrics import balanced_accuracy_score
from skorch.callbacks import Callback
from torch import nn

from sktl import ActivationCache, TransferClassifier
from sktl.backbones import get_backbone

WEIGHTS = {"mobilenet_v2": "weights/mobilenet_v2-imagenet.pth", "efficientnet_lite0": None}


def trained(net):
    return [parameter for parameter in net.module_.parameters() if parameter.requires_grad]


class PullTowardsStart(Callback):
    """L2-SP (Li et al., 2018): each step draws weights towards those they started from, apart from the gradient."""

    def __init__(self, strength):
        self.strength = strength

    def on_train_begin(self, net, **kwargs):
        """Keep the weights."""
        self.start_ = {id(parameter): parameter.detach().clone() for parameter in trained(net)}

    @torch.no_grad()
    def on_batch_end(self, net, training=False, **kwargs):
        """Draw the weights back."""
        if training:
            for group in net.optimizer_.param_groups:
                for parameter in group["params"]:
                    if id(parameter) in self.start_:  # the loss has weights of its own
                        parameter.lerp_(self.start_[id(parameter)], group["lr"] * self.strength)


class HalfwayBack(Callback):
    """WiSE-FT (Wortsman et al., 2022): the mean of the weights before and after."""

    def on_train_begin(self, net, **kwargs):
        """Keep the weights."""
        self.start_ = [parameter.detach().clone() for parameter in trained(net)]

    @torch.no_grad()
    def on_train_end(self, net, **kwargs):
        """Go half of the way back."""
        for parameter, start in zip(trained(net), self.start_, strict=True):
            parameter.lerp_(start, 0.5)


class AverageLaterHalf(Callback):
    """The mean of the weights after each epoch of the later half (Izmailov et al., 2018)."""

    def on_train_begin(self, net, **kwargs):
        """Begin with nothing."""
        self.sums_, self.count_ = None, 0

    def on_epoch_end(self, net, **kwargs):
        """Add the weights to the sum."""
        if len(net.history) > net.max_epochs / 2:
            now = [parameter.detach().clone() for parameter in trained(net)]
            self.sums_ = now if self.sums_ is None else [a + b for a, b in zip(self.sums_, now, strict=True)]
            self.count_ += 1

    @torch.no_grad()
    def on_train_end(self, net, **kwargs):
        """Take the mean."""
        for parameter, total in zip(trained(net), self.sums_, strict=True):
            parameter.copy_(total / self.count_)


class GradualUnfreezing(Callback):
    """The last stage is trained from the start, and one more joins in turn, all by half of the epochs (ULMFiT)."""

    def on_grad_computed(self, net, named_parameters, **kwargs):
        """Forget the gradients of the stages whose turn has not come."""
        stages = net.module_.stages
        share = min(1.0, 2 * (len(net.history) - 1) / net.max_epochs)
        for stage in list(stages)[: int((1 - share) * (len(stages) - 1) + 0.5)]:
            for parameter in stage.parameters():
                parameter.grad = None


class SmoothLabels(Callback):
    """Label smoothing: a share of the target is spread over all classes."""

    def __init__(self, share):
        self.share = share

    def on_train_begin(self, net, **kwargs):
        """Change the loss."""
        net.criterion_.entry_losses = _Smoothed(net.criterion_.entry_losses, self.share)


class _Smoothed(nn.Module):
    all_alike = False  # the entries' losses are asked for in a table

    def __init__(self, plain, share):
        super().__init__()
        self.plain, self.share = plain, share

    def forward(self, outputs, targets):
        if outputs.shape[1] == 1:
            uniform = (nn.functional.softplus(outputs) + nn.functional.softplus(-outputs)) / 2
        else:
            uniform = -outputs.log_softmax(dim=1).mean(dim=1, keepdim=True)
        return (1 - self.share) * self.plain(outputs, targets) + self.share * uniform


def called(callback):
    return {"callbacks": [callback]}


CHANGES = {
    "lr 2.5e-3": {"lr": 2.5e-3},
    "lr 1e-3": {"lr": 1e-3},
    "lr 4e-4": {"lr": 4e-4},
    "lr 1.5e-4": {"lr": 1.5e-4},
    "every stage at the rate of the head": {"lr_decay": 1.0},
    "half the rate per stage": {"lr_decay": 0.5},
    "weight decay .1": {"weight_decay": 0.1},
    "batch normalisation trained": {"batch_norm": "trained"},
    "early stopping": {"early_stopping": True},
    "label smoothing .1": called(SmoothLabels(0.1)),
    "L2-SP": called(PullTowardsStart(10.0)),
    "halfway back to the start": called(HalfwayBack()),
    "mean of the later epochs": called(AverageLaterHalf()),
    "gradual unfreezing": called(GradualUnfreezing()),
    "products in float32": {"precision": "float32"},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--sets", nargs="+", default=["ants/bees", "sign digits", "Fashion-MNIST"])
    parser.add_argument("--backbones", nargs="+", default=list(WEIGHTS))
    parser.add_argument("--per-class", nargs="+", type=int, default=[10, 50])
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--depth", type=int, default=2, help="frozen stages, or minus the trained ones")
    parser.add_argument("--name", default="recipe_options", help="of the table")
    parser.add_argument("--change", choices=list(CHANGES), help="this one alone, for a table of its own")
    options = parser.parse_args()
    torch.set_num_threads(1)
    sets, scores = picture_sets(options.data), {}
    changes = {options.change: CHANGES[options.change]} if options.change else CHANGES
    for network in options.backbones:
        file = WEIGHTS[network]
        backbone = get_backbone(network, str(options.data / file) if file else "default")
        for name in options.sets:
            pictures = sets[name]
            X_test, y_test = pictures.pictures(pictures.test, backbone.preprocessing), pictures.y[pictures.test]
            for per_class in options.per_class:
                for seed in range(options.draws):
                    drawn = pictures.draw(per_class, seed)
                    X, y = pictures.pictures(drawn, backbone.preprocessing), pictures.y[drawn]
                    cache = ActivationCache(max_bytes=2**31)
                    for change, parameters in {"as it is": {}, **changes}.items():
                        model = TransferClassifier(
                            backbone,
                            freeze=options.depth,
                            image_size=pictures.pixels,
                            cache=cache,
                            random_state=seed,
                            **parameters,
                        )
                        score = balanced_accuracy_score(y_test, model.fit(X, y).predict(X_test))
                        scores.setdefault(change, {}).setdefault(name, []).append(float(score))
                        print(network, name, per_class, seed, change, f"{score:.3f}", flush=True)
    usual = scores["as it is"]
    rows = []
    for change, found in scores.items():
        row = [change, *(f"{np.mean(found[name]):.3f}" for name in options.sets)]
        gain = "" if found is usual else difference_in_words(list(chain(*found.values())), list(chain(*usual.values())))
        rows.append([*row, gain])
    notes = [
        f"Balanced accuracy, mean over {', '.join(options.backbones)}, {' and '.join(map(str, options.per_class))} per "
        f"class and {options.draws} draws; freeze={options.depth}. The last column: the "
        "difference to the recipe as it is with its 95 % interval, by Student's t over all fits."
    ]
    name = f"{options.name}-{options.change.replace(' ', '-')}" if options.change else options.name
    save_table(name, ["change", *options.sets, "difference"], rows, notes)


if __name__ == "__main__":
    main()
