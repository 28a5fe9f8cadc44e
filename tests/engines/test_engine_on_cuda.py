"""What torch's engine does on a CUDA device."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from sktl import TransferClassifier
from sktl.backbones import Backbone, WeightsInfo
from sktl.engines import TorchEngine
from sktl.engines._folded import folded
from sktl.features import ArrayRows, FrozenActivations
from sktl.features._samples import Samples
from sktl.inputs import open_images
from sktl.utils._preprocessing import Preprocessing

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device"),
]
CUDA = torch.device("cuda")
LARGEST_DISTANCE = {"float32": 5e-3, "float16": 1e-2, "bfloat16": 5e-2}  # convolutions round to 10 bits (TF32) there


@pytest.fixture
def backbone():
    torch.manual_seed(0)
    stages = [
        (f"stage{number}", nn.Sequential(nn.Conv2d(width, 16, 3), nn.BatchNorm2d(16), nn.ReLU()))
        for number, width in enumerate((3, 16, 16))
    ]
    return Backbone(stages=stages, input_kind="image", n_channels=3, weights=WeightsInfo("made", "a test"))


@pytest.fixture
def pictures():
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2
    return (rng.integers(0, 160, (80, 24, 24, 3)) + 60 * y[:, None, None, None]).astype(np.uint8), y


@pytest.mark.parametrize("precision", sorted(LARGEST_DISTANCE))
def test_it_does_what_the_stages_do(backbone, precision):
    x = torch.rand(6, 3, 24, 24)
    with torch.no_grad():
        expected = backbone.pool(backbone.prefix(3)(x.clone())).numpy()
    found = TorchEngine(backbone, precision, CUDA).run(x.clone(), 0, 3, True)
    assert found.dtype == np.float32
    assert np.linalg.norm(found - expected) < LARGEST_DISTANCE[precision] * np.linalg.norm(expected)


def test_a_batch_that_was_sent_ahead_is_the_same(backbone):
    engine = TorchEngine(backbone, "float32", CUDA)
    batches = [torch.rand(64, 3, 64, 64) for _ in range(20)]
    plain = [engine.run(x.clone(), 0, 3, True) for x in batches]
    # All at once: none may be overwritten before it is run.
    sent = [engine.ahead(lambda send, x=x: send(x.clone())) for x in batches]
    assert all(x.is_cuda for x in sent)
    for x, expected in zip(sent, plain, strict=True):
        assert np.array_equal(engine.run(x, 0, 3, True), expected)


def test_a_pass_through_many_batches_has_each_row_in_its_place(backbone):
    X = torch.rand(200, 3, 24, 24)
    samples = Samples(n_samples=200, load=lambda i: X[i].clone(), keys=lambda i: [bytes([n]) for n in i], view="plain")
    engine = TorchEngine(backbone, "float32", CUDA)
    found = FrozenActivations(engine, samples, cache=None, batch_size=16).features()
    whole = engine.run(X.clone(), 0, 3, True)
    np.testing.assert_allclose(found, whole, rtol=1e-3, atol=1e-4)


def test_the_precision_of_the_hardware_is_as_good(backbone, pictures):
    X, y = pictures
    scores = []
    for precision in ("auto", "float32"):
        model = TransferClassifier(backbone, freeze="all", precision=precision, device="cuda", random_state=0)
        scores.append(model.fit(X[:40], y[:40]).score(X[40:], y[40:]))
    assert scores[0] == pytest.approx(scores[1], abs=1.5 / 40)
    assert scores[1] > 0.9


def test_stages_are_trained_and_read_by_a_cpu(backbone, pictures):
    X, y = pictures
    fitted = TransferClassifier(backbone, freeze=1, device="cuda", max_epochs=3, random_state=0).fit(X, y)
    there = fitted.predict_proba(X)
    here = fitted.set_params(device="cpu").predict_proba(X)
    np.testing.assert_allclose(there, here, atol=0.05)


def test_memory_there_does_not_grow_with_the_candidates(backbone, pictures):
    X, y = pictures
    used = []
    for freeze in (1, 2, "all") * 3:
        TransferClassifier(backbone, freeze=freeze, device="cuda", max_epochs=2, random_state=0).fit(X, y)
        used.append(torch.cuda.memory_allocated())
    assert used[-3:] == used[3:6]


def test_rows_to_train_on_are_on_the_device():
    array = np.arange(12, dtype=np.float32).reshape(4, 3)
    rows = ArrayRows(array).on(CUDA)
    batch = rows.batch(np.array([2, 0, 2]))
    assert batch.is_cuda
    assert np.array_equal(batch.cpu().numpy(), array[[2, 0, 2]])


def test_pixels_are_standardised_there_to_the_same_bits(pictures):
    images, preprocessing = open_images(pictures[0]), Preprocessing().at_size(None)
    there = images.load(range(80), preprocessing, send=lambda x: x.pin_memory().to(CUDA, non_blocking=True))
    assert torch.equal(there.cpu(), images.load(range(80), preprocessing))


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_rounded_weights_have_the_bits_of_autocast(backbone, precision):
    engine, x = TorchEngine(backbone, precision, CUDA), torch.rand(6, 3, 24, 24)
    plain = copy.deepcopy(folded(backbone.prefix(3))).to(CUDA)
    with torch.no_grad(), torch.autocast("cuda", getattr(torch, precision)):
        expected = plain(x.to(CUDA).contiguous(memory_format=torch.channels_last))
    assert np.array_equal(engine.run(x, 0, 3, False), expected.float().cpu().numpy())
