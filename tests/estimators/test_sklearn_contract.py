import torch
from scipy._lib import _array_api
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

from sktl import (
    BackboneFeatures,
    MultiTaskClassifier,
    MultiTaskEstimator,
    MultiTaskRegressor,
    TransferClassifier,
    TransferRegressor,
)
from sktl.backbones import MLP, Backbone, WeightsInfo


class Waves(nn.Module):
    """Makes 200 random Fourier features of a table of any width."""

    def __init__(self):
        super().__init__()
        self.phases = nn.Parameter(6.28 * torch.rand(200))

    def forward(self, x):
        directions = torch.randn(x.shape[1], 200, generator=torch.Generator().manual_seed(0))
        return torch.cos(0.3 * x @ directions.to(x.dtype) + self.phases)


def frozen():
    torch.manual_seed(0)
    backbone = Backbone(stages=[("waves", Waves().double())], input_kind="table", weights=WeightsInfo("made", "a test"))
    return {"backbone": backbone, "freeze": "all", "head_l2": 1e-5}


class AlwaysClassifier(MultiTaskClassifier):
    """Says that it is a classifier before it is fitted too, so that all checks of classifiers are made."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        return tags


@parametrize_with_checks(
    [
        TransferClassifier("mlp"),
        TransferRegressor("mlp"),
        BackboneFeatures("mlp"),
        TransferRegressor(**frozen()),
        MultiTaskClassifier("mlp"),
        AlwaysClassifier(MLP((32,))),
        MultiTaskRegressor(MLP((32,))),
        MultiTaskEstimator(MLP((32,))),
    ]
)
def test_scikit_learn_s_own_checks(estimator, check):
    check(estimator)


def test_checks_of_the_array_api_take_part():
    assert _array_api.SCIPY_ARRAY_API
