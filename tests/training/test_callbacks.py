import pytest
from skorch.callbacks import Callback, GradientNormClipping

from sktl import TransferClassifier
from sktl.training._callbacks import read_callbacks


def test_what_skorch_takes_is_copied():
    clipping = GradientNormClipping(3.0)
    copied, (name, other), kind = read_callbacks([clipping, ("clips", clipping), Callback])
    assert isinstance(copied, GradientNormClipping)
    assert copied is not clipping
    assert (name, other.gradient_clip_value, kind) == ("clips", 3.0, Callback)


@pytest.mark.parametrize("given", ["x", None, int, ("a", "b"), (GradientNormClipping(), "a")])
def test_what_is_no_callback(given):
    with pytest.raises(TypeError, match=r"callbacks\[1\] is .*: expected a callback of skorch, such as"):
        read_callbacks([Callback(), given])


def test_in_a_fit(rng):
    with pytest.raises(TypeError, match=r"callbacks\[0\] is 'x'"):
        TransferClassifier("mlp", callbacks=["x"]).fit(rng.normal(size=(6, 2)), [0, 1] * 3)
