"""Samples that are tensors already."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import Dataset, TensorDataset

from sktl.exceptions import UnreadableImageError
from sktl.inputs import open_tensors


class Given(Dataset):
    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        if isinstance(self.items[index], Exception):
            raise self.items[index]
        return self.items[index], 0


FORMS = {
    "array": lambda x: x,
    "tensor": torch.from_numpy,
    "list of arrays": list,
    "list of tensors": lambda x: [torch.from_numpy(a) for a in x],
    "nested lists": lambda x: x.tolist(),
    "dataset": Given,
    "tensor dataset": lambda x: TensorDataset(torch.from_numpy(x), torch.zeros(len(x))),
    "items of a dataset": lambda x: [Given(x)[i] for i in range(len(x))],
    "series": lambda x: pd.Series(list(x), index=[7, 7, 1, 0]),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_container(form, rng):
    X = rng.normal(size=(4, 2, 5))
    tensors = open_tensors(FORMS[form](X))
    assert len(tensors) == tensors.n_samples == 4
    assert tensors.shape == (None if "dataset" in form and "items" not in form else (2, 5))
    assert torch.equal(tensors.load(np.array([3, 1, 3])), torch.from_numpy(X[[3, 1, 3]]))
    assert tensors.unreadable() == {}


def test_a_frame_of_numbers(rng):
    X = rng.normal(size=(4, 3))
    assert torch.equal(open_tensors(pd.DataFrame(X)).load([2]), torch.from_numpy(X[[2]]))


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (np.float16, torch.float16),
        (np.float32, torch.float32),
        (np.float64, torch.float64),
        (">f4", torch.float32),
        (np.int8, torch.int64),
        (np.uint8, torch.int64),
        (np.uint16, torch.int64),
        (np.int32, torch.int64),
        (bool, torch.float32),
    ],
)
@pytest.mark.parametrize("form", [np.asarray, list])
def test_types(form, dtype, expected):
    loaded = open_tensors(form(np.eye(3).astype(dtype))).load(range(3))
    assert loaded.dtype == expected
    assert torch.equal(loaded, torch.eye(3, dtype=expected))


@pytest.mark.parametrize("form", [np.asarray, list, torch.from_numpy])
def test_what_is_loaded_is_a_copy(form):
    X = np.zeros((3, 2))
    open_tensors(form(X)).load([0, 1]).add_(1)
    assert (X == 0).all()


@pytest.mark.parametrize("form", [np.asarray, list, torch.from_numpy])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_is_named_at_once(form, bad):
    X = np.zeros((4, 3))
    X[2, 1] = bad
    with pytest.raises(ValueError, match=r"Input X contains NaN or infinity: X\[2\]"):
        open_tensors(form(X))


def test_nan_in_a_dataset_is_named_when_read():
    tensors = open_tensors(Given([torch.zeros(2), torch.tensor([0.0, torch.nan])]))
    with pytest.raises(ValueError, match=r"X\[1\]"):
        tensors.load([0, 1])


def test_negative_numbers_are_ordinary():
    assert open_tensors(-np.ones((2, 2))).load([0]).tolist() == [[-1.0, -1.0]]


def test_one_axis_is_too_few():
    with pytest.raises(ValueError, match=r"X has the shape \(5,\): .* X\.reshape\(-1, 1\)"):
        open_tensors(np.zeros(5))


def test_shapes_that_differ_are_named():
    with pytest.raises(ValueError, match=r"X\[1\] has the shape \(3,\) and X\[0\] \(2,\): expected one shape"):
        open_tensors([np.zeros(2), np.zeros(3)])
    tensors = open_tensors(Given([torch.zeros(2), torch.zeros(3)]))
    with pytest.raises(ValueError, match=r"X\[0\] has the shape \(2,\) and X\[1\] \(3,\)"):
        tensors.load([1, 0])


def test_lists_that_differ_in_length():
    with pytest.raises(ValueError, match="the lists of numbers in X differ in length"):
        open_tensors([[1.0, 2.0], [3.0]])


@pytest.mark.parametrize("X", [["a.png"], [b"abc"]])
def test_other_samples(X):
    with pytest.raises(TypeError, match=r"X\[0\] is .*: the network takes arrays or tensors"):
        open_tensors(X)


def test_no_index():
    for X in (np.zeros((2, 2)), [np.zeros(2)]):
        with pytest.raises(ValueError, match="no index given"):
            open_tensors(X).load([])


def test_unreadable_items_of_a_dataset():
    tensors = open_tensors(Given([torch.zeros(2), OSError("gone")]))
    assert tensors.unreadable() == {1: "X[1] cannot be read: the Dataset says: gone"}
    with pytest.raises(UnreadableImageError, match=r"X\[1\] cannot be read: the Dataset says: gone"):
        tensors.load([0, 1])
    with pytest.raises(UnreadableImageError, match=r"X\[1\] cannot be read"):
        tensors.keys([1])


@pytest.mark.parametrize("form", FORMS)
def test_views_are_made_sample_by_sample(form, rng):
    X = rng.normal(size=(4, 2, 5))
    got = []

    def alter(position, sample):
        got.append((position, sample.clone()))
        return sample * (position + 2)

    loaded = open_tensors(FORMS[form](X)).load([3, 1], torch.float32, alter)
    assert [position for position, _ in got] == [0, 1]
    expected = torch.from_numpy(X[[3, 1]]).float()
    assert torch.equal(torch.stack([sample for _, sample in got]), expected)
    assert torch.equal(loaded, expected * torch.tensor([2.0, 3.0]).view(2, 1, 1))


def test_floats_come_in_the_type_that_is_asked_for():
    assert open_tensors([[1.5, 2.0]]).load([0], torch.float32).dtype == torch.float32
    assert open_tensors([[1, 2]]).load([0], torch.float32).dtype == torch.int64


def test_an_error_while_making_a_view_names_the_sample():
    def fails(position, sample):
        raise RuntimeError("oh")

    with pytest.raises(RuntimeError, match="oh") as caught:
        open_tensors([[1.0], [2.0]]).load([1], None, fails)
    assert caught.value.__notes__ == ["This was while drawing a view of X[1]."]
