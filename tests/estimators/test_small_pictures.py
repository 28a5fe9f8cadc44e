import numpy as np
import pytest
import torch
from torch import nn

from sktl import BackboneFeatures, TransferClassifier
from sktl.estimators._small_pictures import small_pictures_named

MESSAGE = r"samples are too small for the network: .*\. Give a larger image_size, or 'auto'"
LAYERS = [nn.MaxPool2d(3), nn.Conv2d(1, 1, 3), nn.MaxPool1d(3)]


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_without_a_pixel(layer):
    with pytest.raises(ValueError, match=MESSAGE), small_pictures_named():
        layer(torch.ones(1, 1, 2, 2)[..., 0] if isinstance(layer, nn.MaxPool1d) else torch.ones(1, 1, 2, 2))


def test_other_errors_are_left_as_they_are():
    with pytest.raises(RuntimeError, match="must match"), small_pictures_named():
        torch.ones(2) + torch.ones(3)


@pytest.mark.parametrize("freeze", ["all", 0])
def test_in_fit_and_predict(make_module, pictures, freeze):
    X, y = pictures
    estimator = TransferClassifier(make_module(), freeze=freeze, max_epochs=1, random_state=0)
    with pytest.raises(ValueError, match=MESSAGE):
        estimator.set_params(image_size=4).fit(X, y)
    estimator.set_params(image_size=None).fit(X, y)
    with pytest.raises(ValueError, match=MESSAGE):
        estimator.predict(np.ascontiguousarray(X[:, :4, :4]))


def test_in_features(make_module, pictures):
    extractor = BackboneFeatures(make_module())
    with pytest.raises(ValueError, match=MESSAGE):
        extractor.set_params(image_size=4).fit(pictures[0])
    extractor.set_params(image_size=None).fit(pictures[0])
    with pytest.raises(ValueError, match=MESSAGE):
        extractor.transform(np.ascontiguousarray(pictures[0][:, :4, :4]))
