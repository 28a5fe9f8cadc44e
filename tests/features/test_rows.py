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


def test_streamed_rows_are_loaded_when_asked_for():
    asked = []

    def load(indices):
        asked.append(list(indices))
        return torch.zeros(len(indices), 1)

    rows = StreamedRows(4, load)
    assert asked == []
    rows.batch(np.array([2, 1]))
    assert asked == [[2, 1]]
