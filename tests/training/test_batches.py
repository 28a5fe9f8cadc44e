import dataclasses

import numpy as np
import pytest
import torch

from sktl.features import ArrayRows
from sktl.training import BatchIterator
from sktl.training._batches import LabelledRows, count_batches


@pytest.fixture
def dataset():
    rows = np.arange(10.0)[:, None]
    targets = torch.stack([torch.arange(10.0), -torch.arange(10.0)], dim=1)
    return LabelledRows(ArrayRows(rows), targets, 10 * targets, np.array([9, 1, 3, 4, 5, 7, 8]))


def rows_of(iterator):
    return [x[:, 0].tolist() for x, _ in iterator]


def test_batches_in_order(dataset):
    assert rows_of(BatchIterator(dataset, 3)) == [[9, 1, 3], [4, 5, 7], [8]]


@pytest.mark.parametrize(("batch_size", "n_batches"), [(1, 7), (3, 3), (4, 2), (6, 2), (7, 1), (100, 1)])
@pytest.mark.parametrize("shuffle", [False, True])
def test_each_row_comes_once(dataset, batch_size, n_batches, shuffle):
    iterator = BatchIterator(dataset, batch_size, shuffle)
    batches = rows_of(iterator)
    joins = shuffle and batch_size in (3, 6)
    assert len(batches) == len(iterator) == n_batches - joins
    assert {len(batch) for batch in batches[:-1]} <= {batch_size}
    assert len(batches[-1]) == (batch_size + 1 if joins else (7 - 1) % batch_size + 1)
    assert sorted(row for batch in batches for row in batch) == [1, 3, 4, 5, 7, 8, 9]


def test_targets_and_weights_go_with_their_rows(dataset):
    for x, (targets, weights) in BatchIterator(dataset, 2, shuffle=True):
        assert torch.equal(targets, torch.cat([x, -x], dim=1).to(targets))
        assert torch.equal(weights, 10 * targets)


@pytest.mark.parametrize("batch_size", [3, 4, 6])
def test_all_batches_are_drawn_together(dataset, batch_size):
    torch.manual_seed(1)
    order = torch.randperm(7)
    torch.manual_seed(1)
    batches = rows_of(BatchIterator(dataset, batch_size, shuffle=True))
    assert [row for batch in batches for row in batch] == dataset.indices[order].tolist()


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 8])
@pytest.mark.parametrize("n_rows", range(1, 20))
def test_no_row_is_left_by_itself(n_rows, batch_size):
    n_batches = count_batches(n_rows, batch_size)
    largest_alone = batch_size + (1 if batch_size > 1 else 0)
    assert (n_batches - 1) * batch_size < n_rows <= (n_batches - 1) * batch_size + largest_alone
    assert n_batches == 1 or batch_size == 1 or n_rows - (n_batches - 1) * batch_size > 1


def test_torch_s_seed_decides_the_order(dataset):
    iterator = BatchIterator(dataset, 100, shuffle=True)
    torch.manual_seed(1)
    first, second = rows_of(iterator), rows_of(iterator)
    torch.manual_seed(1)
    again = rows_of(iterator)
    assert first == again
    assert first != second
    assert first != rows_of(BatchIterator(dataset, 100))


def test_the_length_is_that_of_the_subset(dataset):
    assert len(dataset) == 7


def test_batches_do_not_share_memory_with_the_rows(dataset):
    x, _ = next(iter(BatchIterator(dataset, 10)))
    x.zero_()
    assert dataset.rows.array[9] == 9.0


def test_whether_all_rows_have_a_label(dataset):
    assert dataset.all_labelled
    weights = torch.ones(10, 2)
    weights[3], weights[2] = torch.tensor([0.0, 1.0]), 0.0  # the set has no row 2
    assert dataclasses.replace(dataset, weights=weights).all_labelled
    weights[3] = 0.0
    assert not dataclasses.replace(dataset, weights=weights).all_labelled
