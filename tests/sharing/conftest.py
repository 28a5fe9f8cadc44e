"""Small networks that several tasks may share."""

import dataclasses

import pytest
import torch
from torch import nn

from sktl.heads import build_head
from sktl.training import Network

WIDTHS = (1, 3, 2)  # outputs of the tasks


class Attends(nn.Module):
    """A layer over tokens that cannot be stacked."""

    def __init__(self, width):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, 2, batch_first=True)
        self.scale = nn.Parameter(torch.tensor(0.5))

    def forward(self, x):
        return x + self.scale * self.attention(x, x, x, need_weights=False)[0]


def table_stages():
    return [nn.Sequential(nn.Linear(4, 6), nn.ReLU(inplace=True)), nn.Linear(6, 5)]


def picture_stages():
    # The second stage writes to what the first returns.
    return [
        nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4)),
        nn.Sequential(nn.SiLU(inplace=True), nn.Conv2d(4, 5, 3)),
    ]


def token_stages():
    return [nn.Sequential(nn.Linear(4, 6), nn.GELU()), nn.Sequential(Attends(6), nn.LayerNorm(6), nn.Linear(6, 5))]


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of network: its stages, the shape of a sample, and the axis of channels."""

    make: object
    shape: tuple
    channel_axis: int

    def stages(self):
        torch.manual_seed(0)
        return nn.ModuleList(self.make())

    def inputs(self, n=3):
        return torch.randn(n, *self.shape, generator=torch.Generator().manual_seed(1))

    def network(self, scheme, widths=WIDTHS, hidden=(), dtype=torch.float32):
        """Return the stages, joined by a scheme for tasks of these widths."""
        torch.manual_seed(2)
        heads = [build_head(5, width, hidden) for width in widths]
        joined = scheme.join(self.stages(), heads, ["one", "two"])
        network = Network(joined.stages, joined.head, self.channel_axis, False, joined.has_towers, joined.tie)
        return network.to(dtype)


KINDS = {
    "table": Kind(table_stages, (4,), 1),
    "pictures": Kind(picture_stages, (2, 6, 6), 1),
    "tokens": Kind(token_stages, (5, 4), -1),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


@pytest.fixture
def table():
    return KINDS["table"]
