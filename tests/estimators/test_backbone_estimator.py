import numpy as np
import pytest
import torch
from torch import nn

from sktl.backbones import Backbone
from sktl.engines import TorchEngine
from sktl.estimators._backbone_estimator import FEWEST, MOST, how_many_at_once
from sktl.features import Samples


def picture_backbone():
    return Backbone(stages=[("one", nn.Conv2d(3, 4, 3))], input_kind="image", n_channels=3)


@pytest.fixture
def asked():
    return []


@pytest.fixture
def make_samples(asked):
    def make(n, *shape):
        def load(indices):
            asked.append(list(indices))
            return torch.zeros(len(indices), *shape)

        return Samples(n_samples=n, load=load, keys=lambda indices: [b""] * len(indices), view="plain")

    return make


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((3, 224, 224), 128), ((3, 448, 448), 32), ((3, 24, 24), MOST), ((3, 4000, 3000), FEWEST)],
)
def test_a_gpu_takes_as_many_pixels_as_it_has_room_for(make_samples, shape, expected):
    engine = TorchEngine(picture_backbone(), device=torch.device("cuda"))
    assert how_many_at_once(engine, make_samples(10_000, *shape)) == expected


def test_for_few_pictures_none_is_decoded_twice(make_samples, asked):
    engine = TorchEngine(picture_backbone(), device=torch.device("cuda"))
    assert how_many_at_once(engine, make_samples(FEWEST, 3, 24, 24)) == FEWEST
    assert not asked


@pytest.mark.parametrize("n_threads", [1, 2, 4])
def test_a_cpu_takes_fewer_of_large_ones(make_samples, n_threads):
    engine = TorchEngine(picture_backbone())
    torch.set_num_threads(n_threads)  # put back behind each test
    found = [how_many_at_once(engine, make_samples(10_000, 3, side, side)) for side in (448, 224, 112, 56, 8)]
    assert found == [FEWEST, 8, 32, 128, MOST] if n_threads < 4 else [FEWEST, 16, 64, 256, MOST]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_table_comes_in_few_batches(make_samples, make_table_backbone, device):
    engine = TorchEngine(make_table_backbone(5), device=torch.device(device))
    assert how_many_at_once(engine, make_samples(np.int64(100_000), 5)) == 8192
