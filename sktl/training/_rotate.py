"""Features in as few dimensions as there are samples."""

import dataclasses
from collections.abc import Sequence

import numpy as np

__all__ = ["Rotation", "join_blocks", "rotate", "row_weights"]

# Features that differ by less, beside their own size, are alike but for rounding.
ALIKE = 1e-9


@dataclasses.dataclass(frozen=True)
class Rotation:
    """Centred features on the axes that the samples span, divided by one number.

    An L2 penalty on linear weights does not see a rotation, so a problem solved here is solved for the features
    themselves, at the cost of min(n_samples, n_features) dimensions.

    Parameters
    ----------
    coordinates : ndarray of shape (n_samples, n_axes)
        The rotated features; a row has the mean squared length 1.
    axes : ndarray of shape (n_axes, n_features) or None
        The axes, or None where the features kept their own.
    mean : ndarray of shape (n_features,)
        What was subtracted.
    scale : float
        What the centred features were divided by.
    """

    coordinates: np.ndarray
    axes: np.ndarray | None
    mean: np.ndarray
    scale: float

    def to_features(self, coef: np.ndarray, intercept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return weights (n_outputs, n_features) and intercepts for the features themselves."""
        weight = (coef if self.axes is None else coef @ self.axes) / self.scale
        return weight, intercept - weight @ self.mean


def rotate(features: np.ndarray, weights: np.ndarray) -> Rotation:
    """Centre features (n_samples, n_features), scale them by one number, and rotate them if that saves dimensions."""
    features = np.asarray(features, dtype=np.float64)
    mean = np.average(features, axis=0, weights=weights)
    centred = features - mean
    scale = np.sqrt(np.average(np.einsum("ij,ij->i", centred, centred), weights=weights))
    if scale <= ALIKE * np.abs(mean).max(initial=0.0):
        centred[:], scale = 0.0, 1.0
    scale = scale or 1.0
    centred /= scale
    if centred.shape[0] >= centred.shape[1] or not centred.any():  # features that are all alike span no axis
        return Rotation(centred, None, mean, float(scale))
    # The Gram matrix is small here, and its eigenvectors give the coordinates without an SVD of the wide matrix.
    values, vectors = np.linalg.eigh(centred @ centred.T)
    keep = values > values[-1] * 1e-10
    roots = np.sqrt(values[keep])
    return Rotation(vectors[:, keep] * roots, (vectors[:, keep] / roots).T @ centred, mean, float(scale))


def join_blocks(blocks: Sequence[np.ndarray], weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return blocks (n_samples, n_features of the block) side by side, and what each feature was divided by.

    Several blocks are brought to the same mean squared distance from their mean, as the activations of one stage may
    be a hundred times as large as those of another, and an L2 penalty would see these alone. Samples count by their
    weights (n_samples,).
    """
    if len(blocks) == 1:
        return blocks[0], np.ones(blocks[0].shape[1])
    spreads = [_spread(block, weights) for block in blocks]
    scales = np.concatenate([np.full(b.shape[1], spread) for b, spread in zip(blocks, spreads, strict=True)])
    return np.concatenate(blocks, axis=1) / scales, scales


def row_weights(weights: np.ndarray) -> np.ndarray:
    """Return one weight per sample (n_samples,) from those of tasks (n_samples, n_tasks), all of which count alike."""
    return (weights / np.maximum(weights.sum(axis=0), np.finfo(weights.dtype).tiny)).sum(axis=1)


def _spread(features: np.ndarray, weights: np.ndarray) -> float:
    """Return the root of the mean squared distance from the mean; 1 where features are alike."""
    features = features.astype(np.float64)
    mean = np.average(features, axis=0, weights=weights)
    spread = float(np.sqrt(np.average(np.square(features - mean), axis=0, weights=weights).sum()))
    return spread if spread > ALIKE * np.abs(mean).max(initial=0.0) else 1.0
