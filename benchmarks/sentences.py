"""Text with few labels: a sentence encoder frozen, deeper, and from scratch, against counts of words.

The texts are the summary lines in the documentation of SciPy, which is installed wherever scikit-learn is; the question
is which part of SciPy a line comes from. They differ a little between releases.

    python benchmarks/sentences.py
"""

import argparse
import collections
import importlib
import inspect
import re
import time

import numpy as np
import scipy
from _paired import difference_in_words
from _table import save_table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline

from sktl import TransferClassifier
from sktl.backbones import Tokenizer

PARTS = ("interpolate", "linalg", "ndimage", "optimize", "signal", "sparse", "special", "stats")
N_PER_PART = 50  # the smallest part has a few more
TEST_PER_PART = 25
SIZES = (5, 20)
BASELINE = "TF-IDF of 2 to 4 letters"
FROM_SCRATCH = "from scratch"
SCRATCH_EPOCHS = 40


def read_summaries():
    """Return the summary lines (n,) of public functions and classes, and the parts of SciPy that they come from."""
    rng = np.random.default_rng(0)
    lines = {}
    for part in PARTS:
        module = importlib.import_module(f"scipy.{part}")
        things = [getattr(module, name) for name in sorted(module.__all__)]
        found = {_summary(thing) for thing in things if callable(thing)}
        lines[part] = {line for line in found if re.search(r"[a-z] [a-z]", line) and "(" not in line.split(" ")[0]}
    counts = collections.Counter(line for found in lines.values() for line in found)
    texts, parts = [], []
    for part, found in lines.items():
        only_here = sorted(line for line in found if counts[line] == 1)
        texts += list(rng.choice(only_here, size=N_PER_PART, replace=False))
        parts += [part] * N_PER_PART
    return np.array(texts, dtype=object), np.array(parts, dtype=object)


def _summary(thing):
    """Return the first paragraph of a docstring in one line, without the signature before it."""
    text = re.sub(r"\A\w+\([^\n]*\)\n+", "", inspect.getdoc(thing) or "")
    return " ".join(text.split("\n\n")[0].split())


def words(**parameters):
    """Return a regression on counts of words or letters, with its penalty found by folds."""
    regression = GridSearchCV(LogisticRegression(max_iter=2000), {"C": [1, 10, 100, 1000]}, cv=3)
    return make_pipeline(TfidfVectorizer(sublinear_tf=True, **parameters), regression)


def sktl_side(**parameters):
    """Return the encoder with a new head."""
    classifier = TransferClassifier("all_minilm_l6_v2", random_state=0, **parameters)
    return make_pipeline(Tokenizer(length=32), classifier)


SIDES = {
    BASELINE: lambda: words(analyzer="char_wb", ngram_range=(2, 4)),
    "TF-IDF of words": lambda: words(),
    'freeze="auto"': lambda: sktl_side(),
    'freeze="all"': lambda: sktl_side(freeze="all"),
    'freeze="layer4"': lambda: sktl_side(freeze="layer4"),
    FROM_SCRATCH: lambda: sktl_side(freeze="none", weights=None, max_epochs=SCRATCH_EPOCHS),
}


def draw(texts, parts, size, seed):
    """Return the lines to learn from, ``size`` of each part, and those to judge by."""
    n_test = TEST_PER_PART * len(PARTS)
    rest, test = next(StratifiedShuffleSplit(1, test_size=n_test, random_state=seed).split(texts, parts))
    return np.concatenate([rest[parts[rest] == part][:size] for part in PARTS]), test


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--scratch-draws", type=int, default=2, help="draws from scratch, the longest to train")
    arguments = parser.parse_args()
    texts, parts = read_summaries()
    rows, against = [], {}
    for name, make in SIDES.items():
        row = [name]
        for size in SIZES:
            scores, seconds = [], []
            for seed in range(arguments.scratch_draws if name == FROM_SCRATCH else arguments.draws):
                known, test = draw(texts, parts, size, seed)
                start = time.process_time()
                model = make().fit(texts[known], parts[known])
                seconds.append(time.process_time() - start)
                scores.append(model.score(texts[test], parts[test]))
            if name == BASELINE:
                against[size] = scores
            difference = difference_in_words(scores, against[size][: len(scores)]) if name != BASELINE else ""
            row += [f"{np.mean(scores):.3f}", difference, f"{np.median(seconds):.1f}"]
        rows.append(row)
        print(row, flush=True)
    notes = [
        f"{len(PARTS)} parts of SciPy {scipy.__version__}: {', '.join(PARTS)}; judged on {TEST_PER_PART} of each.",
        f"Accuracy, mean of {arguments.draws} draws ({arguments.scratch_draws} from scratch, {SCRATCH_EPOCHS} epochs), "
        f"and the difference to {BASELINE} with its 95 % interval; draws overlap, so intervals are a bit too narrow.",
        "Seconds of processor time for one fit, the median: frozen stages are computed once for all draws.",
    ]
    header = ["model"]
    for size in SIZES:
        header += [f"{size} lines per part", "difference", "s"]
    save_table("sentences", header, rows, notes)


if __name__ == "__main__":
    main()
