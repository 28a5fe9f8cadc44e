"""Linear heads from class means, for few labels."""

import dataclasses

import numpy as np
from scipy import linalg

from sktl.training._probe import LinearProbe

__all__ = ["PrototypeSums", "solve_prototypes"]

# What the covariance starts from counts as this many samples for each feature. On frozen features of two
# networks and four sets, 1 to 40 samples a class, 0.1 to 1 are within a point of each other on average.
PRIOR_SAMPLES_PER_FEATURE = 0.3
# With ten classes or more the temperature that is best on test samples is near this share of the mean squared distance
# between prototypes, divided by this power of the samples a class: within a third, for those networks and sets.
TEMPERATURE_SHARE, TEMPERATURE_POWER = 0.1, 0.25
# The share of that distance that is no noise is estimated with noise, and is often below zero where samples are few. It
# is held above this, divided by the root of the degrees of freedom: about its standard error for those sets.
LEAST_SIGNAL = 0.4
# Where samples abound, the Gaussian model that the distances are of needs no temperature.
LEAST_TEMPERATURE = 1.0
# Features that differ by less, in squares and beside their own, are alike but for rounding.
ALIKE = 1e-12
# Logit of a class that no sample is of, below the mean of the others.
UNSEEN = float(np.log(1e-6))


@dataclasses.dataclass(frozen=True)
class PrototypeSums:
    """All that prototypes need to know of the samples; further samples and classes can be added at any time.

    What is kept of the samples beside the sums has at most one row for each feature, however many there are. Samples
    may come in any order and in any number of parts.

    Parameters
    ----------
    counts : ndarray of shape (n_classes,)
        The sum of the weights of each class: its number of samples where these weigh 1.
    sums : ndarray of shape (n_classes, n_features)
        The weighted sum of the features of each class.
    root : ndarray of shape (n_rows, n_features)
        A matrix with root' root = Σ w x x', n_rows ≤ n_features.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.training._prototypes import PrototypeSums
    >>> sums = PrototypeSums.empty(n_classes=2, n_features=3)
    >>> sums = sums.add(np.array([[1.0, 0, 0], [3.0, 0, 0]]), np.array([0, 0]))
    >>> sums.grow(3).add(np.array([[0.0, 0, 5]]), np.array([2])).counts
    array([2., 0., 1.])
    """

    counts: np.ndarray
    sums: np.ndarray
    root: np.ndarray

    @classmethod
    def empty(cls, n_classes: int, n_features: int) -> "PrototypeSums":
        """Return the sums over no sample."""
        return cls(np.zeros(n_classes), np.zeros((n_classes, n_features)), np.zeros((0, n_features)))

    @property
    def n_classes(self) -> int:
        """The number of classes, those without a sample among them."""
        return self.sums.shape[0]

    @property
    def n_features(self) -> int:
        """The number of features."""
        return self.sums.shape[1]

    def add(
        self, features: np.ndarray, class_numbers: np.ndarray, weights: np.ndarray | None = None
    ) -> "PrototypeSums":
        """Return the sums over these samples too.

        Parameters
        ----------
        features : ndarray of shape (n_samples, n_features)
        class_numbers : ndarray of shape (n_samples,)
            From 0 to n_classes - 1; whole numbers of any type.
        weights : ndarray of shape (n_samples,), default=None
            0 or more. A weight of 2 counts as the sample twice. None: 1 each.

        Raises
        ------
        ValueError
            Where the numbers of samples or features differ, a class is out of range, or a weight is below 0.
        """
        features = np.asarray(features, dtype=np.float64)
        numbers = np.asarray(class_numbers).astype(int)
        weights = np.ones(len(features)) if weights is None else np.asarray(weights, dtype=np.float64)
        self._check(features, numbers, weights)
        chosen = weights > 0
        features, numbers, weights = features[chosen], numbers[chosen], weights[chosen]
        counts = self.counts + np.bincount(numbers, weights, minlength=self.n_classes)
        sums = self.sums.copy()
        np.add.at(sums, numbers, features * weights[:, None])
        return PrototypeSums(counts, sums, _joined(self.root, features * np.sqrt(weights)[:, None]))

    def grow(self, n_classes: int, places: np.ndarray | None = None) -> "PrototypeSums":
        """Return the same sums among more classes.

        Parameters
        ----------
        n_classes : int
            How many classes there are now.
        places : ndarray of shape (n_classes before,), default=None
            The numbers that the classes so far have from now on. None: those they had.

        Raises
        ------
        ValueError
            Where there are fewer classes than before, or places are no distinct numbers below ``n_classes``.
        """
        if n_classes < self.n_classes:
            raise ValueError(f"there are {self.n_classes} classes already, got n_classes={n_classes}: none is dropped")
        places = np.arange(self.n_classes) if places is None else np.asarray(places)
        if len(places) != self.n_classes or not set(places.tolist()) <= set(range(n_classes)):
            raise ValueError(
                f"places must be a number from 0 to {n_classes - 1} for each of the {self.n_classes} classes so far, "
                f"got {places.tolist()}"
            )
        if len(set(places.tolist())) < len(places):
            raise ValueError(f"places must be distinct, got {places.tolist()}: give each class a number of its own")
        counts, sums = np.zeros(n_classes), np.zeros((n_classes, self.n_features))
        counts[places], sums[places] = self.counts, self.sums
        return PrototypeSums(counts, sums, self.root)

    def weighed(self, factor: float) -> "PrototypeSums":
        """Return the sums if each of the samples had weighed a factor more."""
        return PrototypeSums(factor * self.counts, factor * self.sums, np.sqrt(factor) * self.root)

    def _check(self, features: np.ndarray, numbers: np.ndarray, weights: np.ndarray) -> None:
        """Raise where samples do not fit."""
        if features.ndim != 2 or features.shape[1] != self.n_features:
            raise ValueError(f"features must be of shape (n_samples, {self.n_features}), got {features.shape}")
        if not len(features) == len(numbers) == len(weights):
            raise ValueError(
                f"there must be a class and a weight for each sample, got {len(features)} samples, {len(numbers)} "
                f"classes and {len(weights)} weights"
            )
        if len(numbers) and not 0 <= numbers.min() <= numbers.max() < self.n_classes:
            raise ValueError(
                f"class numbers must be from 0 to {self.n_classes - 1}, got {numbers.min()} to {numbers.max()}: grow "
                "the sums before samples of new classes are added"
            )
        if (weights < 0).any():
            raise ValueError(f"weights must be 0 or more, got {weights.min()}")


def solve_prototypes(sums: PrototypeSums, *, n_outputs: int | None = None) -> LinearProbe:
    """Return the linear head that names the class of the nearest prototype.

    A prototype m_c is the mean of a class (Snell et al., 2017). The squared distance of x to it, d_c(x) =
    (x - m_c)' A⁻¹ (x - m_c), is linear in x but for what all classes have in common, so that softmax(-d / 2τ) is a
    linear head. All classes count alike, however many samples they have.

    A is a covariance, as in linear discriminant analysis: of the samples about the means of their classes, each drawn
    to the mean of all by one sample imagined there, so that A has a meaning with one sample a class too. With few
    samples it is drawn to μ I, μ its mean variance: A = (Σ_i w_i z_i z_i' + ν μ I) / (Σ_i w_i + ν), with
    ν = 0.3 · n_features. This is the estimate under an inverse Wishart prior of ν degrees of freedom.

    The temperature τ makes probabilities of these distances, which would be far too sure of themselves. It is the
    largest of three. The first is 1, right for a Gaussian model that is known. The second is 0.1 · D / n^¼, with D the
    mean squared distance between two prototypes and n the geometric mean of the samples a class: an experience with
    frozen features. The third is V / (D - E), which is right for two Gaussian classes whose means and covariance are
    estimates. V is the variance of half the difference of two distances, and E the part of D that is noise in the
    means. Both come from the covariance S of samples about their class means, as leaving each sample out would
    show it, by way of the mean leverage h (Golub, Heath and Wahba, 1979): V is the mean of u' S u / (1 - h)² over
    pairs, u = A⁻¹ (m_a - m_b), and E that of tr(A⁻¹ S) / (1 - h) · (1 / n_a + 1 / n_b); D - E is held above
    0.4 D / √(Σ_i w_i - n_classes). With one sample a class there is no S, and no third.

    Parameters
    ----------
    sums : PrototypeSums
        The samples. A class that has none is next to impossible.
    n_outputs : int, default=None
        None: a weight row and a bias for each class, also for two. 1: the logit of the second of two classes.

    Returns
    -------
    LinearProbe
        Its ``temperature`` is τ; ``penalty`` and ``loss`` are NaN, as the sums do not tell.

    Raises
    ------
    ValueError
        Where there is no sample, or ``n_outputs`` does not go with the number of classes.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.training._prototypes import PrototypeSums, solve_prototypes
    >>> features = np.array([[0.0, 1], [0.0, 3], [8.0, 1], [8.0, 3]])
    >>> probe = solve_prototypes(PrototypeSums.empty(2, 2).add(features, np.array([0, 0, 1, 1])))
    >>> (np.array([[1.0, 9], [7.0, 9]]) @ probe.weight.T + probe.bias).argmax(axis=1)
    array([0, 1])
    """
    n_classes = sums.n_classes
    if n_outputs not in (None, n_classes) and (n_outputs, n_classes) != (1, 2):
        raise ValueError(
            f"n_outputs must be None or {n_classes}, the number of classes, or 1 if there are two, got {n_outputs}"
        )
    seen = np.flatnonzero(sums.counts > 0)
    if not len(seen):
        raise ValueError("prototypes are means of samples, and there is none: add samples first")
    weight, bias = np.zeros((n_classes, sums.n_features)), np.full(n_classes, UNSEEN)
    weight[seen], bias[seen], temperature = _solve(sums.counts[seen], sums.sums[seen], sums.root)
    if n_outputs == 1:
        weight, bias = weight[1:] - weight[:1], bias[1:] - bias[:1]
    return LinearProbe(weight, bias, np.nan, temperature, np.nan, 1)


def _solve(counts: np.ndarray, sums: np.ndarray, root: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return weights, biases and the temperature for classes all of which have samples."""
    n_classes, n_features = sums.shape
    means = sums / counts[:, None]
    centre = means.mean(axis=0)
    # All that happens, happens in the dimensions that the samples span.
    axes = linalg.qr(root.T, mode="economic")[0] if len(root) < n_features else np.eye(n_features)
    rotated, offsets, root = means @ axes, (means - centre) @ axes, root @ axes
    within = root.T @ root - (rotated.T * counts) @ rotated
    drawn = offsets * (np.sqrt(counts) / (counts + 1))[:, None]
    scatter = within + drawn.T @ drawn
    total = np.trace(scatter)
    if total <= ALIKE * np.square(root).sum():  # nothing tells the classes apart
        return np.zeros_like(means), np.zeros(n_classes), LEAST_TEMPERATURE
    n_samples, prior = counts.sum(), PRIOR_SAMPLES_PER_FEATURE * n_features
    mean_variance = total / (n_samples * n_features)
    covariance = (scatter + prior * mean_variance * np.eye(len(scatter))) / (n_samples + prior)
    inverse = linalg.inv(covariance)
    rows = offsets @ inverse
    lengths = np.einsum("ij,ij->i", rows, offsets)
    temperature = _temperature(counts, rows, lengths, within, inverse, n_samples + prior)
    weight = rows @ axes.T / temperature
    return weight, -weight @ centre - (lengths - lengths.mean()) / (2 * temperature), temperature


def _temperature(
    counts: np.ndarray,
    rows: np.ndarray,
    lengths: np.ndarray,
    within: np.ndarray,
    inverse: np.ndarray,
    n_effective: float,
) -> float:
    """Return what half the squared distances are divided by."""
    n_classes = len(counts)
    if n_classes == 1:
        return LEAST_TEMPERATURE
    per_pair = 2 / (n_classes - 1)  # makes a sum over classes a mean over pairs, for rows that sum to zero
    distance = per_pair * lengths.sum()
    usual = TEMPERATURE_SHARE * distance / np.exp(np.log(counts).mean()) ** TEMPERATURE_POWER
    freedom = counts.sum() - n_classes
    if freedom <= 0:
        return float(max(LEAST_TEMPERATURE, usual))
    spread = np.einsum("ij,ji->", inverse, within) / freedom
    held_in = 1 - min(spread / n_effective, 0.99)  # 1 - h; weights that are no counts can make h too large
    variance = per_pair * np.einsum("ij,jk,ik->", rows, within / freedom, rows) / held_in**2
    noise = spread / held_in * 2 * (1 / counts).mean()
    signal = max(distance - noise, LEAST_SIGNAL / max(np.sqrt(freedom), 1) * distance)
    return float(max(LEAST_TEMPERATURE, usual, variance / signal))


def _joined(root: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return a root of the sum of two products, with a row for each feature at most."""
    if len(root) + len(rows) <= root.shape[1]:
        return np.concatenate([root, rows])
    values, vectors = linalg.eigh(root.T @ root + rows.T @ rows)
    keep = values > 0
    return np.sqrt(values[keep])[:, None] * vectors[:, keep].T
