"""What pretrained weights bring, by the number of samples."""

import numpy as np
import pytest

from sktl.transferability import TransferGain


def make(pretrained, scratch, n_splits=4):
    """Return a gain with means that are given and little noise."""
    noise = np.random.default_rng(0).normal(size=(2, len(pretrained), n_splits)) / 200
    noise -= noise.mean(axis=2, keepdims=True)
    sizes = 10 * 2 ** np.arange(len(pretrained))
    sides = [np.array(means)[:, None] + its for means, its in zip((pretrained, scratch), noise, strict=True)]
    return TransferGain(sizes, *sides, "accuracy", 1 / 3)


def test_numbers_by_size():
    """Means, differences and intervals have an entry for each size."""
    gain = make([0.8, 0.9, 0.9], [0.5, 0.9, 0.95])
    assert gain.difference.shape == (3, 4)
    assert gain.mean_pretrained == pytest.approx([0.8, 0.9, 0.9])
    assert gain.mean_scratch == pytest.approx([0.5, 0.9, 0.95])
    assert gain.mean_difference == pytest.approx([0.3, 0, -0.05])
    assert gain.verdicts == ("gains", "level", "hurts")
    assert (gain.low < gain.mean_difference).all()
    assert (gain.high > gain.mean_difference).all()


def test_the_size_that_suffices():
    """It is by the means, and there may be none."""
    assert make([0.8, 0.92, 0.95], [0.5, 0.8, 0.9]).size_that_suffices == 20
    assert make([0.8, 0.85], [0.5, 0.9]).size_that_suffices is None


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        (
            make([0.8, 0.9, 0.9], [0.5, 0.9, 0.95]),
            "transfer gains with 10 samples, hurts with 40, level with 20\npretrained, no size does what 40 samples do",
        ),
        (
            make([0.8, 0.9], [0.5, 0.6]),
            "transfer gains with 10 and 20 samples\npretrained, 10 samples do what 20 do from",
        ),
        (make([0.8], [0.5], n_splits=1), "transfer unknown with 10 samples\npretrained, 10 samples do"),
        (make([np.nan], [np.nan]), "transfer unknown with 10 samples"),
    ],
)
def test_the_last_lines(gain, words):
    """They say what the table comes to."""
    assert repr(gain).split("\n\n")[-1].startswith(words)
