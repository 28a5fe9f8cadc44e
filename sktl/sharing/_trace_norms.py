"""Steps that leave towers with few common directions."""

import torch

__all__ = ["TRACE_NORMS", "shrink_last_axis", "shrink_tensor_train", "shrink_tucker"]


def shrink_last_axis(towers: torch.Tensor, amount: float) -> torch.Tensor:
    """Return the proximal step of amount · the trace norm of the matrix whose rows are the towers.

    Source of this norm and of the two below: Yang and Hospedales, "Trace Norm Regularised Deep Multi-Task Learning",
    ICLR workshop 2017, where the axis of towers comes last.
    """
    return _shrink(towers.flatten(1), amount).reshape(towers.shape)


def shrink_tucker(towers: torch.Tensor, amount: float) -> torch.Tensor:
    """Return a step for the sum of the trace norms over all unfoldings, taken one after the other.

    The proximal steps of the terms in turn are an incremental proximal method (Bertsekas, 2011).
    """
    for axis in range(towers.ndim):
        unfolded = towers.movedim(axis, 0)
        towers = _shrink(unfolded.flatten(1), amount).reshape(unfolded.shape).movedim(0, axis)
    return towers


def shrink_tensor_train(towers: torch.Tensor, amount: float) -> torch.Tensor:
    """Return a step for the sum of the trace norms over all splits of the axes in two, the towers' axis being last."""
    turned = towers.permute(*reversed(range(towers.ndim)))
    for split in range(1, turned.ndim):
        shape = turned.shape
        turned = _shrink(turned.flatten(split).flatten(0, split - 1), amount).reshape(shape)
    return turned.permute(*reversed(range(turned.ndim)))


def _shrink(matrix: torch.Tensor, amount: float) -> torch.Tensor:
    """Return a matrix with each singular value smaller by ``amount``, but not below 0 (Cai, Candès and Shen, 2010)."""
    if len(matrix) > matrix.shape[1]:
        return _shrink(matrix.T, amount).T
    values, vectors = torch.linalg.eigh(matrix @ matrix.T)
    roots = values.clamp(min=torch.finfo(matrix.dtype).tiny).sqrt()
    return (vectors * (1 - amount / roots).clamp(min=0)) @ (vectors.T @ matrix)


# What ``SoftSharing(penalty=...)`` may be, beside the distance to what towers have in common.
TRACE_NORMS = {
    "trace": shrink_last_axis,
    "trace_tucker": shrink_tucker,
    "trace_tt": shrink_tensor_train,
}
