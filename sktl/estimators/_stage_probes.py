"""Linear heads behind the stages of a network, tried before it is decided what to train."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

from sktl.estimators._problem import Problem
from sktl.features import FrozenActivations, Samples
from sktl.training import held_out_heads

__all__ = ["StageProbes", "late_stages"]

# A linear head's score from as many is known to two points, and more would cost seconds.
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

    def _held_out(self, depths: tuple[int, ...]):
        problem, chosen = self.problem, self._chosen
        blocks = [self._features[depth - 1] for depth in depths]
        return held_out_heads(problem.tasks, blocks, problem.targets[chosen], problem.weights[chosen], problem.seed)

    @functools.cached_property
    def scores(self) -> tuple[float, ...]:
        """The held-out score of a head behind each of the late stages alone."""
        return tuple(self._held_out((depth,)).score for depth in late_stages(len(self._features)))

    def named_scores(self, stage_names: tuple[str, ...]) -> dict[str, float] | None:
        """Return the scores by the names of the stages, if they were asked for."""
        scores = vars(self).get("scores")
        return None if scores is None else dict(zip(stage_names[-len(scores) :], scores, strict=True))

    @functools.cached_property
    def head_stages(self) -> tuple[int, ...]:
        """Behind how many stages heads should read: the late ones together, if that has the lesser held-out loss."""
        n_stages = len(self._features)
        late, last = late_stages(n_stages), (n_stages,)
        if late == last:
            return last
        return late if self._held_out(late).loss < self._held_out(last).loss else last


def late_stages(n_stages: int) -> tuple[int, ...]:
    """Return the depths behind which the later half of the stages end."""
    return tuple(range(n_stages // 2 + 1, n_stages + 1))
