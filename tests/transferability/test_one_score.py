import pytest
from sklearn.metrics import accuracy_score, make_scorer

from sktl import TransferClassifier
from sktl.transferability import rank_backbones, transfer_gain
from sktl.transferability._one_score import check_one_score

MESSAGE = r"scoring must be one name, one callable or None, got .*accuracy.*: call it for each score"


@pytest.mark.parametrize("scoring", [None, "accuracy", make_scorer(accuracy_score)])
def test_one_score(scoring):
    check_one_score(scoring)


@pytest.mark.parametrize("scoring", [["accuracy"], ("accuracy", "roc_auc"), {"mine": "accuracy"}])
def test_several(scoring):
    with pytest.raises(ValueError, match=MESSAGE):
        check_one_score(scoring)


def test_several_in_a_comparison(rng):
    X, y = rng.normal(size=(20, 3)), [0, 1] * 10
    with pytest.raises(ValueError, match=MESSAGE):
        rank_backbones(X, y, ["mlp"], scoring=["accuracy"])
    with pytest.raises(ValueError, match=MESSAGE):
        transfer_gain(TransferClassifier("mlp"), X, y, [0.5], scoring=["accuracy"])
