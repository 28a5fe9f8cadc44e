import numpy as np
import pytest

from sktl.estimators._image_size import read_image_size


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("auto", "auto"),
        (None, None),
        (32, (32, 32)),
        (np.int64(32), (32, 32)),
        ((24, 40), (24, 40)),
        ([24, 40], (24, 40)),
        (np.array([24, 40]), (24, 40)),
    ],
)
def test_what_is_a_size(given, expected):
    found = read_image_size(given)
    assert found == expected
    assert not isinstance(found, tuple) or {type(side) for side in found} == {int}


@pytest.mark.parametrize(
    "given",
    [0, -3, 32.0, True, "small", (32,), (32, 32, 32), (0, 5), (32.5, 3), ("a", "b"), (True, 3), np.array(32), object()],
)
def test_what_is_none(given):
    with pytest.raises(ValueError, match=r"image_size is .*: expected a whole number of pixels from 1 on, two of them"):
        read_image_size(given)
