import pytest
import torch
from torch import nn

from sktl.backbones import get_backbone
from sktl.engines._folded import folded
from sktl.engines._narrowed import narrowed


class Tied(nn.Module):
    """Reads the weight of a layer by itself, has one of another type, and attention with weights of its own."""

    def __init__(self):
        super().__init__()
        self.inner = nn.ModuleDict({"a": nn.Conv2d(3, 8, 3, bias=False), "b": nn.Linear(8, 8)})
        self.norm, self.attention = nn.LayerNorm(8), nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        x = self.inner["a"](x).flatten(2).transpose(1, 2)
        x = self.norm(self.inner["b"](x) + nn.functional.linear(x, self.inner["b"].weight))
        return self.attention(x, x, x, need_weights=False)[0]


def run(stage, x):
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        return stage(x.contiguous(memory_format=torch.channels_last))


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "convnext_tiny", "shufflenet_v2_x1_0"])
def test_it_returns_the_bits_of_autocast(name):
    torch.manual_seed(0)
    backbone = get_backbone(name, None)
    stage, x = folded(backbone.prefix(backbone.n_stages)), torch.rand(2, 3, 64, 64)
    assert torch.equal(run(narrowed(stage, torch.bfloat16), x), run(stage, x))


def test_whatever_reads_the_weights():
    stage, x = Tied().eval(), torch.rand(2, 3, 8, 8)
    assert torch.equal(run(narrowed(stage, torch.bfloat16), x), run(stage, x))


def test_products_have_their_weights_in_it_and_nothing_else_has():
    stage = Tied().eval()
    before = {name: (tensor.dtype, tensor.data_ptr()) for name, tensor in stage.state_dict().items()}
    small = narrowed(stage, torch.bfloat16)
    rounded = {name for name, tensor in small.state_dict().items() if tensor.dtype == torch.bfloat16}
    assert rounded == {"inner.a.weight", "inner.b.weight", "inner.b.bias"}
    assert small.norm.weight is stage.norm.weight
    assert {name: (tensor.dtype, tensor.data_ptr()) for name, tensor in stage.state_dict().items()} == before


def test_convolutions_have_their_channels_last():
    small = narrowed(nn.Sequential(nn.Conv2d(4, 8, 3)), torch.bfloat16)
    assert small[0].weight.is_contiguous(memory_format=torch.channels_last)
