import pytest
import torch
from torch import nn

from sktl.heads import build_head
from sktl.sharing import fuse_heads
from sktl.sharing._task_heads import StackedHeads

WIDTHS = (1, 4, 2)
PLACES = [slice(0, 1), slice(1, 5), slice(5, 7)]


def make_heads(hidden=(), dropout=0.0, widths=WIDTHS):
    torch.manual_seed(0)
    return [build_head(5, width, hidden, dropout).double() for width in widths]


@pytest.fixture(params=[(), (6,), (6, 3)], ids=str)
def hidden(request):
    return request.param


def loop(heads, x):
    """Return the outputs of heads one by one, each with features of its own where x has three axes."""
    return torch.cat(
        [head(one) for head, one in zip(heads, x if x.ndim == 3 else [x] * len(heads), strict=True)], dim=1
    )


@pytest.mark.parametrize("towers", [False, True])
@pytest.mark.parametrize("fuse", [fuse_heads, StackedHeads])
def test_together_they_return_what_each_would(hidden, towers, fuse):
    if towers and fuse is fuse_heads and not hidden:
        pytest.skip("a single wide layer is for features that are shared")
    heads = make_heads(hidden)
    x = torch.randn(*((3,) if towers else ()), 8, 5, dtype=torch.float64)
    together = fuse(heads)
    one, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    outputs, expected = together(one), loop(heads, other)
    assert outputs.shape == (8, 7)
    torch.testing.assert_close(outputs, expected)
    outputs.square().sum().backward()
    expected.square().sum().backward()
    torch.testing.assert_close(one.grad, other.grad)
    total = sum(p.grad.square().sum() for p in together.parameters())
    torch.testing.assert_close(total, sum(p.grad.square().sum() for head in heads for p in head.parameters()))


def test_without_hidden_layers_they_are_one_layer():
    head = fuse_heads(make_heads())
    assert len(head) == 1
    assert head[0].out_features == 7


def test_one_head_is_itself(hidden):
    (head,) = make_heads(hidden, widths=(3,))
    fused = fuse_heads([head])
    assert all(a is b for a, b in zip(fused.parameters(), head.parameters(), strict=True))


def test_numbers_are_dropped_before_each_layer():
    head = fuse_heads(make_heads(dropout=0.5)).train()
    assert isinstance(head[0], nn.Dropout)
    assert not torch.equal(head(torch.ones(4, 5).double()), head(torch.ones(4, 5).double()))
    stacked = fuse_heads(make_heads((6,), dropout=0.5)).train()
    assert not torch.equal(stacked(torch.ones(4, 5).double()), stacked(torch.ones(4, 5).double()))
    stacked.eval()
    heads = [head.eval() for head in make_heads((6,), dropout=0.5)]
    torch.testing.assert_close(stacked(torch.ones(4, 5).double()), loop(heads, torch.ones(4, 5).double()))


@pytest.mark.parametrize("fuse", [fuse_heads, StackedHeads])
def test_last_layers_can_be_set(hidden, fuse):
    heads, n_in = make_heads(hidden), (hidden or (5,))[-1]
    head, x = fuse(heads), torch.randn(8, 5, dtype=torch.float64)
    weight, bias = torch.randn(7, n_in), torch.randn(7)
    head.set_last(weight, bias)
    for one, part in zip(heads, PLACES, strict=True):
        nn.utils.vector_to_parameters(torch.cat([weight[part].flatten(), bias[part]]).double(), one[-1].parameters())
    torch.testing.assert_close(head(x), loop(heads, x))
    head.set_bias(bias + 1)
    torch.testing.assert_close(head(x), loop(heads, x) + 1)
    assert all(p.requires_grad and p.dtype == torch.float64 for p in head.parameters())


def test_what_makes_layers_alike_in_width_stays_zero():
    head = StackedHeads(make_heads((6,)))
    last = head.layers[-1]
    optimizer = torch.optim.AdamW(head.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        head(torch.randn(8, 5, dtype=torch.float64)).square().sum().backward()
        optimizer.step()
    assert not last.weight[0, 1:].any()
    assert not last.bias[2, 2:].any()
    assert last.weight[1].any(dim=1).all()


class TestGrownHead:
    """Heads that came one after the other."""

    @pytest.mark.parametrize("first", [fuse_heads, StackedHeads])
    @pytest.mark.parametrize("n_rows", [1, 3, 16, 33, 1000])
    def test_the_first_outputs_keep_their_bits(self, hidden, first, n_rows):
        torch.manual_seed(0)
        heads = [build_head(64, width, hidden) for width in (3, 4, 2)]
        old = first(heads[:2])
        x = torch.randn(n_rows, 64)
        head = old.grown(fuse_heads(heads[2:])).grown(fuse_heads([build_head(64, 5)]))
        assert torch.equal(head(x)[:, :7], old(x))
        torch.testing.assert_close(head(x)[:, :9], loop(heads, x))
        assert [part.n_outputs for part in head.parts] == [7, 2, 5]
        assert head.n_outputs == head(x).shape[1] == 14

    @pytest.mark.parametrize("first", [fuse_heads, StackedHeads])
    def test_last_layers_can_be_set(self, hidden, first):
        heads, n_in = make_heads(hidden), (hidden or (5,))[-1]
        head, x = first(heads[:2]).grown(fuse_heads(heads[2:])), torch.randn(8, 5, dtype=torch.float64)
        whole, weight, bias = fuse_heads(make_heads(hidden)), torch.randn(7, n_in).double(), torch.randn(7).double()
        for one in (head, whole):
            one.set_last(weight, bias)
        torch.testing.assert_close(head(x), whole(x))
        head.set_bias(bias + 1)
        torch.testing.assert_close(head(x), whole(x) + 1)
