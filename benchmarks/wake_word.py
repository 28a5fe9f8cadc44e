"""A wake word from 3 to 20 real recordings: transfer against training from scratch, and against a regression.

Features, network and tasks are those of ``examples/wake_word.py``, on the Free Spoken Digit Dataset: six words of four
speakers teach the source; a seventh word is to be found among all ten, for the two other speakers, from ``count``
recordings of it and twice as many of other words. Each of the ten digits is the wake word twice, with a source
network, two newcomers and recordings of its own. The judge is the ROC-AUC on the newcomers' other recordings.

    python benchmarks/wake_word.py --data FOLDER
"""

import argparse
import importlib.util
import pathlib

import numpy as np
from _paired import difference_in_words
from _table import save_table
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sktl import TransferClassifier

COUNTS = (3, 5, 10, 20)
SCRATCH = "from scratch"


def load_example():
    """Return the example of this name as a module."""
    path = pathlib.Path(__file__).parents[1] / "examples" / "wake_word.py"
    spec = importlib.util.spec_from_file_location("wake_word_example", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def flatten(pictures):
    return pictures.reshape(len(pictures), -1)


def regression():
    """Return a regression on log-mel energies, its penalty found by folds."""
    search = GridSearchCV(LogisticRegression(max_iter=2000), {"C": np.logspace(-4, 1, 6)}, cv=3, scoring="neg_log_loss")
    return make_pipeline(FunctionTransformer(flatten), search)


def sides(example, source, seed):
    """Return the contestants by name, to be fitted to features."""
    return {
        'sktl, freeze="auto"': TransferClassifier(source.backbone_, random_state=seed),
        "sktl, freeze=1": TransferClassifier(source.backbone_, freeze=1, random_state=seed),
        "logistic regression on log-mel": regression(),
        SCRATCH: TransferClassifier(example.make_network(), weights=None, freeze="none", random_state=seed),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rounds", type=int, default=2, help="how often each word is the wake word")
    arguments = parser.parse_args()
    example = load_example()
    waves, words, speakers = example.read_recordings(arguments.data)
    X = example.log_mel(waves)
    scores, known, reasons = {}, [], {}
    for repeat, wake in enumerate(np.tile(np.unique(words), arguments.rounds)):
        rng = np.random.default_rng(repeat)
        newcomers = rng.choice(np.unique(speakers), 2, replace=False)
        task_a, of_newcomers = example.split_tasks(words, speakers, wake, newcomers, rng=rng)
        source = example.fit_source(waves[task_a], words[task_a], seed=repeat)[-1]
        others = of_newcomers[np.isin(words[of_newcomers], source.classes_)]
        known.append(source.score(X[others], words[others]))
        is_wake = words == wake
        for count in COUNTS:
            draw = np.random.default_rng(repeat)  # the same for all counts: each set holds the smaller ones
            train, test = example.split_newcomers(is_wake, speakers, of_newcomers, count, max(COUNTS), draw)
            for name, model in sides(example, source, repeat).items():
                probabilities = model.fit(X[train], is_wake[train]).predict_proba(X[test])
                scores.setdefault((name, count), []).append(roc_auc_score(is_wake[test], probabilities[:, 1]))
                if "auto" in name:
                    reasons[count] = f"{model.freeze_} of {len(model.stages_)} stages"
        print(wake, *newcomers, {key: round(values[-1], 3) for key, values in scores.items()}, flush=True)
    rows = []
    for name in dict.fromkeys(name for name, _ in scores):
        rows.append([name, *(f"{np.mean(scores[name, count]):.3f}" for count in COUNTS)])
        if name != SCRATCH:
            gains = [difference_in_words(scores[name, count], scores[SCRATCH, count]) for count in COUNTS]
            rows.append(["... above from scratch", *gains])
    notes = [
        f"ROC-AUC, mean of {len(known)} repeats, each digit being the wake word {arguments.rounds} times; the "
        "difference from scratch with its 95 % interval, by Student's t over the repeats.",
        f"The sources name the six words of task A, spoken by the newcomers, with an accuracy of {np.mean(known):.2f}.",
        '"auto" freezes ' + ", ".join(f"{depth} with {count}" for count, depth in reasons.items()) + ".",
    ]
    save_table("wake_word", ["recordings of the wake word", *map(str, COUNTS)], rows, notes)


if __name__ == "__main__":
    main()
