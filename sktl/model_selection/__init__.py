"""Splits, out-of-fold probabilities and comparisons for several tasks with missing labels."""

from sktl.model_selection._compare_with_single_task import compare_with_single_task
from sktl.model_selection._cross_val_predict_proba import cross_val_predict_proba
from sktl.model_selection._single_task_comparison import SingleTaskComparison
from sktl.model_selection._stratified_kfold import MultiTaskStratifiedKFold
from sktl.model_selection._stratified_shuffle_split import MultiTaskStratifiedShuffleSplit
from sktl.model_selection._train_test_split import multitask_train_test_split

__all__ = [
    "MultiTaskStratifiedKFold",
    "MultiTaskStratifiedShuffleSplit",
    "multitask_train_test_split",
    "cross_val_predict_proba",
    "compare_with_single_task",
    "SingleTaskComparison",
]
