import numpy as np
import pandas as pd
import pytest

from sktl import TransferClassifier
from sktl.training._probe import DEFAULT_PENALTY

QUICK = {"max_epochs": 2, "head_l2": 1e-2, "random_state": 0}


@pytest.fixture
def make(make_table_backbone):
    def make(**others):
        return TransferClassifier(make_table_backbone(), **{"freeze": "all", **QUICK, **others})

    return make


@pytest.mark.parametrize("freeze", [1, "all"])
@pytest.mark.parametrize("labels", [["ant", "bee", "cat", "dog"], [3, 10, -1, 7], ["no", "yes"] * 2, [True, False] * 2])
@pytest.mark.parametrize("container", [np.asarray, list, pd.Series])
def test_labels_of_any_kind(make, digits, labels, container, freeze):
    X, y = digits
    named = container(np.asarray(labels)[y])
    fitted = make(freeze=freeze).fit(X, named)
    predicted, probabilities = fitted.predict(X), fitted.predict_proba(X)
    assert fitted.classes_.tolist() == sorted(set(labels))
    assert probabilities.shape == (len(y), len(set(labels)))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert predicted.tolist() == fitted.classes_[probabilities.argmax(axis=1)].tolist()
    assert fitted.score(X, named) > 0.5


def test_learns(digits):
    X, y = digits
    assert TransferClassifier("mlp", random_state=0).fit(X[:90], y[:90]).score(X[90:], y[90:]) > 0.9


class TestClassWeight:
    @pytest.mark.parametrize("freeze", [1, "all"])
    def test_balanced_is_what_one_would_write(self, make, digits, freeze):
        X, y = digits
        y = np.minimum(y, 1)
        counts = np.bincount(y)
        hand = {label: len(y) / 2 / counts[label] for label in (0, 1)}
        one, other = (make(freeze=freeze, class_weight=weight).fit(X, y) for weight in ("balanced", hand))
        assert np.array_equal(one.predict_proba(X), other.predict_proba(X))
        assert not np.allclose(one.predict_proba(X), make(freeze=freeze).fit(X, y).predict_proba(X))

    @pytest.mark.parametrize("freeze", [1, "all"])
    def test_equals_weights_of_samples(self, make, digits, freeze):
        X, y = digits
        by_class = make(freeze=freeze, class_weight={1: 3.0}).fit(X, y)
        by_sample = make(freeze=freeze).fit(X, y, sample_weight=np.where(y == 1, 3.0, 1.0))
        np.testing.assert_allclose(by_class.predict_proba(X), by_sample.predict_proba(X), rtol=1e-5)

    def test_a_label_that_does_not_occur(self, make, digits):
        with pytest.raises(ValueError, match=r"class_weight names \[9\], but y holds \[0, 1, 2, 3\]"):
            make(class_weight={9: 1.0}).fit(*digits)

    def test_a_class_of_weight_zero_is_not_learned(self, make, digits):
        X, y = digits
        fitted = make(class_weight={3: 0.0}).fit(X, y)
        assert fitted.classes_.tolist() == [0, 1, 2, 3]
        assert (fitted.predict(X) != 3).all()


def test_one_class_only(digits):
    with pytest.raises(ValueError, match=r"y holds one class only, \['a'\]: .* needs samples of at least two"):
        TransferClassifier("mlp").fit(digits[0], ["a"] * 120)


def test_numbers_are_no_classes(digits, rng):
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        TransferClassifier("mlp").fit(digits[0], rng.normal(size=120))


def test_one_sample_of_a_class(make, digits):
    X, y = digits
    fitted = make(head_l2="auto").fit(X[:41], np.append(y[:40], 9))
    assert fitted.classes_.tolist() == [0, 1, 2, 3, 9]
    assert fitted.head_l2_ == DEFAULT_PENALTY


@pytest.mark.parametrize("constant", [0.0, 0.7])
def test_features_that_are_all_alike(make, constant):
    X, y = np.full((20, 64), constant), np.arange(20) % 4 // 3
    probabilities = make().fit(X, y).predict_proba(X)
    np.testing.assert_allclose(probabilities, np.tile([0.75, 0.25], (20, 1)), atol=1e-3)


def test_none_among_strings_is_a_label_that_is_missing(rng):
    y = np.array(["a", "b", None, "a"], dtype=object)
    with pytest.raises(ValueError, match=r"y contains None\. 1 of 4 labels are missing, the first of them y\[2\]"):
        TransferClassifier("mlp").fit(rng.normal(size=(4, 3)), y)
