"""What a freeze policy may know."""

import dataclasses
from collections.abc import Callable, Sequence

__all__ = ["Situation"]


@dataclasses.dataclass(frozen=True)
class Situation:
    """The sizes that a freeze policy decides by.

    Parameters
    ----------
    stage_sizes : tuple of int
        Number of parameters of each stage.
    n_samples : int
        Training samples.
    samples_per_class : float
        Training samples in the smallest class; for regression ``n_samples / 10``, as if the target were cut into ten
        classes.
    architecture : {"cnn", "transformer", "mlp"}
        The kind of network.
    is_pretrained : bool
        Whether the weights were learned.
    score_stages : callable or None, default=None
        Returns the held-out score of a linear head behind each of the later stages, to the last, 1 being best. It
        costs a pass over the data. None: not to be had.
    """

    stage_sizes: tuple[int, ...]
    n_samples: int
    samples_per_class: float
    architecture: str = "cnn"
    is_pretrained: bool = True
    score_stages: Callable[[], Sequence[float]] | None = None

    @property
    def n_stages(self) -> int:
        """The number of stages."""
        return len(self.stage_sizes)
