"""What X may be."""

import pathlib

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset, IterableDataset

from sktl.inputs import open_images, open_tensors
from sktl.inputs._containers import Dense, Items, unwrap


class Endless(IterableDataset):
    def __iter__(self):
        return iter([])


class Unmeasured(Dataset):
    def __getitem__(self, index):
        return torch.zeros(3, 4, 4)


@pytest.mark.parametrize("X", [Endless(), Unmeasured()])
def test_datasets_need_a_length(X):
    with pytest.raises(TypeError, match=r"X is .*, which has no length: expected a Dataset with __len__"):
        open_images(X)


@pytest.mark.parametrize("X", ["a.png", pathlib.Path("a.png"), b"\x89PNG", Image.new("L", (4, 4))])
def test_one_sample_is_not_many(X):
    with pytest.raises(TypeError, match=r"X is one .*: expected many samples\. Give a list, \[X\]; for a folder"):
        open_images(X)


@pytest.mark.parametrize("container", [pd.Index, pd.array, pd.Series])
def test_containers_of_pandas(container):
    items = unwrap(container(["a.png", "b.png"]))
    assert [items[index] for index in range(len(items))] == ["a.png", "b.png"]


@pytest.mark.parametrize("X", [None, 3, {"a.png"}, {"a": "a.png"}, iter(["a.png"])])
def test_other_things(X):
    with pytest.raises(TypeError, match=r"X is .*: expected an array, a tensor, a list, a Series"):
        open_images(X)


@pytest.mark.parametrize("X", [[], (), np.zeros((0, 4, 4)), np.array([], dtype=object), pd.Series([], dtype=object)])
def test_empty(X):
    with pytest.raises(ValueError, match="X is empty"):
        open_images(X)


def test_samples_without_pixels():
    with pytest.raises(ValueError, match=r"X is empty: its shape is \(2, 0, 4\)"):
        open_images(np.zeros((2, 0, 4)))
    with pytest.raises(ValueError, match=r"X\[1\] is empty: its shape is \(0, 4\)"):
        open_images([np.zeros((4, 4)), np.zeros((0, 4))])


def test_a_number_is_no_array():
    with pytest.raises(ValueError, match="X is a single number"):
        open_images(np.array(3.0))


@pytest.mark.parametrize("shape", [(2, 2), (2, 4, 4)])
def test_tables_of_objects(shape):
    with pytest.raises(ValueError, match=r"X holds objects of dtype object in the shape \(2, .*X\.astype\(float\)"):
        open_images(np.zeros(shape).astype(object))


def test_a_frame_of_two_columns():
    with pytest.raises(ValueError, match="expected one column of samples"):
        open_images(pd.DataFrame({"file": ["a.png"], "label": ["ant"]}))


@pytest.mark.parametrize("X", [np.zeros((2, 4, 4), dtype=complex), torch.zeros(2, 4, 4, dtype=torch.complex64)])
def test_numbers_that_are_no_brightness(X):
    with pytest.raises(TypeError, match=r"X is .* of dtype complex.*: expected booleans, integers or floats"):
        open_images(X)
    with pytest.raises(TypeError, match=r"X\[0\] is .* of dtype complex.*: expected booleans, integers or floats"):
        open_images(list(X))


def test_bytes_in_an_array_of_fixed_width_lose_their_end():
    with pytest.raises(TypeError, match=r"X is ndarray of dtype \|S2"):
        unwrap(np.array([b"ab"]))


@pytest.mark.parametrize("X", [[(np.zeros(2), 1)] * 2, [(torch.zeros(2),)] * 2, [("a.png", "ant")] * 2])
def test_labels_are_left_out(X):
    items = unwrap(X)
    assert isinstance(items, Items)
    assert items[1] is X[1][0]


def test_tuples_of_numbers_are_not_pairs():
    assert unwrap([(1, 2), (3, 4)])[0] == (1, 2)
    assert open_tensors([(1, 2), (3, 4)]).load([1]).tolist() == [[3, 4]]


def test_dense_takes_a_copy():
    X = np.zeros((3, 2))
    taken = Dense(X).take([0, 2])
    taken += 1
    assert (X == 0).all()


def test_tensors_with_gradients():
    assert open_images(torch.zeros(2, 4, 4, requires_grad=True)).load([0], None).requires_grad is False
