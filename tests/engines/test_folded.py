import numpy as np
import pytest
import torch
from torch import nn

from sktl.backbones import Backbone, WeightsInfo
from sktl.engines import TorchEngine, choose_engine
from sktl.engines._folded import folded


def with_statistics(module):
    torch.manual_seed(0)
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                for tensor in (part.running_mean, part.weight, part.bias):
                    if tensor is not None:
                        tensor.normal_()
                if part.running_var is not None:
                    part.running_var.uniform_(0.5, 2)
    return module.eval().requires_grad_(False)


@pytest.fixture
def n_norms(monkeypatch):
    """Return a list with an entry for each call of torch's batch normalisation."""
    calls, plain = [], nn.functional.batch_norm

    def counted(*arguments, **others):
        calls.append(1)
        return plain(*arguments, **others)

    monkeypatch.setattr(nn.functional, "batch_norm", counted)
    return calls


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("others", [{}, {"affine": False}, {"eps": 0.1}], ids=str)
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_computes_the_same_without_normalisation(n_norms, axes, others, bias):
    convolution, norm = getattr(nn, f"Conv{axes}d"), getattr(nn, f"BatchNorm{axes}d")
    chain = with_statistics(nn.Sequential(convolution(3, 4, 3, bias=bias), norm(4, **others), nn.ReLU()))
    x = torch.randn(2, 3, *[6] * axes)
    expected = chain(x)
    assert len(n_norms) == 1
    torch.testing.assert_close(folded(chain)(x), expected, rtol=1e-4, atol=1e-5)
    assert len(n_norms) == 1


def test_the_stage_itself_keeps_its_bits():
    chain = with_statistics(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 1)))
    x = torch.randn(2, 3, 6, 6)
    before, weights = chain(x), [tensor.clone() for tensor in chain.state_dict().values()]
    made = folded(chain)
    assert torch.equal(chain(x), before)
    assert all(map(torch.equal, chain.state_dict().values(), weights))
    assert made[2].weight is chain[2].weight  # what is not folded takes no memory twice


def test_nothing_to_fold():
    plain = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)).eval()
    assert folded(plain) is plain


@pytest.mark.parametrize("norm", [nn.BatchNorm2d(4).train(), nn.BatchNorm2d(4, track_running_stats=False).eval()])
def test_statistics_of_the_batch(norm):
    chain, x = nn.Sequential(nn.Conv2d(3, 4, 3), norm), torch.randn(2, 3, 6, 6)
    assert torch.equal(folded(chain)(x), chain(x))


def make_backbone():
    stages = [("one", nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True)))]
    stages += [("two", nn.Sequential(nn.Conv2d(8, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True)))]
    return Backbone(
        stages=[(name, with_statistics(stage)) for name, stage in stages],
        input_kind="image",
        n_channels=3,
        weights=WeightsInfo("made", "a test"),
    )


@pytest.mark.parametrize(
    ("precision", "folds"), [("auto", True), ("float32", True), ("float32", False), ("bfloat16", True)]
)
def test_the_bits_of_the_network_where_nothing_is_folded(n_norms, precision, folds):
    backbone, x = make_backbone(), torch.rand(4, 3, 12, 12)
    engine = choose_engine("torch", precision, backbone, torch.device("cpu"), 4, lambda: x[:1], folds)
    found = engine.run(x.clone(), 0, 2, True)
    assert len(n_norms) == (0 if folds else 2)
    with torch.no_grad():
        expected = backbone.pool(backbone.prefix(2)(x.contiguous(memory_format=torch.channels_last))).numpy()
    assert np.array_equal(found, expected) is not folds
    np.testing.assert_allclose(found, expected, rtol=1e-4 if precision != "bfloat16" else 0.05, atol=1e-3)


def test_the_cache_tells_them_apart():
    backbone = make_backbone()
    assert TorchEngine(backbone, folds=True).tag != TorchEngine(backbone, folds=False).tag
