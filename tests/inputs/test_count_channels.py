"""How many channels a network has to take."""

import numpy as np
import pytest
from PIL import Image

from sktl.inputs import open_images


@pytest.mark.parametrize(
    ("shape", "n_channels"),
    [((2, 8, 8), 3), ((2, 8, 8, 1), 3), ((2, 3, 8, 8), 3), ((2, 8, 8, 4), 4), ((2, 32, 32, 13), 13)],
)
def test_channels_of_an_array(shape, n_channels):
    images = open_images(np.zeros(shape, dtype=np.uint8), n_channels=None)
    assert images.n_channels == n_channels
    assert images.load([0], None).shape[1] == n_channels


def test_channels_of_a_list():
    arrays = [np.zeros((20, 20, 5), dtype=np.uint8), np.zeros((24, 22, 5), dtype=np.uint8)]
    assert open_images(arrays, n_channels=None).n_channels == 5
    assert open_images([Image.new("L", (4, 4))], n_channels=None).n_channels == 3
