import numpy as np
import pytest
import torch

from sktl.features import ArrayRows, StreamedRows

ARRAY = np.arange(12, dtype=np.float32).reshape(6, 2)


@pytest.fixture(params=["array", "streamed"])
def rows(request):
    if request.param == "array":
        return ArrayRows(ARRAY.copy())
    return StreamedRows(6, lambda indices: torch.from_numpy(ARRAY[indices]))


@pytest.mark.parametrize("indices", [[0], [5, 0, 5], list(range(6))])
def test_a_batch_holds_the_rows_at_the_indices(rows, indices):
    batch = rows.batch(np.array(indices))
    assert isinstance(batch, torch.Tensor)
    assert np.array_equal(batch.numpy(), ARRAY[indices])


def test_length(rows):
    assert len(rows) == 6


def test_a_batch_is_new_memory(rows):
    rows.batch(np.arange(6)).zero_()
    assert np.array_equal(rows.batch(np.arange(6)).numpy(), ARRAY)


@pytest.mark.parametrize("batch_size", [1, 2, 5, 100])
def test_batches_are_the_batches_one_by_one(rows, batch_size):
    indices = np.array([5, 0, 3, 3, 1])
    batches = list(rows.batches(indices, batch_size))
    assert [len(batch) for batch in batches[:-1]] == [batch_size] * (len(batches) - 1)
    assert np.array_equal(torch.cat(batches).numpy(), ARRAY[indices])


def test_no_batch_is_no_batch(rows):
    assert [len(batch) for batch in rows.batches(np.empty(0, dtype=int), 3)] in ([], [0])


def test_batches_are_new_memory(rows):
    for batch in rows.batches(np.arange(6), 2):
        batch.zero_()
    assert np.array_equal(rows.batch(np.arange(6)).numpy(), ARRAY)


@pytest.mark.parametrize(("n_features", "expected"), [(4, [1_000]), (4_096, [60] * 16 + [40]), (100_000, [10] * 100)])
def test_short_rows_are_copied_in_few_calls_and_long_ones_batch_by_batch(monkeypatch, n_features, expected):
    asked, batch = [], ArrayRows.batch
    monkeypatch.setattr(ArrayRows, "batch", lambda self, indices: asked.append(len(indices)) or batch(self, indices))
    rows = ArrayRows(np.zeros((1_000, n_features), dtype=np.float32))
    assert sum(len(part) for part in rows.batches(np.arange(1_000), 10)) == 1_000
    assert asked == expected


def test_streamed_rows_are_loaded_when_asked_for():
    asked = []

    def load(indices):
        asked.append(list(indices))
        return torch.zeros(len(indices), 1)

    rows = StreamedRows(4, load)
    assert asked == []
    rows.batch(np.array([2, 1]))
    assert asked == [[2, 1]]
