"""Several views of the same samples."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from sktl.features._rows import Rows, batch_by_batch

__all__ = ["ViewRows", "stack_views"]


@dataclasses.dataclass(frozen=True)
class ViewRows:
    """Rows of several views of the same samples, of which each sample in a batch gets one at random.

    The views are drawn from torch's global generator, evenly and with replacement. With a single view nothing is drawn.

    Parameters
    ----------
    views : sequence of Rows
        The rows of each view, sample by sample in the same order and of one shape.

    Raises
    ------
    ValueError
        Where there is no view, or views differ in their number of samples.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from sktl.features import ArrayRows, ViewRows
    >>> rows = ViewRows([ArrayRows(np.arange(4)), ArrayRows(np.arange(4) + 10)])
    >>> generator = torch.manual_seed(0)
    >>> rows.batch(np.array([3, 0, 1, 1]))
    tensor([ 3, 10, 11,  1])
    """

    views: Sequence[Rows]

    def __post_init__(self):
        lengths = [len(rows) for rows in self.views]
        if len(set(lengths)) != 1:
            raise ValueError(f"views have {lengths} samples: expected at least one view, and the same samples in each")

    def __len__(self) -> int:
        return len(self.views[0])

    def batch(self, indices: np.ndarray) -> torch.Tensor:
        """Return a row of a random view for each of ``indices``, as a new tensor (b, ...)."""
        if len(self.views) == 1:
            return self.views[0].batch(indices)
        drawn = torch.randint(len(self.views), (len(indices),))
        batch = None
        for number, rows in enumerate(self.views):
            at = torch.nonzero(drawn == number).flatten()
            if len(at):
                part = rows.batch(indices[at.numpy()])
                batch = part.new_empty(len(indices), *part.shape[1:]) if batch is None else batch
                batch[at] = part
        assert batch is not None  # as there is an index at least
        return batch

    def batches(self, indices: np.ndarray, batch_size: int) -> Iterator[torch.Tensor]:
        """Yield rows of random views in tensors of ``batch_size`` rows; the last may be shorter."""
        return batch_by_batch(self, indices, batch_size)

    def on(self, device: torch.device) -> "ViewRows":
        """Return the same views, of which a device holds as many as it has room to spare for."""
        return ViewRows([rows.on(device) for rows in self.views])


def stack_views(features: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the features of several views as those of one larger set of samples.

    Parameters
    ----------
    features : sequence of ndarray of shape (n_samples, n_features)
        The features of each view, sample by sample in the same order.

    Returns
    -------
    stacked : ndarray of shape (n_views * n_samples, n_features)
        View after view: row ``v * n_samples + i`` is view ``v`` of sample ``i``.
    sample : ndarray of int, shape (n_views * n_samples,)
        The sample that each row is a view of. So ``targets[sample]`` and ``weights[sample] / n_views`` are the targets
        and the weights of the rows, and folds by ``sample`` keep the views of a sample together.

    Raises
    ------
    ValueError
        Where there is no view, or views differ in shape.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.features import stack_views
    >>> plain = np.array([[1.0], [2.0]])
    >>> stacked, sample = stack_views([plain, plain + 0.5])
    >>> stacked.ravel(), sample
    (array([1. , 2. , 1.5, 2.5]), array([0, 1, 0, 1]))
    """
    shapes = [view.shape for view in features]
    if len(set(shapes)) != 1:
        raise ValueError(
            f"the features of views have the shapes {shapes}: expected at least one view, all of one shape"
        )
    return np.concatenate(features), np.tile(np.arange(len(features[0])), len(features))
