"""Backbones, best first."""

import numpy as np
import pandas as pd
import pytest

from sktl.transferability import BackboneFailure, BackboneRanking, BackboneScore


def make(*means, failures=(), n_folds=3):
    """Return a ranking with scores that lie around the means by chance alone."""
    noise = np.random.default_rng(0).normal(size=(len(means), n_folds)) / 100
    rows = [
        BackboneScore(f"net{i}", "v1", mean + its, -0.5, np.nan if i else 0.002, 10, 1000, 8)
        for i, (mean, its) in enumerate(zip(means, noise - noise.mean(axis=1, keepdims=True), strict=True))
    ]
    return BackboneRanking(tuple(rows), failures, "accuracy", 30, 0.5)


def test_numbers_of_a_row():
    """The mean and its error are those of the folds; one fold has no error."""
    row = BackboneScore("a", "random", np.array([0.5, 0.7, 0.6]), 0.0, 0.1, 3, 1, 1)
    assert (row.mean, row.standard_error) == (pytest.approx(0.6), pytest.approx(0.1 / np.sqrt(3)))
    assert np.isnan(BackboneScore("a", "random", np.array([0.5]), 0.0, 0.1, 3, 1, 1).standard_error)


def test_those_that_are_level_are_told():
    """By the paired interval of the difference to the best."""
    ranking = make(0.9, 0.895, 0.6)
    assert ranking.best.name == "net0"
    assert ranking.behind.mean_difference == pytest.approx([0, -0.005, -0.3])
    assert ranking.level_with_best == (ranking.rows[1],)
    assert str(ranking).endswith("net0 (v1) is first, and net1 (v1) level with it")


@pytest.mark.parametrize(
    ("ranking", "words"),
    [
        (make(0.9, 0.5), "net0 (v1) is first, and better than all others"),
        (make(0.9), "net0 (v1) is first"),
        (make(0.9, 0.8, n_folds=1), "net0 (v1) is first"),
        (make(*[0.9] * 9), "net0 (v1) is first, and 8 others level with it"),
    ],
)
def test_the_last_line(ranking, words):
    """It says what the table comes to, and nothing that one fold cannot say."""
    assert str(ranking).split("\n")[-1] == words


def test_times_and_failures_are_printed():
    """What came from the cache has no time; a long reason is cut, and kept whole."""
    failure = BackboneFailure("lost", f"OSError: {'no weights here ' * 20}\nmore")
    ranking = make(0.9, 0.5, failures=(failure,))
    lines = repr(ranking).split("\n")
    assert lines[3].split()[-3:] == ["2", "1,000", "8"]
    assert lines[4].split()[-3:] == ["cached", "1,000", "8"]
    assert lines[-2] == "could not be ranked:"
    assert lines[-1].startswith("  lost: OSError: no weights here")
    assert lines[-1].endswith(" ...")
    assert len(lines[-1]) < 170
    assert ranking.failures[0].reason.endswith("\nmore")


def test_as_a_frame():
    """A row for each backbone, best first."""
    frame = make(0.9, 0.5).to_frame()
    assert isinstance(frame, pd.DataFrame)
    assert frame["name"].tolist() == ["net0", "net1"]
    assert frame["mean"].tolist() == pytest.approx([0.9, 0.5])
    assert np.isnan(frame["seconds_per_sample"][1])
