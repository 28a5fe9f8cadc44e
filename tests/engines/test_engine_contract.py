"""What holds for every engine, in every precision that it knows on the CPU."""

import numpy as np
import pytest
import torch
from torch import nn

from sktl.backbones import Backbone, WeightsInfo, get_backbone
from sktl.engines import ENGINES
from sktl.engines._openvino import TOLERANCE

MEMBERS = [(name, precision) for name, engine in ENGINES.items() for precision in engine.precisions("cpu")]


def made(seed=0):
    """Return four stages; the second and third begin by writing to what they take."""
    torch.manual_seed(seed)
    return Backbone(
        stages=[
            ("one", nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8))),
            ("two", nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(8, 12, 3, stride=2))),
            ("three", nn.Sequential(nn.SiLU(inplace=True), nn.Dropout(0.5), nn.Conv2d(12, 16, 3))),
            ("four", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))),
        ],
        input_kind="image",
        n_channels=3,
        weights=WeightsInfo("made", "a test"),
    )


@pytest.fixture(params=MEMBERS, ids=lambda member: "-".join(member))
def member(request):
    if request.param[0] == "openvino":
        pytest.importorskip("openvino")
    return request.param


@pytest.fixture
def make(member):
    name, precision = member
    return lambda backbone: ENGINES[name](backbone, precision)


@pytest.fixture
def backbone():
    return made()


@pytest.fixture
def x():
    return torch.rand(6, 3, 12, 10, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def by_hand(backbone, x, depth, pooled):
    x = backbone.prefix(depth)(x.clone())
    return (backbone.pool(x) if pooled else x).numpy()


def distance(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


@pytest.mark.parametrize("pooled", [True, False])
@pytest.mark.parametrize("depth", [1, 3, 4])
def test_does_what_the_stages_do(make, member, backbone, x, depth, pooled):
    found, expected = make(backbone).run(x.clone(), 0, depth, pooled), by_hand(backbone, x, depth, pooled)
    assert (found.shape, found.dtype) == (expected.shape, np.float32)
    assert distance(found, expected) < TOLERANCE[member[1]] / 3


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "efficientnet_lite0"])
def test_agrees_on_networks_that_people_use(make, member, name):
    torch.manual_seed(0)
    backbone, x = get_backbone(name, None), torch.rand(3, 3, 64, 64)
    expected = by_hand(backbone, x, backbone.n_stages, True)
    assert distance(make(backbone).run(x.clone(), 0, backbone.n_stages, True), expected) < TOLERANCE[member[1]] / 3


def test_a_row_does_not_go_by_its_batch(make, backbone, x):
    engine = make(backbone)
    whole = engine.run(x.clone(), 0, 4, True)
    np.testing.assert_allclose(engine.run(x[2:4].clone(), 0, 4, True), whole[2:4], rtol=1e-6, atol=1e-7)


def test_rows_stay_when_the_next_batch_comes(make, backbone, x):
    engine = make(backbone)
    first = engine.run(x.clone(), 0, 2, False)
    kept = first.copy()
    engine.run(1 - x, 0, 2, False)
    assert np.array_equal(first, kept)


@pytest.mark.parametrize("pooled", [True, False])
@pytest.mark.parametrize("stop", [2, 3, 4])
def test_a_pass_that_resumes_has_the_bits_of_one(make, backbone, x, stop, pooled):
    engine = make(backbone)
    if not engine.resumes:
        pytest.skip("begins at the input each time")
    whole = engine.run(x.clone(), 0, stop, pooled)
    for start in range(1, stop + pooled):
        rows = torch.from_numpy(engine.run(x.clone(), 0, start, False))
        assert np.array_equal(engine.run(rows, start, stop, pooled), whole)


def test_what_is_offered_changes_nothing_and_is_what_would_be_returned(make, backbone, x):
    engine, taken = make(backbone), {}

    def offer(depth, pooled, rows):
        taken[depth, pooled] = rows().copy()

    for pooled in (True, False):
        plain = engine.run(x.clone(), 0, 3, pooled)
        taken.clear()
        assert np.array_equal(engine.run(x.clone(), 0, 3, pooled, offer), plain)
        for (depth, is_pooled), rows in taken.items():
            assert np.array_equal(rows, engine.run(x.clone(), 0, depth, is_pooled))


def test_averages_of_all_stages_come_from_one_pass(make, backbone, x):
    taken = set()
    make(backbone).run(x.clone(), 0, 4, True, lambda depth, pooled, rows: taken.add((depth, pooled)))
    assert {(1, True), (2, True), (3, True)} <= taken


def test_the_backbone_keeps_its_bits(make, backbone, x):
    before = backbone.weights_fingerprint()
    make(backbone).run(x.clone(), 0, 4, True)
    assert backbone.weights_fingerprint() == before
    assert not any(module.training for module in backbone._modules)


def test_other_weights_give_other_rows(make, x):
    found = [make(made(seed)).run(x.clone(), 0, 4, True) for seed in (0, 1, 0)]
    assert np.array_equal(found[0], found[2])
    assert not np.allclose(found[0], found[1], atol=1e-3)


def test_a_change_in_place_is_seen(make, backbone, x):
    before = make(backbone).run(x.clone(), 0, 4, True)
    with torch.no_grad():
        next(backbone._modules[3].parameters()).mul_(2)
    after = make(backbone).run(x.clone(), 0, 4, True)
    assert not np.allclose(before, after, atol=1e-3)


def test_other_sizes_of_pictures(make, backbone, x):
    engine = make(backbone)
    for picture in (x, x[..., :9], x.transpose(2, 3)):
        expected = by_hand(backbone, picture, 4, True)
        assert distance(engine.run(picture.clone(), 0, 4, True), expected) < 0.05


def test_tags_tell_engines_apart(backbone):
    tags = {ENGINES[name](backbone, precision).tag for name, precision in MEMBERS}
    assert len(tags) == len(MEMBERS)


def test_the_global_generators_are_left_alone(make, backbone, x):
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    make(backbone).run(x.clone(), 0, 4, True)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])
