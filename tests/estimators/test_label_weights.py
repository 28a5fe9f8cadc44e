import numpy as np
import pytest

from sktl.estimators._label_weights import read_weights
from sktl.utils._labels import read_labels

NAN = np.nan
LABELS = read_labels([[0, 1], [1, None], [None, None], [0, 0]])
X = np.zeros((4, 1))


def test_none_is_one_for_all():
    weights = read_weights(None, X, LABELS)
    assert (weights.values == 1).all()
    assert np.array_equal(weights.labelled, LABELS.labelled)
    assert weights.labelled is not LABELS.labelled
    assert weights.counted.tolist() == [0, 1, 3]


def test_of_samples():
    weights = read_weights([2, 3, 1, 0], X, LABELS)
    assert weights.values.tolist() == [[2, 2], [3, 3], [1, 1], [0, 0]]
    assert weights.labelled.tolist() == [[True, True], [True, False], [False, False], [False, False]]
    assert weights.counted.tolist() == [0, 1]


def test_of_labels():
    weights = read_weights([[2, 0], [3, 5], [1, 1], [0, 4]], X, LABELS)
    assert weights.values.tolist() == [[2, 0], [3, 0], [0, 0], [0, 4]]
    assert weights.labelled.tolist() == [[True, False], [True, False], [False, False], [False, True]]


@pytest.mark.parametrize("hole", [NAN, -1, np.inf])
def test_what_stands_at_a_missing_label_makes_no_difference(hole):
    weights = read_weights([[1, 1], [1, hole], [hole, hole], [1, 1]], X, LABELS)
    assert weights.values.tolist() == LABELS.labelled.astype(float).tolist()


def test_some_of_them():
    weights = read_weights([2, 3, 1, 0], X, LABELS).subset(np.array([1, 0]))
    assert weights.values.tolist() == [[3, 3], [2, 2]]
    assert weights.labelled.tolist() == [[True, False], [True, True]]


def test_what_was_given_is_left_as_it_was():
    given = np.ones((4, 2))
    read_weights(given, X, LABELS).values[:] = 7
    assert (given == 1).all()


@pytest.mark.parametrize("bad", [-2.0, NAN, np.inf])
def test_out_of_range(bad):
    with pytest.raises(ValueError, match=f"sample_weight of task 'task1' holds {bad} at sample 3: .* finite"):
        read_weights([[1, 1], [1, 1], [1, 1], [1, bad]], X, LABELS)


def test_negative():
    with pytest.raises(ValueError, match=r"Negative values in data passed to `sample_weight`: -2\.0 is the least"):
        read_weights([1, 1, 1, -2], X, LABELS)


@pytest.mark.parametrize("shape", [(4, 3), (3, 2), (4, 1), (4, 2, 1), ()])
def test_shape(shape):
    with pytest.raises(ValueError, match=r"\(n_samples,\) or \(n_samples, n_tasks\) = \(4, 2\), got \("):
        read_weights(np.ones(shape), X, LABELS)


@pytest.mark.parametrize("given", ["balanced", ["a", "b", "c", "d"]])
def test_no_numbers(given):
    with pytest.raises(ValueError, match="sample_weight must hold numbers, got"):
        read_weights(given, X, LABELS)


def test_length():
    with pytest.raises(ValueError, match=r"sample_weight\.shape == \(3,\), expected \(4,\)"):
        read_weights(np.ones(3), X, LABELS)


@pytest.mark.parametrize("zeros", [[0, 0, 1, 0], [[0, 0], [0, 1], [1, 1], [0, 0]]])
def test_no_label_counts(zeros):
    with pytest.raises(ValueError, match="all entries of sample_weight are zero: at least one sample must count"):
        read_weights(zeros, X, LABELS)


def test_where_there_is_no_label_the_labels_are_to_blame():
    assert len(read_weights(np.ones(4), X, read_labels(np.full((4, 2), NAN))).counted) == 0
