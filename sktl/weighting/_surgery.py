"""One gradient out of several that pull in different directions, by torchjd."""

import torch

from sktl.utils._optional import import_optional
from sktl.weighting._rule import GradientRule

__all__ = ["PCGrad", "UPGrad"]


class PCGrad(GradientRule):
    """Each task's gradient loses what points against that of another task, then they are summed.

    Source: Yu et al., "Gradient Surgery for Multi-Task Learning", NeurIPS 2020.
    """

    def combine(self, gradients: torch.Tensor) -> torch.Tensor:
        """Return one gradient (n_parameters,) for those of the labelled tasks (n_labelled, n_parameters)."""
        return _aggregator("PCGrad")(gradients)


class UPGrad(GradientRule):
    """Each task's gradient is projected onto the cone of those that hurt no task, then they are summed.

    Source: Quinton and Rey, "Jacobian Descent for Multi-Objective Optimization", 2024.
    """

    def combine(self, gradients: torch.Tensor) -> torch.Tensor:
        """Return one gradient (n_parameters,) for those of the labelled tasks (n_labelled, n_parameters)."""
        return len(gradients) * _aggregator("UPGrad")(gradients)  # torchjd takes their mean


def _aggregator(name: str):
    """Return an aggregator of torchjd."""
    return getattr(
        import_optional("torchjd.aggregation", extra="surgery", purpose=f"weighting={name.lower()!r}"), name
    )()
