"""
A wake word from a handful of recordings
========================================

A network that tells six words apart, spoken by four people, becomes the detector of a word that it never heard, for two
other people, from a few recordings.

The words are made up: a voice with formants, noise for consonants, and speakers who differ in pitch, in the length of
their vocal tract and in their pace. So the script runs anywhere::

    python -m pip install ".[plot]" && python examples/wake_word.py

``--data FOLDER`` takes real ones, as 8 kHz WAV files named ``<word>_<speaker>_<take>.wav``, such as those of the Free
Spoken Digit Dataset. ``benchmarks/wake_word.py`` repeats the comparison on these, with intervals.
"""

# %%
# The recordings
# --------------
# A word is three sounds, and a sound two formants, or a band of noise. The resonances of a speaker lie lower the longer
# the vocal tract.

import argparse
import pathlib

import matplotlib.pyplot as plt
import numpy as np
from scipy.io import wavfile
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from torch import nn

from sktl import TransferClassifier
from sktl.backbones import backbone_from_module

RATE = 8000  # Hz
VOWELS = {"a": (750, 1200), "e": (480, 1900), "i": (290, 2300), "o": (450, 850), "u": (320, 700), "m": (250, 1050)}
HISSES = {"s": 3300, "f": 2000, "t": 2800}  # the centre of the band, Hz
WORDS = ("sim", "fao", "tem", "umi", "ase", "ofi", "esu", "mot", "ita", "uef")
SPEAKERS = {"anna": (215, 1.14), "ben": (110, 0.92), "carl": (130, 1.0), "dora": (190, 1.08)}  # pitch in Hz, formants
SPEAKERS |= {"eve": (235, 1.18), "fred": (95, 0.88)}


def speak(word, pitch, formants, rng):
    """Return a recording of a word: a voice of harmonics, shaped by formants that glide from sound to sound."""
    n_samples = int(RATE * rng.uniform(0.35, 0.6))
    moment = np.linspace(0, len(word) - 1, n_samples) * rng.uniform(0.95, 1.05)
    sounds = np.clip(np.round(moment).astype(int), 0, len(word) - 1)
    voiced = np.array([sound in VOWELS for sound in word])[sounds]
    tracks = np.array([VOWELS.get(sound, VOWELS["e"]) for sound in word]) * formants * rng.normal(1, 0.05, (3, 2))
    tracks = [np.interp(moment, range(len(word)), track) for track in tracks.T]
    f0 = pitch * rng.uniform(0.85, 1.15) * np.linspace(1.05, 0.9, n_samples)
    phase = 2 * np.pi * np.cumsum(f0) / RATE
    voice = np.zeros(n_samples)
    for harmonic in range(1, int(RATE / 2 / f0.max())):
        strength = sum(np.exp(-np.abs(harmonic * f0 - track) / 180) for track in tracks)
        voice += strength * np.sin(harmonic * phase)
    centre = np.array([HISSES.get(sound, 0) for sound in word])[sounds] * formants**0.5
    hiss = rng.normal(size=n_samples) * np.cos(2 * np.pi * np.cumsum(centre) / RATE)
    wave = np.where(voiced, voice, hiss) * np.hanning(n_samples) ** 0.3
    return wave / wave.std() + rng.uniform(0.1, 0.5) * rng.normal(size=n_samples)


def make_recordings(rng, n_takes=24):
    """Return recordings, each an array of its own length, with their words and speakers."""
    spoken = [(word, speaker) for word in WORDS for speaker in SPEAKERS for _ in range(n_takes)]
    return as_array([speak(word, *SPEAKERS[speaker], rng) for word, speaker in spoken]), *np.array(spoken).T


def read_recordings(folder):
    """Return the same of a folder of files ``<word>_<speaker>_<take>.wav``."""
    paths = sorted(pathlib.Path(folder).glob("*_*_*.wav"))
    if not paths:
        raise SystemExit(f"{folder} holds no file named <word>_<speaker>_<take>.wav")
    waves = []
    for path in paths:
        rate, wave = wavfile.read(path)
        if rate != RATE or wave.ndim != 1:
            raise SystemExit(f"{path} has {rate} Hz and the shape {wave.shape}: expected {RATE} Hz and one channel")
        waves.append(wave.astype(float))
    return as_array(waves), *np.array([path.stem.split("_")[:2] for path in paths]).T


def as_array(waves):
    """Return a list of recordings as an array of objects, which can be indexed."""
    array = np.empty(len(waves), dtype=object)
    array[:] = waves
    return array


# %%
# What the network sees
# ---------------------
# The energy in 32 bands, as narrow as the ear's, every 20 ms: a picture of 32 by 40. A recording is brought to mean 0
# and variance 1, which takes away how loud it is and how near the microphone was. What it lacks in length is filled up
# with its own quietest value, so that the filling does not tell one microphone from another.

N_MELS, N_FRAMES, WINDOW, HOP = 32, 40, 256, 160


def mel_filters():
    """Return triangular filters (N_MELS, WINDOW // 2 + 1), evenly spaced on the mel scale of O'Shaughnessy (1987)."""
    frequencies = np.linspace(0, RATE / 2, WINDOW // 2 + 1)
    top = 2595 * np.log10(1 + RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(80, top, N_MELS + 2) / 2595) - 1)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.clip(np.minimum((frequencies - low) / (middle - low), (high - frequencies) / (high - middle)), 0, None)


def log_mel(waves):
    """Return log-mel energies (n, 1, N_MELS, N_FRAMES) of recordings, cut or filled up at both ends."""
    filters, taper = mel_filters(), np.hanning(WINDOW)
    energies = np.empty((len(waves), 1, N_MELS, N_FRAMES), dtype=np.float32)
    for number, wave in enumerate(waves):
        wave = np.pad(wave, (0, max(0, WINDOW - len(wave)))) / max(np.sqrt(np.mean(np.square(wave))), 1e-9)
        frames = np.lib.stride_tricks.sliding_window_view(wave, WINDOW)[::HOP]
        bands = np.log(np.abs(np.fft.rfft(frames * taper)) ** 2 @ filters.T + 1e-2)
        bands = (bands - bands.mean()) / max(bands.std(), 1e-9)
        start = max(0, (len(bands) - N_FRAMES) // 2)
        bands = bands[start : start + N_FRAMES]
        missing = N_FRAMES - len(bands)
        around = ((missing // 2, missing - missing // 2), (0, 0))
        energies[number, 0] = np.pad(bands, around, constant_values=bands.min()).T
    return energies


# %%
# The network
# -----------
# Three stages of convolutions, and what they find in four parts of the word side by side. ``input_kind="tensor"`` says
# that these are no photographs: values below zero are in order, and nothing is scaled.


def make_network():
    """Return an untrained network, cut into stages."""

    def stage(n_in, n_out, stride):
        pool = nn.Identity() if stride > 1 else nn.MaxPool2d(2)
        return nn.Sequential(
            nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1), nn.BatchNorm2d(n_out), nn.ReLU(), pool
        )

    end = nn.Sequential(nn.AdaptiveAvgPool2d((2, 4)), nn.Flatten())
    network = nn.Sequential(stage(1, 16, 2), stage(16, 32, 1), stage(32, 64, 1), end)
    return backbone_from_module(network, name="words", input_kind="tensor", weights=None)


def with_features(classifier):
    """Return a pipeline that takes recordings."""
    return make_pipeline(FunctionTransformer(log_mel), classifier)


# %%
# Task A, and task B
# ------------------
# Task A: six words of four speakers. Task B: is it the wake word, a seventh? Two speakers of whom A has heard nothing
# record it a few times, and twice as many other words. The judge are all their other recordings.


def split_tasks(words, speakers, wake, newcomers, rng, n_words=6):
    """Return the indices of the recordings for task A, of words drawn at random, and of those of the newcomers."""
    of_task_a = rng.permutation(np.setdiff1d(words, [wake]))[:n_words]
    is_new = np.isin(speakers, newcomers)
    return np.flatnonzero(np.isin(words, of_task_a) & ~is_new), np.flatnonzero(is_new)


def split_newcomers(is_wake, speakers, of_newcomers, count, n_reserved, rng):
    """Return the indices to learn from, a third of them the wake word, and to judge by, whatever the count."""
    positive, negative = (
        in_turns(of_newcomers[is_wake[of_newcomers] == value], speakers, rng) for value in (True, False)
    )
    train = np.concatenate([positive[:count], negative[: 2 * count]])
    return train, np.concatenate([positive[n_reserved:], negative[2 * n_reserved :]])


def in_turns(indices, speakers, rng):
    """Return indices in random order, but with the speakers taking turns."""
    indices = rng.permutation(indices)
    turn = np.empty(len(indices))
    for speaker in np.unique(speakers[indices]):
        is_theirs = speakers[indices] == speaker
        turn[is_theirs] = np.arange(is_theirs.sum())
    return indices[np.argsort(turn, kind="stable")]


def fit_source(waves, words, seed=0, max_epochs=12):
    """Return the pipeline that tells the words of task A apart."""
    network = {"backbone": make_network(), "weights": None, "freeze": "none"}
    return with_features(TransferClassifier(**network, max_epochs=max_epochs, random_state=seed)).fit(waves, words)


def detectors(source, seed=0):
    """Return the contestants: on the backbone of the source, and the same network from scratch."""
    return {
        "from task A": with_features(TransferClassifier(source[-1].backbone_, random_state=seed)),
        "from scratch": with_features(
            TransferClassifier(make_network(), weights=None, freeze="none", random_state=seed)
        ),
    }


# %%
# How many recordings does it take?
# ---------------------------------


def draw_curves(found, counts, path):
    """Draw the ROC-AUC by the number of recordings, and save the figure."""
    figure, axes = plt.subplots(figsize=(5.6, 3.8), layout="constrained")
    for color, (name, values) in zip(("#1f6fb2", "#9a9ea3"), found.items(), strict=True):
        axes.plot(counts, values, "o", color=color, alpha=0.35, markersize=5)
        axes.plot(counts, values.mean(axis=1), marker="o", color=color, label=name)
    axes.set(title="A wake word that task A never heard", xlabel="recordings of the wake word", ylabel="ROC-AUC")
    axes.set(xscale="log")
    axes.set_xticks(counts, [str(count) for count in counts], minor=False)
    axes.minorticks_off()
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=120)
    print(f"The plot is in {path}")


def main(recordings, plot="wake_word.png", wake=None, counts=(3, 5, 10), n_draws=3, max_epochs=12):
    """Train on task A, then compare detectors of a wake word, and draw the comparison."""
    waves, words, speakers = recordings
    wake = wake or str(np.unique(words)[-1])
    task_a, of_newcomers = split_tasks(words, speakers, wake, np.unique(speakers)[-2:], np.random.default_rng(0))
    source = fit_source(waves[task_a], words[task_a], max_epochs=max_epochs)
    others = of_newcomers[np.isin(words[of_newcomers], source.classes_)]
    print(f"Task A: {len(source.classes_)} words, {len(task_a)} recordings of {len(set(speakers[task_a]))} speakers")
    print(f"Its accuracy on the two new speakers: {source.score(waves[others], words[others]):.2f}\n")

    is_wake = words == wake
    found = {name: np.zeros((len(counts), n_draws)) for name in detectors(source)}
    for draw in range(n_draws):
        for number, count in enumerate(counts):
            rng = np.random.default_rng(draw)  # the same for all counts, so that each set holds the smaller ones
            train, test = split_newcomers(is_wake, speakers, of_newcomers, count, max(counts), rng)
            for name, detector in detectors(source, seed=draw).items():
                score = detector.fit(waves[train], is_wake[train]).predict_proba(waves[test])[:, 1]
                found[name][number, draw] = roc_auc_score(is_wake[test], score)

    print(f"Task B: is it {wake!r}? ROC-AUC, mean of {n_draws} draws of the recordings")
    print(f"{'recordings of it':>18}" + "".join(f"{name:>16}" for name in found))
    for number, count in enumerate(counts):
        print(f"{count:18}" + "".join(f"{values[number].mean():16.3f}" for values in found.values()))
    draw_curves(found, counts, plot)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A network that knows other words learns a wake word.")
    parser.add_argument("--data", metavar="FOLDER", help="WAV files named <word>_<speaker>_<take>.wav, 8 kHz")
    parser.add_argument("--wake", metavar="WORD", help="the wake word; the last in the alphabet if none is given")
    parser.add_argument("--plot", metavar="FILE", default="wake_word.png", help="where the plot goes")
    options, _ = parser.parse_known_args()
    main(
        read_recordings(options.data) if options.data else make_recordings(np.random.default_rng(0)),
        options.plot,
        options.wake,
    )
