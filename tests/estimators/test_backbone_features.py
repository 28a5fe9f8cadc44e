import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from torch import nn

from sktl import BackboneFeatures
from sktl.backbones import backbone_from_module
from sktl.features import ActivationCache


@pytest.mark.parametrize("stage", ["one", "two", "three", None, 1, -1, "all"])
def test_features_are_those_of_the_stage(make_table_backbone, digits, stage):
    backbone = make_table_backbone()
    depth = {"one": 1, 1: 1, "two": 2, -1: 2}.get(stage, 3)
    features = BackboneFeatures(backbone, stage=stage).fit_transform(digits[0])
    expected = backbone.prefix(depth)(torch.from_numpy(digits[0]).float())
    np.testing.assert_allclose(features, expected.numpy(), rtol=1e-5, atol=1e-6)


def test_pictures(make_module, pictures):
    transformer = BackboneFeatures(make_module()).fit(pictures[0])
    features = transformer.transform(pictures[0][:9])
    assert features.shape == (9, 8)
    assert transformer.input_shape_ == (8, 8)


def test_fit_looks_at_one_sample(make_table_backbone, digits):
    cache = ActivationCache(max_bytes=2**22)
    BackboneFeatures(make_table_backbone(), stage=1, cache=cache).fit(digits[0])
    assert cache.n_rows <= 2  # that sample as it is, and averaged


@pytest.mark.parametrize("cache", ["auto", None])
def test_what_comes_out_may_be_written_to(make_table_backbone, digits, cache):
    transformer = BackboneFeatures(make_table_backbone(), cache=cache).fit(digits[0])
    features = transformer.transform(digits[0])
    before = features.copy()
    features[:] = 0
    assert np.array_equal(transformer.transform(digits[0]), before)


def test_columns_of_a_frame(make_table_backbone, digits):
    transformer = BackboneFeatures(make_table_backbone()).set_output(transform="pandas")
    frame = transformer.fit_transform(pd.DataFrame(digits[0], index=np.arange(120) + 5).add_prefix("pixel"))
    assert frame.columns.tolist() == [f"backbonefeatures{k}" for k in range(16)]
    assert frame.index[0] == 5
    assert transformer.get_feature_names_out().tolist() == frame.columns.tolist()
    assert transformer.feature_names_in_[0] == "pixel0"


def test_in_a_pipeline(make_table_backbone, digits):
    X, y = digits
    pipeline = make_pipeline(BackboneFeatures(make_table_backbone()), LogisticRegression(max_iter=1_000))
    assert pipeline.fit(X, y).score(X, y) > 0.7


def test_on_some_columns_of_a_table(make_table_backbone, digits):
    X, _ = digits
    frame = pd.DataFrame(X).add_prefix("pixel").assign(weight=np.arange(120.0))
    columns = [name for name in frame if name.startswith("pixel")]
    transformer = make_column_transformer(
        (BackboneFeatures(make_table_backbone(), stage="two"), columns), ("passthrough", ["weight"])
    )
    transformed = transformer.fit_transform(frame)
    assert transformed.shape == (120, 25)
    assert transformed[:, -1].tolist() == frame["weight"].tolist()
    expected = BackboneFeatures(make_table_backbone(), stage="two").fit_transform(frame[columns])
    np.testing.assert_allclose(transformed[:, :-1], expected)


def test_random_weights_go_by_their_seed(digits):
    def features(seed):
        return BackboneFeatures("mlp", random_state=seed).fit_transform(digits[0])

    assert np.array_equal(features(0), features(0))
    assert not np.array_equal(features(0), features(1))


@pytest.mark.parametrize("verbose", [0, 1])
def test_bars(make_table_backbone, digits, capsys, verbose):
    BackboneFeatures(make_table_backbone(), cache=None, verbose=verbose).fit_transform(digits[0])
    printed = capsys.readouterr()
    assert printed.out == ""
    assert ("120/120" in printed.err) if verbose else printed.err == ""


@pytest.mark.parametrize("stage", [0, "none", -3])
def test_before_the_first_stage(make_table_backbone, digits, stage):
    with pytest.raises(ValueError, match=r"before the first stage of \['one', 'two', 'three'\]; choose a later one"):
        BackboneFeatures(make_table_backbone(), stage=stage).fit(digits[0])


def test_no_such_stage(make_table_backbone, digits):
    with pytest.raises(ValueError, match=r"stage='tree' names no stage.*Did you mean 'three'"):
        BackboneFeatures(make_table_backbone(), stage="tree").fit(digits[0])


def test_out_of_range(make_table_backbone, digits):
    with pytest.raises(ValueError, match="stage=4 is out of range: there are 3 stages"):
        BackboneFeatures(make_table_backbone(), stage=4).fit(digits[0])


def test_transform_before_fit(digits):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        BackboneFeatures("mlp").transform(digits[0])


def test_another_number_of_columns(make_table_backbone, digits):
    with pytest.raises(ValueError, match="X has 9 columns, but the backbone 'custom' takes 64"):
        BackboneFeatures(make_table_backbone()).fit(digits[0][:, :9])
    transformer = BackboneFeatures(make_table_backbone()).fit(digits[0])
    with pytest.raises(ValueError, match="X has 9 features"):
        transformer.transform(digits[0][:, :9])


def test_recordings_of_several_lengths(rng):
    network = nn.Sequential(nn.Conv1d(2, 4, 3), nn.ReLU(), nn.Conv1d(4, 3, 3))
    X = rng.normal(size=(6, 2, 20)).astype(np.float32)
    backbone = backbone_from_module(network, input_kind="tensor")
    extractor = BackboneFeatures(backbone, cache=ActivationCache())
    for part in (X, X[:, :, :12], X[:, :, :9]):
        found = extractor.fit_transform(part)
        plain = clone(extractor).set_params(cache=None).fit_transform(part)
        np.testing.assert_allclose(found, plain, rtol=1e-5)
