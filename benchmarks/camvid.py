"""Street scenes with several labels per picture: heads on a frozen network, against a logistic regression per task.

A class is present where it covers more than a five-hundredth of the pixels. Pictures of ``val`` are cut from a training
video, so the judge is ``test``.

    python benchmarks/camvid.py --data FOLDER --weights FILE
"""

import argparse
import pathlib

import numpy as np
import pandas as pd
from _table import save_table
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktl import BackboneFeatures, MultiTaskClassifier
from sktl.metrics import multitask_score

FIVE = ("Car", "Pedestrian", "SignSymbol", "Bicyclist", "Fence")
EIGHT = (*FIVE, "Pole", "Tree", "Sky")  # the others are in every test picture
N_FOLDS = 5
PRESENT = 0.002
N_HIDINGS = 3


def read_part(folder, part):
    """Return paths (n,) and labels (n, n_tasks) of one part."""
    shares = pd.read_csv(folder / "pixel_fraction.csv")
    shares = shares[shares["split"] == part]
    paths = np.array([str(folder / name) for name in shares["image"]], dtype=object)
    return paths, (shares[list(EIGHT)].to_numpy() > PRESENT).astype(float)


def half_hidden(y, seed):
    """Return labels of which each is missing with a chance of one half."""
    return np.where(np.random.default_rng(seed).random(y.shape) < 0.5, np.nan, y)


def sktl_heads(weights, **parameters):
    def scores(paths, features, y, test_paths, test_features):
        classifier = MultiTaskClassifier("mobilenet_v2", weights=weights, freeze="all", random_state=0, **parameters)
        return np.column_stack([p[:, 1] for p in classifier.fit(paths, y).predict_proba(test_paths)])

    return scores


def regressions(make):
    def scores(paths, features, y, test_paths, test_features):
        columns = []
        for labels in y.T:
            there = ~np.isnan(labels)
            rarest = np.bincount(labels[there].astype(int)).min()
            model = make() if rarest >= N_FOLDS else LogisticRegression(max_iter=5000)  # too few for folds
            columns.append(model.fit(features[there], labels[there]).predict_proba(test_features)[:, 1])
        return np.column_stack(columns)

    return scores


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--weights", required=True)
    arguments = parser.parse_args()
    paths, y = read_part(arguments.data, "train")
    test_paths, test_y = read_part(arguments.data, "test")
    extract = BackboneFeatures("mobilenet_v2", weights=arguments.weights).fit(paths)
    features, test_features = extract.transform(paths), extract.transform(test_paths)
    sides = {
        'sktl, freeze="all"': sktl_heads(arguments.weights),
        "logistic regression per task, as it comes": regressions(lambda: LogisticRegression(max_iter=5000)),
        "logistic regression per task, standardised": regressions(
            lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
        ),
        "logistic regression per task, standardised, C by folds": regressions(
            lambda: make_pipeline(
                StandardScaler(),
                LogisticRegressionCV(
                    Cs=np.logspace(-5, 1, 13),
                    cv=N_FOLDS,
                    l1_ratios=(0.0,),
                    use_legacy_attributes=False,
                    scoring="roc_auc",
                    max_iter=5000,
                ),
            )
        ),
    }
    rows = []
    for name, scores in sides.items():
        answers = scores(paths, features, y, test_paths, test_features)
        whole = list(multitask_score(test_y, answers, "roc_auc", average=None).values())
        hidden = []
        for seed in range(N_HIDINGS):
            answers = scores(paths, features, half_hidden(y[:, : len(FIVE)], seed), test_paths, test_features)
            hidden.append(multitask_score(test_y[:, : len(FIVE)], answers, "roc_auc"))
        means = [np.mean(whole[: len(FIVE)]), np.mean(hidden), np.mean(whole)]
        rows.append([name, *(f"{mean:.3f}" for mean in means), *(f"{one:.2f}" for one in whole)])
        print(rows[-1], flush=True)
    notes = [
        f"{len(y)} pictures to fit, {len(test_y)} to judge by. Half of the labels hidden: the mean of {N_HIDINGS} "
        "hidings. The last columns: each class, all labels.",
        "Present in the pictures to fit: "
        + ", ".join(f"{name} {share:.0%}" for name, share in zip(EIGHT, y.mean(axis=0), strict=True))
        + ".",
    ]
    header = ["model, macro ROC-AUC", "five classes", "half of their labels hidden", "eight classes", *EIGHT]
    save_table("camvid", header, rows, notes)


if __name__ == "__main__":
    main()
