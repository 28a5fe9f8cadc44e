"""A task that comes later: what it gains, and what the old ones lose, for each way to treat the trunk.

Each network is fitted to the old tasks, then gets the new one from other samples by ``add_task``. ``--spoken`` adds
recordings of digits, which are named <digit>_<speaker>_<take>.wav: first the digit, then the speaker.

    python benchmarks/added_task.py [--spoken FOLDER]
"""

import argparse
import pathlib
import pickle

import numpy as np
from _table import save_table
from scipy.io import wavfile
from scipy.signal import stft
from sklearn.datasets import load_digits

from sktl import MultiTaskClassifier
from sktl.backbones import MLP

N_SEEDS = 3
TRUNKS = ("frozen", "lwf", "ewc", "train")
LENGTHS = {
    "as it comes": {},
    "50 epochs at 2e-3 in all layers": {"max_epochs": 50, "lr": 2e-3, "lr_decay": 1.0},
}
N_BANDS, N_FRAMES = 32, 16


def written_digits(inverted):
    """Return inputs of the old tasks and of the new one (1797, 64), old labels (1797, 2), and new ones (1797,)."""
    X, digit = load_digits(return_X_y=True)
    X = X / 16
    return X, 1 - X if inverted else X, np.column_stack([digit % 2, digit > 4]), np.isin(digit, [2, 3, 5, 7])


def spoken_digits(folder):
    """Return inputs (n, 512) twice, the digits (n, 1), and the speakers (n,)."""
    paths = sorted(folder.glob("*.wav"))
    X = np.array([spectrogram(path) for path in paths], dtype=np.float32)
    X = (X - X.mean()) / X.std()
    digits, speakers = zip(*(path.stem.split("_")[:2] for path in paths), strict=True)
    return X, X, np.array(digits, dtype=int)[:, None], np.array(speakers)


def spectrogram(path):
    """Return log-powers (512,) of a recording: 32 bands in 16 parts of its length."""
    rate, sound = wavfile.read(path)
    power = np.abs(stft(sound.astype(float), rate, nperseg=256, noverlap=224)[2][1:]) ** 2
    bands = power.reshape(N_BANDS, -1, power.shape[1]).mean(axis=1)
    parts = [part.mean(axis=1) for part in np.array_split(np.log(bands + 1e-3), N_FRAMES, axis=1)]
    return np.concatenate(parts)


def scores(data, sizes, hidden, settings):
    """Return the mean score of the old tasks before and after, and that of the new one, by trunk (N_SEEDS, 3)."""
    old_X, new_X, old, new = data
    found = {trunk: [] for trunk in TRUNKS}
    for seed in range(N_SEEDS):
        first, later, test = np.split(np.random.default_rng(seed).permutation(len(new)), np.cumsum(sizes))
        fitted = MultiTaskClassifier(MLP(hidden), random_state=seed).fit(old_X[first], old[first])
        packed = pickle.dumps(fitted.set_params(**settings))
        for trunk in TRUNKS:
            classifier = pickle.loads(packed)
            classifier.add_task(new_X[later], new[later], "new", trunk=trunk, test=(old_X[test], old[test]))
            table = classifier.forgetting_.table.values()
            before, after = (np.mean([row[when] for row in table]) for when in ("before", "after"))
            right = classifier.predict(new_X[test])[:, -1] == new[test]
            found[trunk].append([before, after, np.mean(right.astype(float))])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spoken", type=pathlib.Path)
    arguments = parser.parse_args()
    cases = {
        "written digits": (written_digits(False), (700, 400), (64, 32)),
        "written digits, the later ones inverted": (written_digits(True), (700, 400), (64, 32)),
    }
    if arguments.spoken:
        cases["spoken digits, then speakers"] = (spoken_digits(arguments.spoken), (1500, 500), (256, 256))
    rows = []
    for case, (data, sizes, hidden) in cases.items():
        for length, settings in LENGTHS.items():
            for trunk, values in scores(data, sizes, hidden, settings).items():
                before, after, new = np.mean(values, axis=0)
                worst = np.min([after - before for before, after, _ in values])
                cells = [before, after, new]
                rows.append([case, length, trunk, *(f"{cell:.3f}" for cell in cells), f"{worst:+.3f}"])
                print(rows[-1], flush=True)
    notes = [
        f"Accuracies, means of {N_SEEDS} seeds: over the old tasks before and after, and of the new task. Written "
        "digits: odd and above 4, from 700 pictures; then prime, from 400. Spoken digits: which digit, from 1,500 "
        "recordings; then which speaker, from 500. The rest are to judge by.",
        "The largest loss: the worst change over seeds of the mean over the old tasks.",
    ]
    header = ["data", "training", "trunk", "old before", "old after", "new", "largest loss"]
    save_table("added_task", header, rows, notes)


if __name__ == "__main__":
    main()
