import pickle
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sktl.backbones import Tokenizer
from sktl.backbones._tokenizer import _open_vocabulary
from sktl.exceptions import MissingExtraError

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "where", "is", "my", "parcel", "?"]


@pytest.fixture
def vocabulary(tmp_path):
    """Return the path of a vocabulary of a few words."""
    tokenizers = pytest.importorskip("tokenizers", reason="tokenizers comes with the extra text")
    numbers = {word: number for number, word in enumerate(WORDS)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(numbers, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    # What a file says of lengths is not what is asked for here.
    tokenizer.enable_padding(length=20)
    tokenizer.enable_truncation(3)
    path = str(tmp_path / "tokenizer.json")
    tokenizer.save(path)
    return path


def test_ids_then_zeros(vocabulary):
    rows = Tokenizer(vocabulary, length=7).fit_transform(["where is my parcel ?", "parcel", "lost parcel", ""])
    assert rows.dtype == np.int64
    assert rows.tolist() == [
        [2, 4, 5, 6, 7, 8, 3],
        [2, 7, 3, 0, 0, 0, 0],
        [2, 1, 7, 3, 0, 0, 0],
        [2, 3, 0, 0, 0, 0, 0],
    ]


def test_a_longer_text_loses_its_end_and_keeps_its_mark(vocabulary):
    assert Tokenizer(vocabulary, length=4).fit_transform(["where is my parcel ?"]).tolist() == [[2, 4, 5, 3]]


@pytest.mark.parametrize(("n_words", "length"), [(1, 8), (6, 8), (7, 16), (300, 256)])
def test_auto_goes_by_the_longest(vocabulary, n_words, length):
    tokenizer = Tokenizer(vocabulary).fit(["parcel", "parcel " * n_words])
    assert tokenizer.length_ == length
    assert tokenizer.transform(["where is my parcel ?"]).shape == (1, length)


@pytest.mark.parametrize(
    "container", [list, tuple, np.array, pd.Series, lambda x: np.array(x, dtype=object)[:, None], pd.DataFrame]
)
def test_containers(vocabulary, container):
    texts = container(["where is", "my parcel"])
    assert Tokenizer(vocabulary, length=5).fit_transform(texts).tolist() == [[2, 4, 5, 3, 0], [2, 6, 7, 3, 0]]


def test_is_a_transformer(vocabulary):
    tokenizer = Tokenizer(vocabulary, length=4)
    assert clone(tokenizer).get_params() == {"vocabulary": vocabulary, "length": 4}
    with pytest.raises(NotFittedError, match="not fitted yet"):
        tokenizer.transform(["parcel"])
    tokenizer.fit(["parcel"])
    assert tokenizer.get_feature_names_out().tolist() == [f"tokenizer{column}" for column in range(4)]
    state = pickle.dumps(tokenizer)
    assert len(state) < 500
    assert np.array_equal(pickle.loads(state).transform(["is"]), tokenizer.transform(["is"]))
    tags = tokenizer.__sklearn_tags__().input_tags
    assert (tags.string, tags.two_d_array) == (True, False)


@pytest.mark.parametrize(
    ("X", "error", "what"),
    [
        ("one text", TypeError, r"X is a single text: expected many. Give a list, \[X\]"),
        ([], ValueError, "X is empty: give at least one text"),
        (["a", None], TypeError, r"X\[1\] is NoneType: expected a str. Drop what is missing, or fill it with ''"),
        (["a", float("nan")], TypeError, r"X\[1\] is float: expected a str"),
        ([["a", "b"]], ValueError, r"X has the shape \(1, 2\): expected one column of texts"),
    ],
)
def test_what_is_no_text_is_refused(X, error, what):
    with pytest.raises(error, match=what):
        Tokenizer().fit(X)


@pytest.mark.parametrize("params", [{"length": 1}, {"length": 8.0}, {"length": "longest"}, {"vocabulary": 3}])
def test_parameters_are_checked(params):
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter of Tokenizer must be"):
        Tokenizer(**params).fit(["a"])


def test_a_vocabulary_that_is_none(vocabulary, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"vocabulary='nope' is neither 'all_minilm_l6_v2' nor a file"):
        Tokenizer("nope").fit(["a"])
    path = tmp_path / "tokenizer.json"
    path.write_text("{")
    with pytest.raises(ValueError, match=r"vocabulary='.*tokenizer\.json' cannot be read as a tokenizer\.json: .*EOF"):
        Tokenizer(str(path), length=4).fit(["a"])


def test_transform_checks_too(vocabulary):
    with pytest.raises(TypeError, match=r"X\[0\] is int: expected a str"):
        Tokenizer(vocabulary, length=4).fit(["a"]).transform([3])


def test_a_missing_package_is_named(monkeypatch):
    _open_vocabulary.cache_clear()
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(MissingExtraError, match=r"needs the package 'tokenizers'.*pip install 'sktl\[text\]'"):
        Tokenizer(length=8).fit(["a"])
