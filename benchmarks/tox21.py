"""Twelve toxicity tasks with a sixth of their labels missing: one network against one model per task.

Random splits of 80 % to learn from, 10 % to tune by and 10 % to judge by, the same for all sides. The score is the mean
over tasks of the ROC-AUC on the labelled entries of the last part.

    python benchmarks/tox21.py --data FILE
"""

import argparse

import numpy as np
import torch
from _table import save_table
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.nn import functional

from sktl import MultiTaskClassifier
from sktl.metrics import multitask_score

N_SEEDS = 3


def read_table(path):
    """Return bits (n, 1024) and labels (n, 12) with NaN."""
    data = np.load(path, allow_pickle=True)
    return np.unpackbits(data["X_packed"], axis=1).astype(np.float32), data["y"].astype(float)


def split(n, seed):
    """Return the indices to learn from, to tune by, and to judge by."""
    order = np.random.default_rng(seed).permutation(n)
    return np.split(order, [int(0.8 * n), int(0.9 * n)])


def positive(probabilities):
    return np.column_stack([task[:, 1] for task in probabilities])


def sktl_net(**parameters):
    def scores(X, y, X_test, seed):
        classifier = MultiTaskClassifier("mlp", random_state=seed, **parameters).fit(X, y)
        return positive(classifier.predict_proba(X_test))

    return scores


def per_task(make):
    def scores(X, y, X_test, seed):
        columns = []
        for labels in y.T:
            there = ~np.isnan(labels)
            columns.append(make(seed).fit(X[there], labels[there]).predict_proba(X_test)[:, 1])
        return np.column_stack(columns)

    return scores


def masked_net_by_hand(X, y, X_test, seed):
    """Return the scores of the net that people write: the loss masked, Adam, ten epochs, dropout of one half."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(X.shape[1], 1000), nn.ReLU(), nn.Dropout(0.5), nn.Linear(1000, y.shape[1]))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    inputs, mask, targets = (
        torch.from_numpy(X),
        torch.from_numpy(~np.isnan(y)).float(),
        torch.from_numpy(np.nan_to_num(y)),
    )
    targets = targets.float()
    for _ in range(10):
        for batch in torch.randperm(len(X)).split(64):
            logits = net(inputs[batch])
            losses = functional.binary_cross_entropy_with_logits(logits, targets[batch], reduction="none")
            optimizer.zero_grad()
            ((losses * mask[batch]).sum() / mask[batch].sum()).backward()
            optimizer.step()
    net.eval()
    with torch.no_grad():
        return net(torch.from_numpy(X_test)).numpy()


def deepchem_net(X, y, X_test, seed):
    """Return the scores of deepchem's MultitaskClassifier: missing labels have the weight 0."""
    import deepchem

    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002  deepchem draws from the global generator
    there = ~np.isnan(y)
    data = deepchem.data.NumpyDataset(X, np.nan_to_num(y), there.astype(float))
    model = deepchem.models.MultitaskClassifier(
        y.shape[1], X.shape[1], layer_sizes=[1000], dropouts=0.5, learning_rate=1e-3, batch_size=64
    )
    model.fit(data, nb_epoch=10)
    unknown = np.zeros((len(X_test), y.shape[1]))  # labels have to be there, and are not looked at
    return model.predict(deepchem.data.NumpyDataset(X_test, unknown))[:, :, 1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--deepchem", action="store_true", help="deepchem too, which has to be installed")
    arguments = parser.parse_args()
    X, y = read_table(arguments.data)
    sides = {
        'sktl, "mlp", sharing="hard"': sktl_net(),
        'sktl, "mlp", sharing="soft"': sktl_net(sharing="soft"),
        'sktl, "mlp", sharing="none"': sktl_net(sharing="none"),
        'sktl, "mlp", sharing="hard", weighting="uncertainty"': sktl_net(weighting="uncertainty"),
        "logistic regression per task": per_task(lambda seed: LogisticRegression(max_iter=1000)),
        "random forest per task": per_task(lambda seed: RandomForestClassifier(300, random_state=seed, n_jobs=-1)),
        "masked net by hand": masked_net_by_hand,
    }
    if arguments.deepchem:
        sides["deepchem MultitaskClassifier"] = deepchem_net
    rows, hard = [], None
    for name, scores in sides.items():
        found = []
        for seed in range(N_SEEDS):
            learn, _, judge = split(len(X), seed)
            answers = scores(X[learn], y[learn], X[judge], seed)
            found.append(multitask_score(y[judge], answers, "roc_auc"))
        hard = found if hard is None else hard
        wins = sum(one > two for one, two in zip(hard, found, strict=True))
        rows.append(
            [name, *(f"{one:.3f}" for one in found), f"{np.mean(found):.3f}"]
            + ["" if found is hard else f"{wins} of {N_SEEDS}"]
        )
        print(rows[-1], flush=True)
    header = ["model", *(f"seed {seed}" for seed in range(N_SEEDS)), "mean", 'below "hard" in']
    notes = [
        f"{len(X)} molecules, {X.shape[1]} bits, {y.shape[1]} tasks, {np.isnan(y).mean():.0%} of the labels missing; "
        "mean ROC-AUC over the labelled entries of a tenth held out.",
        "sktl with its defaults: two hidden layers of 256 units, dropout of .5 and of .2 at the input. "
        "Width, dropout and decay were chosen with these splits in view, so its figures are somewhat optimistic.",
    ]
    save_table("tox21", header, rows, notes)


if __name__ == "__main__":
    main()
