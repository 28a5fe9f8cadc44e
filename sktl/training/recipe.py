"""Defaults that the data and the network decide."""

import inspect
import math
from collections.abc import Callable
from typing import Literal

import torch

from sktl.training._batches import count_batches

__all__ = [
    "choose_batch_size",
    "choose_epochs",
    "choose_lr",
    "choose_lr_decay",
    "choose_optimizer",
    "choose_training_precision",
    "choose_weight_decay",
    "takes_groups",
    "takes_weight_decay",
]

# AdamW rates of the head in fine-tuning, by the backbone's parameters: small networks take larger steps. That of the
# smallest, and the factor for few samples, are those that did best with all but two stages trained on the sets of
# benchmarks/auto_freeze.py that are far from ImageNet; benchmarks/recipe_options.py compares rates.
FINE_TUNING_RATES = ((8e6, 1e-3), (30e6, 1e-4), (120e6, 5e-5), (math.inf, 2e-5))
FEW_SAMPLES, FEW_SAMPLES_FACTOR = 100, 0.4
# No more than this near to the old task, where faster steps forget what the network knows
# (benchmarks/recipe_options.py on ants and bees).
NEAR_RATE = 1.5e-4
FROM_SCRATCH_RATE = 1e-3  # torch's own default for Adam and AdamW
SGD_FACTOR = 30  # BiT fine-tunes by SGD at 3e-3 where AdamW takes 1e-4
# Later stages are the more specific to the old task, so they move more. On hand signs and written digits, 10 and 50 of
# each, .8 per CNN stage did better than .5 in all but one of first trials; .9 per transformer block is AutoGluon's.
DECAY_PER_STAGE = {"cnn": 0.8, "mlp": 0.5, "transformer": 0.9}
FINE_TUNING_EPOCHS = 10  # from a head at its optimum; fastai takes 1 + 4, AutoGluon 20 from a random head
FINE_TUNING_STEPS = 100  # with fewer, small sets end before the stages have moved
WEIGHT_DECAY = 1e-3  # AutoGluon's
# Of .01, .3, 1 and 3 the best on Tox21's validation molecules with which small tables lose nothing; at a rate of 1e-3
# weights then forget with a half-life of 700 steps.
FROM_SCRATCH_DECAY = 1.0
FROM_SCRATCH_STEPS = 500  # BiT's shortest schedule
FROM_SCRATCH_EPOCHS = 20
# Optimisers that train no network of layers by themselves, and why.
UNFIT = {
    "Optimizer": "is what all optimisers have in common",
    "SparseAdam": "takes sparse gradients, and those of a network are dense",
    "Muon": "takes matrices alone, and a network has biases too",
}
# Values of a picture, of three colours: below it, steps are too short for the rounding of weights and maps to pay. From
# 64 by 64 pixels on, a unit for matrices takes half to two thirds of the time. One for vectors takes about all of it at
# that size where convolutions are depthwise; from 128 by 128 on it takes .45 to .98 (benchmarks/training_precision.py).
WORTH_ROUNDING = {"matrices": 3 * 64 * 64, "vectors": 3 * 128 * 128}


def choose_batch_size(batch_size: int | Literal["auto"], n_samples: int, rows_are_vectors: bool) -> int:
    """Return the samples per step: 32 for pictures; for vectors a hundredth of the data, within 64 and 512."""
    if batch_size != "auto":
        return int(batch_size)  # torch takes no integers of numpy's
    if not rows_are_vectors:
        return 32
    return min(512, max(64, 2 ** round(math.log2(n_samples / 100)) if n_samples > 100 else 64))


def choose_epochs(max_epochs: int | Literal["auto"], n_samples: int, batch_size: int, starts_trained: bool) -> int:
    """Return the epochs: 10 for a network that starts trained, or as many as make 100 steps; else 20, or 500 steps."""
    if max_epochs != "auto":
        return int(max_epochs)
    epochs, steps = (
        (FINE_TUNING_EPOCHS, FINE_TUNING_STEPS) if starts_trained else (FROM_SCRATCH_EPOCHS, FROM_SCRATCH_STEPS)
    )
    return max(epochs, math.ceil(steps / count_batches(n_samples, batch_size)))


def choose_lr(
    lr: float | Literal["auto"],
    n_parameters: int,
    n_samples: int,
    starts_trained: bool,
    optimizer: type,
    is_near: bool = False,
) -> float:
    """Return the head's learning rate, by the number of the backbone's parameters.

    It is lower with few samples, and where the task is near to that of the weights.
    """
    if lr != "auto":
        return lr
    rate = FROM_SCRATCH_RATE
    if starts_trained:
        rate = next(rate for bound, rate in FINE_TUNING_RATES if n_parameters < bound)
        rate *= FEW_SAMPLES_FACTOR if n_samples < FEW_SAMPLES else 1
        rate = min(rate, NEAR_RATE) if is_near else rate
    return rate * (SGD_FACTOR if issubclass(optimizer, torch.optim.SGD) else 1)


def choose_lr_decay(
    lr_decay: float | Literal["auto"], architecture: str, starts_trained: bool, optimizer: type = torch.optim.AdamW
) -> float:
    """Return the factor of the learning rate per stage below the head.

    Raises
    ------
    ValueError
        Where one is given to an optimiser that has one rate for all.
    """
    if lr_decay == "auto":
        return DECAY_PER_STAGE[architecture] if starts_trained and takes_groups(optimizer) else 1.0
    if lr_decay != 1 and not takes_groups(optimizer):
        raise ValueError(
            f"lr_decay={lr_decay} gives stages rates of their own, but optimizer={optimizer.__name__!r} has one for "
            "all: leave it 'auto', or take another optimizer"
        )
    return lr_decay


def choose_optimizer(optimizer: str | type) -> type[torch.optim.Optimizer]:
    """Return an optimiser's class by the name it has in ``torch.optim``.

    Raises
    ------
    ValueError
        Where there is none of that name, or it is for other parameters than a network has.
    """
    found = getattr(torch.optim, optimizer, None) if isinstance(optimizer, str) else optimizer
    if not (isinstance(found, type) and issubclass(found, torch.optim.Optimizer)):
        raise ValueError(
            f"optimizer must be a class of torch.optim or its name, such as 'AdamW' or 'SGD', got {optimizer!r}"
        )
    if found.__name__ in UNFIT:
        raise ValueError(
            f"optimizer={found.__name__!r} {UNFIT[found.__name__]}: take another one, such as 'AdamW' or 'SGD'"
        )
    return found


def takes_groups(optimizer: type) -> bool:
    """Return whether an optimiser takes groups of parameters with a rate each."""
    return not issubclass(optimizer, torch.optim.LBFGS)


def takes_weight_decay(optimizer: type) -> bool:
    """Return whether an optimiser has a weight decay.

    Examples
    --------
    >>> import torch
    >>> from sktl.training import recipe
    >>> [recipe.takes_weight_decay(one) for one in (torch.optim.SGD, torch.optim.Rprop)]
    [True, False]
    """
    known = inspect.signature(optimizer).parameters
    return "weight_decay" in known or any(one.kind is one.VAR_KEYWORD for one in known.values())


def choose_weight_decay(weight_decay: float | Literal["auto"], starts_trained: bool, optimizer: type) -> float:
    """Return the weight decay: 1e-3, but 1 for a network from scratch whose optimiser decays apart from gradients.

    Raises
    ------
    ValueError
        Where one is given to an optimiser that has none.
    """
    if not takes_weight_decay(optimizer):
        if weight_decay not in ("auto", 0):
            raise ValueError(
                f"weight_decay={weight_decay} is given, but optimizer={optimizer.__name__!r} has none: leave it "
                "'auto', or take another optimizer"
            )
        return 0.0
    if weight_decay != "auto":
        return weight_decay
    is_decoupled = issubclass(optimizer, torch.optim.AdamW)
    return FROM_SCRATCH_DECAY if is_decoupled and not starts_trained else WEIGHT_DECAY


def choose_training_precision(
    precision: str, unit: str | None, architecture: str, starts_trained: bool, count_values: Callable[[], int]
) -> str:
    """Return the type of the products of stages while they are trained.

    "auto" is bfloat16 for convolutional networks that start trained, on samples of some size (``count_values`` returns
    the values of one), where there is a unit for such products. Attention, and normalisation by batch statistics, gain
    little by it or lose.
    """
    if precision != "auto":
        return "bfloat16" if precision == "bfloat16" else "float32"  # in float16 gradients vanish unless scaled
    pays = unit is not None and architecture == "cnn" and starts_trained and count_values() >= WORTH_ROUNDING[unit]
    return "bfloat16" if pays else "float32"
