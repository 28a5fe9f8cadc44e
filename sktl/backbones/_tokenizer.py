"""From texts to the token ids that a sentence encoder takes."""

import functools
import numbers
import os
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from sktl.backbones._minilm_files import EXTRA, MINILM, minilm_folder
from sktl.utils._optional import import_optional

__all__ = ["Tokenizer"]

LONGEST = 256  # what all-MiniLM-L6-v2 was trained on at most
STEP = 8  # lengths are multiples of it, so that the folds of a search mostly agree and share what they compute


class Tokenizer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Transformer that returns the token ids of texts, as the backbone ``"all_minilm_l6_v2"`` takes them.

    A text becomes a row: a token for its begin, one for each word or piece of a word, one for its end, and 0 up to
    the length of the rows. All rows are of one length, which ``fit`` decides; a longer text loses its end.

    Parameters
    ----------
    vocabulary : str, default="all_minilm_l6_v2"
        The name of the backbone, or the path of a ``tokenizer.json`` as the package ``tokenizers`` writes it.
    length : int or "auto", default="auto"
        Tokens per row, from 2 on. ``"auto"``: those of the longest text in ``fit``, up to the next multiple of 8, but
        256 at most. The time that a network takes goes by it.

    Attributes
    ----------
    length_ : int
        Tokens per row.

    Raises
    ------
    MissingExtraError
        By ``fit``, where ``tokenizers`` or the package with the vocabulary is not installed.

    See Also
    --------
    sktl.backbones.get_backbone : The network that takes the ids.

    Examples
    --------
    >>> from sktl.backbones import Tokenizer
    >>> tokenizer = Tokenizer(length=8).fit(["Good morning"])  # doctest: +SKIP
    >>> tokenizer.transform(["Good morning", "Good night, and good luck"])  # doctest: +SKIP
    array([[ 101, 2204, 2851,  102,    0,    0,    0,    0],
           [ 101, 2204, 2305, 1010, 1998, 2204, 6735,  102]])
    """

    _parameter_constraints: dict = {
        "vocabulary": [str],
        "length": [StrOptions({"auto"}), Interval(numbers.Integral, 2, None, closed="left")],
    }

    def __init__(self, vocabulary="all_minilm_l6_v2", *, length="auto"):
        self.vocabulary = vocabulary
        self.length = length

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Decide how long rows are.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,) or (n_samples, 1)
            The texts.
        y : None
            Not used.

        Returns
        -------
        self
            The fitted transformer.

        Raises
        ------
        TypeError
            Where X is a single text, or holds something else than texts.
        ValueError
            Where it is empty, or has more than one column; where the vocabulary cannot be read.
        FileNotFoundError
            Where there is no file of the vocabulary.
        """
        texts = _read_texts(X)
        length = self.length
        if length == "auto":
            longest = max(len(ids) for ids in _encode(self.vocabulary, LONGEST, texts))
            length = min(LONGEST, -(-longest // STEP) * STEP)
        else:
            _open_vocabulary(self.vocabulary, length)
        self.length_ = self._n_features_out = int(length)
        return self

    def transform(self, X):
        """Return the token ids of each text.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,) or (n_samples, 1)
            The texts.

        Returns
        -------
        ndarray of shape (n_samples, `length_`), int64
            The ids, then 0.

        Raises
        ------
        TypeError
            Where X is a single text, or holds something else than texts.
        ValueError
            Where it is empty, or has more than one column.
        """
        check_is_fitted(self, "length_")
        encoded = _encode(self.vocabulary, self.length_, _read_texts(X))
        rows = np.zeros((len(encoded), self.length_), dtype=np.int64)
        for row, ids in zip(rows, encoded, strict=True):
            row[: len(ids)] = ids
        return rows

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.transformer_tags.preserves_dtype = []
        return tags


def _read_texts(X: Any) -> list[str]:
    """Return the texts in X, checked."""
    if isinstance(X, str):
        raise TypeError("X is a single text: expected many. Give a list, [X]")
    texts = np.asarray(X, dtype=object)
    if texts.ndim == 2 and texts.shape[1] == 1:
        texts = texts[:, 0]
    if texts.ndim != 1:
        raise ValueError(f"X has the shape {texts.shape}: expected one column of texts, (n,) or (n, 1)")
    if not len(texts):
        raise ValueError("X is empty: give at least one text")
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(
                f"X[{index}] is {type(text).__name__}: expected a str. Drop what is missing, or fill it with ''"
            )
    return texts.tolist()


def _encode(vocabulary: str, length: int, texts: list[str]) -> list[list[int]]:
    """Return the ids of each text, cut to a length."""
    return [encoding.ids for encoding in _open_vocabulary(vocabulary, length).encode_batch(texts)]


@functools.lru_cache(maxsize=4)
def _open_vocabulary(vocabulary: str, length: int) -> Any:
    """Return a tokenizer that cuts to a length and does not pad."""
    purpose = f"the vocabulary {vocabulary!r}"
    tokenizers = import_optional("tokenizers", extra=EXTRA, purpose=purpose)
    path = str(minilm_folder(purpose) / "tokenizer.json") if vocabulary == MINILM else vocabulary
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"vocabulary={vocabulary!r} is neither {MINILM!r} nor a file: give the path of a tokenizer.json"
        )
    try:
        tokenizer = tokenizers.Tokenizer.from_file(path)
    except Exception as error:  # the package raises no other type
        raise ValueError(f"vocabulary={vocabulary!r} cannot be read as a tokenizer.json: {error}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(length)
    return tokenizer
