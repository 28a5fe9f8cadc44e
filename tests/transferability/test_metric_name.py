"""What a score is called."""

from sktl import MultiTaskClassifier, TransferClassifier, TransferRegressor
from sktl.transferability._metric_name import name_metric


def test_names():
    """Those given, else what ``score`` returns."""
    assert name_metric("roc_auc", TransferClassifier()) == "roc_auc"
    assert name_metric(None, TransferClassifier()) == "accuracy"
    assert name_metric(None, TransferRegressor()) == "r2"
    assert name_metric(None, MultiTaskClassifier()) == "score"
    assert name_metric(lambda estimator, X, y: 0.0, TransferClassifier()) == "score"
