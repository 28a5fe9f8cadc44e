"""What a freeze policy may know."""

import dataclasses
from collections.abc import Callable, Mapping

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
    device : str, default="cpu"
        The type of the device that computes, such as ``"cpu"`` or ``"cuda"``.
    probe_losses : callable or None, default=None
        Returns the held-out losses of linear heads: ``"last"``, of one that reads the last stage, ``"late"``, of one
        that reads the later half of the stages side by side; or None, where there is one later stage only. It costs a
        pass over the data. None: not to be had.
    """

    stage_sizes: tuple[int, ...]
    n_samples: int
    samples_per_class: float
    architecture: str = "cnn"
    is_pretrained: bool = True
    device: str = "cpu"
    probe_losses: Callable[[], Mapping[str, float] | None] | None = None

    @property
    def n_stages(self) -> int:
        """The number of stages."""
        return len(self.stage_sizes)

    @property
    def n_parameters(self) -> int:
        """The number of parameters of all stages."""
        return sum(self.stage_sizes)
