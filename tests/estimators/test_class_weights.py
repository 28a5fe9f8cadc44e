import numpy as np
import pytest

from sktl.estimators._class_weights import class_weights

CLASSES = np.array(["a", "b", "c"])
NUMBERS = np.array([0, 0, 0, 1, 1, 2])


def test_none_is_one():
    assert class_weights(None, CLASSES, NUMBERS, np.ones(6)).tolist() == [1, 1, 1]


@pytest.mark.parametrize("weights", [np.ones(6), np.array([1, 2, 3, 1, 1, 0.5])])
def test_balanced_gives_each_class_the_same_share(weights):
    factors = class_weights("balanced", CLASSES, NUMBERS, weights)
    shares = np.bincount(NUMBERS, weights=weights * factors[NUMBERS])
    np.testing.assert_allclose(shares, weights.sum() / 3)


def test_balanced_with_a_class_that_no_label_is_of():
    factors = class_weights("balanced", np.array(["a", "b", "c", "d"]), NUMBERS, np.ones(6))
    assert np.isfinite(factors).all()
    shares = np.bincount(NUMBERS, weights=factors[NUMBERS])
    np.testing.assert_allclose(shares, shares[0])


def test_by_label_and_one_for_the_others():
    assert class_weights({"b": 4, "c": 0}, CLASSES, NUMBERS, np.ones(6)).tolist() == [1, 4, 0]


def test_labels_that_do_not_occur():
    with pytest.raises(ValueError, match=r"class_weight names \['z'\], but y holds \['a', 'b', 'c'\]"):
        class_weights({"a": 1, "z": 2}, CLASSES, NUMBERS, np.ones(6))
    with pytest.raises(ValueError, match=r"class_weight names \[5\], but y holds \[0, 1\]"):
        class_weights({np.int64(5): 2.0}, np.arange(2), np.arange(2), np.ones(2))


def test_what_is_the_name_of_the_labels():
    with pytest.raises(ValueError, match=r"class_weight names \['z'\], but task 'car' holds \['a', 'b', 'c'\]"):
        class_weights({"z": 2}, CLASSES, NUMBERS, np.ones(6), "task 'car'")


@pytest.mark.parametrize("bad", [-1, np.nan, np.inf])
def test_out_of_range(bad):
    with pytest.raises(ValueError, match=r"class_weight must be 0 or more, and finite, got \{'a': .*\} for y"):
        class_weights({"a": bad}, CLASSES, NUMBERS, np.ones(6))


def test_no_class_counts():
    with pytest.raises(ValueError, match=r"class_weight is 0 for all classes of y, \['a', 'b', 'c'\]: at least one"):
        class_weights(dict.fromkeys("abc", 0), CLASSES, NUMBERS, np.ones(6))


@pytest.mark.parametrize("word", ["balance", 2.0])
def test_no_such_word(word):
    with pytest.raises(ValueError, match=r"class_weight must be a dict, 'balanced' or None, got .* for task 'car'"):
        class_weights(word, CLASSES, NUMBERS, np.ones(6), "task 'car'")
