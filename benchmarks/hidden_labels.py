"""What to do with rows that have some labels: half of the labels of complete data are hidden, at random.

Joint training on what is left, against dropping incomplete rows, against filling what is missing, and against a network
per task. The regression set is made: four targets that depend on common hidden factors. The classes are those of
scikit-learn's digits: four questions about each picture.

    python benchmarks/hidden_labels.py
"""

import numpy as np
from _table import save_table
from sklearn.datasets import load_digits

from sktl import MultiTaskClassifier, MultiTaskRegressor

SEEDS = range(5)


def factors(seed, n=1000, n_columns=20, n_factors=2, n_targets=4):
    """Return a table and targets that depend on common nonlinear factors, with noise of a third of their spread."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, n_columns))
    hidden = np.tanh(X @ rng.normal(size=(n_columns, n_factors)) / 2)
    y = hidden @ rng.normal(size=(n_factors, n_targets))
    return X, y + rng.normal(size=y.shape) * y.std(axis=0) / 3


def questions(seed):
    """Return the digits, shuffled, and four questions about each, answered by 0 and 1."""
    X, digit = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(X))
    answers = [digit % 2, digit > 4, np.isin(digit, (2, 3, 5, 7)), np.isin(digit, (0, 6, 8, 9))]
    return X[order] / 16, np.column_stack(answers)[order].astype(float)


def ways(make, filling):
    """Return functions from X and y with holes to a fitted estimator."""

    def drop(X, y, seed):
        whole = ~np.isnan(y).any(axis=1)
        return make(seed).fit(X[whole], y[whole])

    return {
        "all labels there": None,
        "joint, with what is missing as NaN": lambda X, y, seed: make(seed).fit(X, y),
        "incomplete rows dropped": drop,
        "filled": lambda X, y, seed: make(seed).fit(X, filling(y)),
        "a network per task": lambda X, y, seed: make(seed).set_params(sharing="none").fit(X, y),
    }


def negatives(y):
    return np.nan_to_num(y, nan=0.0)


def means(y):
    return np.where(np.isnan(y), np.nanmean(y, axis=0), y)


def main():
    problems = {
        "regression, R²": (factors, lambda seed: MultiTaskRegressor("mlp", random_state=seed), means, 600),
        "classification, accuracy": (
            questions,
            lambda seed: MultiTaskClassifier("mlp", random_state=seed),
            negatives,
            600,
        ),
    }
    columns = {}
    for problem, (load, make, filling, n_train) in problems.items():
        for name, fit in ways(make, filling).items():
            scores = []
            for seed in SEEDS:
                X, y = load(seed)
                there = np.random.default_rng(100 + seed).random((n_train, y.shape[1])) < 0.5
                holed = np.where(there, y[:n_train], np.nan)
                estimator = make(seed).fit(X[:n_train], y[:n_train]) if fit is None else fit(X[:n_train], holed, seed)
                scores.append(estimator.score(X[n_train:], y[n_train:]))
            columns.setdefault(name, []).append(f"{np.mean(scores):.3f} ± {np.std(scores):.3f}")
            print(problem, name, columns[name][-1], flush=True)
    rows = [[name, *found] for name, found in columns.items()]
    notes = [
        f"Mean and spread over {len(SEEDS)} seeds; 600 samples to fit, the others to judge by, with all their labels. "
        "Filled: by the mean of the target, or as negative.",
    ]
    save_table("hidden-labels", ["half of the labels hidden", *problems], rows, notes)


if __name__ == "__main__":
    main()
