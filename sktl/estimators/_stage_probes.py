"""Linear heads behind the stages of a network, tried before it is decided what to train."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

from sktl.estimators._problem import Problem
from sktl.features import FrozenActivations, Samples
from sktl.freezing import late_stages_do_better
from sktl.training import mean_held_out_loss

__all__ = ["StageProbes", "late_stages"]

# From as many, losses of two heads on the same folds compare well, and more would cost seconds.
MAX_SAMPLES = 500


@dataclasses.dataclass(frozen=True)
class StageProbes:
    """What linear heads behind the stages are worth on held-out folds; nothing is computed until it is asked for.

    Parameters
    ----------
    samples : Samples
        The training samples.
    problem : Problem
        What is learned from them.
    open_activations : callable
        Returns the activations of samples.
    """

    samples: Samples
    problem: Problem
    open_activations: Callable[[Samples], FrozenActivations]

    @functools.cached_property
    def _chosen(self) -> np.ndarray:
        n_samples = self.problem.n_samples
        if n_samples <= MAX_SAMPLES:
            return np.arange(n_samples)
        return np.sort(np.random.default_rng(self.problem.seed).permutation(n_samples)[:MAX_SAMPLES])

    @functools.cached_property
    def _features(self) -> list[np.ndarray]:
        chosen = self._chosen
        samples = self.samples.subset(chosen) if len(chosen) < len(self.samples) else self.samples
        return self.open_activations(samples).stage_features()

    def _loss(self, depths: tuple[int, ...]) -> float:
        problem, chosen = self.problem, self._chosen
        blocks = [self._features[depth - 1] for depth in depths]
        return mean_held_out_loss(problem.tasks, blocks, problem.targets[chosen], problem.weights[chosen], problem.seed)

    @functools.cached_property
    def losses(self) -> dict[str, float] | None:
        """The held-out losses of a head that reads the last stage, and of one that reads the late ones side by side.

        None where the last stage is the only late one.
        """
        last, late = (len(self._features),), late_stages(len(self._features))
        return None if late == last else {"last": self._loss(last), "late": self._loss(late)}

    @property
    def known_losses(self) -> dict[str, float] | None:
        """The losses, if they were asked for."""
        return vars(self).get("losses")

    @property
    def head_stages(self) -> tuple[int, ...]:
        """Behind how many stages heads should read: the late ones together, if that has the lesser held-out loss."""
        n_stages = len(self._features)
        return late_stages(n_stages) if self.losses and late_stages_do_better(self.losses) else (n_stages,)


def late_stages(n_stages: int) -> tuple[int, ...]:
    """Return the depths behind which the later half of the stages end."""
    return tuple(range(n_stages // 2 + 1, n_stages + 1))
