"""A search over freeze depth in one process and in two that share a folder of activations.

python benchmarks/search_jobs.py --train FOLDER --backbone mobilenet_v2 --weights FILE
"""

import argparse
import tempfile
import time

import numpy as np
from _table import save_table
from frozen import DEPTHS, read_folder
from sklearn.model_selection import GridSearchCV

from sktl import TransferClassifier


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True, help="a folder with a subfolder of pictures per class")
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument("--weights", default="default")
    parser.add_argument("--size", type=int, default=224, help="pixels")
    parser.add_argument("--epochs", type=int, help="in place of those that sktl chooses")
    options = parser.parse_args()
    X, y = read_folder(options.train)
    lines, scores = [], []
    epochs = f"{options.epochs} epochs" if options.epochs else "the epochs that sktl chooses"
    for n_jobs in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            estimator = TransferClassifier(
                options.backbone,
                weights=options.weights,
                image_size=options.size,
                max_epochs=options.epochs or "auto",
                cache=folder,
                random_state=0,
            )
            search = GridSearchCV(estimator, {"freeze": DEPTHS}, cv=5, n_jobs=n_jobs, refit=False)
            start = time.perf_counter()
            search.fit(X, y)
            lines.append([f"n_jobs={n_jobs}", f"{time.perf_counter() - start:.1f}"])
        scores.append(search.cv_results_["mean_test_score"])
    notes = [
        f"{len(X)} pictures of {options.size} pixels, {len(DEPTHS)} depths, 5 folds, {epochs}, an empty "
        "folder as cache. The time of two processes has that of their start.",
        f"The largest difference of a mean score: {np.abs(scores[0] - scores[1]).max():.3f}.",
    ]
    save_table(f"search-jobs-{options.backbone}", ["search over freeze depth", "seconds"], lines, notes)


if __name__ == "__main__":
    main()
