import contextlib

import numpy as np
import pytest
import torch
from torch import nn

from sktl.features import ArrayRows
from sktl.training import Network, _outputs, network_outputs

CPU = torch.device("cpu")


@pytest.mark.parametrize("batch_size", [1, 4, 10, 99])
def test_every_row_in_order(batch_size, rng):
    network = Network(nn.ModuleList(), nn.Sequential(nn.Linear(3, 2)), 1, True)
    array = rng.normal(size=(10, 3)).astype(np.float32)
    outputs = network_outputs(network, ArrayRows(array), batch_size=batch_size, device=CPU)
    np.testing.assert_allclose(outputs, network(torch.from_numpy(array)).detach().numpy(), rtol=1e-6)


def test_in_eval_mode_and_without_gradients(rng):
    network = Network(nn.ModuleList([nn.Dropout(0.9)]), nn.Sequential(nn.Linear(3, 2)), 1, True).train()
    rows = ArrayRows(rng.normal(size=(5, 3)).astype(np.float32))
    one, other = (network_outputs(network, rows, batch_size=5, device=CPU) for _ in range(2))
    assert np.array_equal(one, other)
    assert not network.training


def test_memory_is_kept_from_batch_to_batch(monkeypatch):
    inside, seen = [], []

    @contextlib.contextmanager
    def kept():
        inside.append(True)
        yield
        inside.pop()

    class Watched(nn.Module):
        def forward(self, x):
            seen.append(bool(inside))
            return x

    monkeypatch.setattr(_outputs, "freed_memory_kept", kept)
    network_outputs(Watched(), ArrayRows(np.zeros((5, 2), np.float32)), batch_size=2, device=CPU)
    assert seen == [True, True, True]
