"""The estimators."""

from sktl.estimators._attribute_zero_shot_classifier import AttributeZeroShotClassifier
from sktl.estimators._backbone_features import BackboneFeatures
from sktl.estimators._multi_task_classifier import MultiTaskClassifier
from sktl.estimators._multi_task_estimator import MultiTaskEstimator
from sktl.estimators._multi_task_regressor import MultiTaskRegressor
from sktl.estimators._transfer_classifier import TransferClassifier
from sktl.estimators._transfer_regressor import TransferRegressor

__all__ = [
    "AttributeZeroShotClassifier",
    "BackboneFeatures",
    "MultiTaskClassifier",
    "MultiTaskEstimator",
    "MultiTaskRegressor",
    "TransferClassifier",
    "TransferRegressor",
]
