"""The same estimator with nothing transferred."""

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktl import BackboneFeatures, MultiTaskClassifier, TransferClassifier
from sktl.backbones import MLP, get_backbone
from sktl.transferability._scratch import from_scratch


@pytest.mark.parametrize("kind", [TransferClassifier, MultiTaskClassifier])
def test_random_weights_and_nothing_frozen(kind):
    """All else stays; the estimator itself too."""
    given = kind("resnet18", freeze=2, lr=0.01, random_state=3)
    other = from_scratch(given)
    assert other.get_params() == {**given.get_params(), "weights": None, "freeze": "none"}
    assert (given.weights, given.freeze) == ("default", 2)


def test_the_last_step_of_a_pipeline():
    """Also of one in another."""
    inner = make_pipeline(StandardScaler(), TransferClassifier("resnet18"))
    params = from_scratch(make_pipeline(StandardScaler(), inner)).get_params()
    assert params["pipeline__transferclassifier__weights"] is None
    assert params["pipeline__transferclassifier__freeze"] == "none"


def test_batch_norm_is_not_frozen_to_random_statistics():
    """From scratch it decides by itself."""
    assert from_scratch(TransferClassifier("resnet18", batch_norm="frozen")).batch_norm == "auto"
    assert from_scratch(TransferClassifier("resnet18", batch_norm="trained")).batch_norm == "trained"


def test_prototypes_become_a_head_that_trains_stages():
    """Prototypes of random features would learn nothing."""
    assert from_scratch(TransferClassifier("resnet18", head="prototype")).head == "linear"


def test_a_fitted_backbone_counts_as_pretrained(make_knowing):
    """It has learned something."""
    assert from_scratch(TransferClassifier(make_knowing()[0])).weights is None


def test_where_there_is_nothing_to_transfer():
    """Each is told."""
    for estimator in (
        LogisticRegression(),
        make_pipeline(BackboneFeatures(), LogisticRegression()),
        GridSearchCV(TransferClassifier(), {"freeze": [0, 1]}),
        make_pipeline(TransferClassifier(), "passthrough"),
    ):
        with pytest.raises(ValueError, match=r"parameters backbone, weights, freeze is needed.*as scratch="):
            from_scratch(estimator)
    with pytest.raises(ValueError, match="transferclassifier__weights=None already"):
        from_scratch(make_pipeline(TransferClassifier("resnet18", weights=None)))
    for backbone in ("mlp", MLP()):
        with pytest.raises(ValueError, match="backbone is an MLP, which has no weights before it is fitted"):
            from_scratch(TransferClassifier(backbone))
    with pytest.raises(ValueError, match="the backbone 'resnet18' has random weights"):
        from_scratch(TransferClassifier(get_backbone("resnet18", None)))
