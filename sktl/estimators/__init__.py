"""The estimators."""

from sktl.estimators._backbone_features import BackboneFeatures
from sktl.estimators._transfer_classifier import TransferClassifier
from sktl.estimators._transfer_regressor import TransferRegressor

__all__ = ["BackboneFeatures", "TransferClassifier", "TransferRegressor"]
