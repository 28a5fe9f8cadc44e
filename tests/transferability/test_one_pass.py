"""The features of all samples behind one backbone, from a single pass."""

import numpy as np
import pytest

from sktl import ActivationCache, BackboneFeatures
from sktl.transferability._one_pass import pass_once


def test_each_sample_passes_once(make_knowing, pairs):
    """Also the first, which warms the network up; and none in the second pass."""
    backbone, counter = make_knowing()
    extractor = BackboneFeatures(backbone, cache=ActivationCache())
    first = pass_once(extractor, pairs[0])
    assert sum(counter.rows) == len(pairs[0]) == first.n_computed + 1
    assert first.seconds_per_sample > 0
    assert first.backbone is backbone
    again = pass_once(extractor, pairs[0])
    assert sum(counter.rows) == len(pairs[0])
    assert again.n_computed == 0
    assert np.isnan(again.seconds_per_sample)
    assert np.array_equal(again.features, first.features)


def test_features_are_those_of_the_extractor(make_knowing, pairs):
    """Without a cache too, where only the first sample passes twice."""
    backbone, counter = make_knowing()
    done = pass_once(BackboneFeatures(backbone, cache=None), pairs[0])
    assert sum(counter.rows) == len(pairs[0]) + 1 == done.n_computed + 1
    assert np.array_equal(done.features, BackboneFeatures(backbone, cache=None).fit_transform(pairs[0]))


def test_nothing_stays_on_the_network(make_knowing, pairs):
    """Not even where the pass fails."""
    backbone, _ = make_knowing()
    last = tuple(backbone.stages)[-1][1]
    X = pairs[0].copy()
    pass_once(BackboneFeatures(backbone, cache=None), X)
    assert not last._forward_hooks
    extractor = BackboneFeatures(backbone, cache=None)
    extractor.transform = lambda X: 1 / 0
    with pytest.raises(ZeroDivisionError):
        pass_once(extractor, X)
    assert not last._forward_hooks


def test_features_that_are_not_finite(make_knowing, pairs):
    """No head can be put on them."""
    backbone, _ = make_knowing(slope=np.inf)
    with pytest.raises(ValueError, match="the features of 120 of 120 samples hold NaN or infinity"):
        pass_once(BackboneFeatures(backbone, cache=None), pairs[0])
