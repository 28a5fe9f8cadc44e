"""The script on wake words: its recordings, its features, its splits, and that it runs."""

import importlib.util
import pathlib

import matplotlib
import numpy as np
import pytest
from scipy.io import wavfile

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "examples" / "wake_word.py"


@pytest.fixture(scope="module")
def example():
    """Return the script as a module; its last lines run as a script only."""
    matplotlib.use("Agg")
    spec = importlib.util.spec_from_file_location("wake_word_example", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def recordings(example):
    """Return six takes of each word by each speaker."""
    return example.make_recordings(np.random.default_rng(0), n_takes=6)


def test_recordings_are_of_all_words_and_speakers(example, recordings):
    """Each speaker says each word, for about half a second, and no take is like another."""
    waves, words, speakers = recordings
    assert len(waves) == len(words) == len(speakers) == 6 * len(example.WORDS) * len(example.SPEAKERS)
    assert set(zip(words, speakers, strict=True)) == {(w, s) for w in example.WORDS for s in example.SPEAKERS}
    lengths = np.array([len(wave) for wave in waves]) / example.RATE
    assert 0.35 <= lengths.min() < lengths.max() <= 0.6
    assert not np.array_equal(waves[0][:100], waves[1][:100])


def test_features_have_one_shape(example, recordings):
    """Recordings of any length, one sample and silence included, become finite pictures of one shape."""
    waves = example.as_array([*recordings[0][:3], np.ones(1), np.zeros(400), np.sin(np.arange(40_000.0))])
    energies = example.log_mel(waves)
    assert energies.shape == (6, 1, example.N_MELS, example.N_FRAMES)
    assert energies.dtype == np.float32
    assert np.isfinite(energies).all()


def test_features_do_not_know_how_loud_it_was(example, recordings):
    """A recording and its copy of a tenth of the level have the same features."""
    wave = recordings[0][0]
    loud, soft = example.log_mel(example.as_array([wave, wave / 10]))
    np.testing.assert_allclose(loud, soft, atol=1e-4)


@pytest.mark.parametrize(("frequency", "band"), [(300, 0), (1000, 0), (3500, 1)])
def test_a_tone_lies_in_its_band(example, frequency, band):
    """A tone is loudest in the filter around it: the lower ones below, the higher ones above the middle."""
    tone = np.sin(2 * np.pi * frequency * np.arange(example.RATE) / example.RATE)
    loudest = example.log_mel(example.as_array([tone]))[0, 0].mean(axis=1).argmax()
    filters = example.mel_filters()
    frequencies = np.linspace(0, example.RATE / 2, filters.shape[1])
    assert abs(frequencies[filters[loudest].argmax()] - frequency) < 150
    assert (loudest > example.N_MELS // 2 + 5) == bool(band)


def test_tasks_share_neither_words_nor_speakers(example, recordings):
    """Task A knows neither the wake word nor the newcomers."""
    _, words, speakers = recordings
    task_a, of_newcomers = example.split_tasks(words, speakers, "uef", ["eve", "fred"], np.random.default_rng(0))
    assert len(set(words[task_a])) == 6
    assert "uef" not in words[task_a]
    assert set(speakers[task_a]) == {"anna", "ben", "carl", "dora"}
    assert set(speakers[of_newcomers]) == {"eve", "fred"}


def test_nobody_is_judged_by_what_was_learned(example, recordings):
    """The sets to learn from grow, and the set to judge by stays the same and apart from all of them."""
    _, words, speakers = recordings
    is_wake, of_newcomers = words == "uef", np.flatnonzero(np.isin(speakers, ["eve", "fred"]))
    splits = [example.split_newcomers(is_wake, speakers, of_newcomers, k, 5, np.random.default_rng(1)) for k in (2, 5)]
    (small, test), (large, same) = splits
    assert is_wake[small].sum() == 2 and len(small) == 6
    assert set(small) < set(large)
    assert np.array_equal(test, same)
    assert not set(large) & set(test)
    assert set(speakers[small][is_wake[small]]) == {"eve", "fred"}


def test_speakers_take_turns(example, rng):
    """No speaker is heard twice before all others were heard, and what is left of one comes last."""
    speakers = np.array(["ann"] * 5 + ["bob"] * 3)
    order = example.in_turns(np.arange(8), speakers, rng)
    assert sorted(order) == list(range(8))
    assert all(set(speakers[order[start : start + 2]]) == {"ann", "bob"} for start in (0, 2, 4))
    assert set(speakers[order[6:]]) == {"ann"}


def test_files_are_read(example, tmp_path):
    """Files become recordings with their words and speakers, in the order of their names."""
    for name in ("yes_ann_0", "no_bob_1"):
        wavfile.write(tmp_path / f"{name}.wav", example.RATE, np.arange(500, dtype=np.int16))
    waves, words, speakers = example.read_recordings(tmp_path)
    assert [len(wave) for wave in waves] == [500, 500]
    assert words.tolist() == ["no", "yes"] and speakers.tolist() == ["bob", "ann"]


def test_wrong_folders_are_told(example, tmp_path):
    """A folder without recordings, and one at another rate, end with a sentence."""
    with pytest.raises(SystemExit, match="holds no file named <word>_<speaker>_<take>"):
        example.read_recordings(tmp_path)
    wavfile.write(tmp_path / "yes_ann_0.wav", 16_000, np.zeros(500, dtype=np.int16))
    with pytest.raises(SystemExit, match="expected 8000 Hz and one channel"):
        example.read_recordings(tmp_path)


def test_it_runs(example, recordings, tmp_path, capsys):
    """The whole script, small: it prints both contestants, draws, and takes the wake word that is asked for."""
    plot = tmp_path / "plot.png"
    found = example.main(recordings, plot, wake="sim", counts=(3,), n_draws=1, max_epochs=2)
    printed = capsys.readouterr().out
    assert "is it 'sim'?" in printed
    assert set(found) == {"from task A", "from scratch"}
    assert all(values.shape == (1, 1) and 0 <= values[0, 0] <= 1 for values in found.values())
    assert plot.stat().st_size > 5_000
