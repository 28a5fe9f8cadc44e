import pytest
import torch
from torch import nn

from sktl.backbones import Backbone
from sktl.backbones._sentence_stages import EncoderLayer, SentenceVector, TokenEmbeddings


@pytest.fixture
def ids():
    """Return three texts of six, four and one tokens."""
    ids = torch.randint(1, 50, (3, 6))
    ids[1, 4:] = ids[2, 1:] = 0
    return ids


@pytest.fixture
def backbone():
    """Return a small encoder whose weights are large enough for padding to show if it were seen."""
    embeddings = TokenEmbeddings(50, 12, 8, 0.1, 1e-12)
    layers = [EncoderLayer(8, 2, 16, 0.1, 1e-12) for _ in range(2)]
    for parameter in (p for module in (embeddings, *layers) for p in module.parameters()):
        nn.init.normal_(parameter)
    stages = [("embeddings", embeddings), ("one", layers[0]), ("two", nn.Sequential(layers[1], SentenceVector()))]
    return Backbone(stages=stages, channel_axis=-1, skips_padding=True, architecture="transformer")


def test_padding_is_zero_behind_each_stage(backbone, ids):
    for depth in (1, 2):
        x = backbone.prefix(depth)(ids)
        assert torch.equal((x != 0).all(dim=-1), ids != 0)
        assert (x[ids == 0] == 0).all()


def test_padding_is_zero_in_training_too(backbone, ids):
    x = ids
    for stage in list(backbone.suffix(0).train())[:2]:
        x = stage(x)
        assert (x[ids == 0] == 0).all()
        assert (x[ids != 0] != 0).any(dim=-1).all()


def test_a_vector_has_length_one(backbone, ids):
    tokens = backbone.prefix(2)(ids)
    last = backbone.stages[2][1]
    mean = backbone.pool(last[0](tokens))
    assert torch.allclose(backbone(ids), mean / mean.norm(dim=1, keepdim=True))


def test_training_drops(backbone, ids):
    stage = backbone.suffix(0).train()[0]
    assert not torch.equal(stage(ids), stage(ids))


def test_the_length_of_rows_does_not_matter(backbone, ids):
    longer = torch.cat([ids, torch.zeros(3, 6, dtype=ids.dtype)], dim=1)
    assert torch.allclose(backbone(longer), backbone(ids), atol=1e-5)
    for depth in (1, 2):
        pooled = backbone.pool(backbone.prefix(depth)(ids))
        assert torch.allclose(backbone.pool(backbone.prefix(depth)(longer)), pooled, atol=1e-5)


def test_a_row_depends_on_no_other(backbone, ids):
    for row, alone in zip(backbone(ids), ids, strict=True):
        assert torch.allclose(backbone(alone[alone != 0][None])[0], row, atol=1e-5)


def test_gradients_pass_by_padding(backbone, ids):
    """Tables get a gradient for the tokens that are there, and none for padding; nothing is NaN."""
    suffix = backbone.suffix(0).train()
    x = ids
    for stage in suffix:
        x = stage(x)
    x.cumsum(dim=1).square().sum().backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in suffix.parameters())
    gradient = suffix[0].word.weight.grad
    assert (gradient[0] == 0).all()
    assert (gradient[ids[0]] != 0).any(dim=1).all()
    assert (suffix[0].position.weight.grad[6:] == 0).all()


def test_a_row_of_padding_alone_counts_as_one_token(backbone):
    """Attention that sees nothing divides 0 by 0 in older releases of torch."""
    ids = torch.zeros(2, 5, dtype=torch.int64)
    x = backbone.prefix(1)(ids)
    assert (x != 0).any(dim=-1).tolist() == [[True, False, False, False, False]] * 2
    assert torch.isfinite(backbone(ids)).all()


def test_random_weights_are_those_of_bert():
    embeddings, layer = TokenEmbeddings(500, 100, 64, 0.1, 1e-12), EncoderLayer(64, 2, 256, 0.1, 1e-12)
    for stage in (embeddings, layer):
        stage.reset_parameters()
    for weight in (embeddings.word.weight, layer.layer.self_attn.in_proj_weight, layer.layer.linear1.weight):
        assert weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert embeddings.kind.std().item() == pytest.approx(0.02, rel=0.5)
    assert (layer.layer.linear1.bias == 0).all()
    assert (layer.layer.norm1.weight == 1).all()


@pytest.mark.parametrize(
    ("ids", "what"),
    [
        (torch.ones(2, 13, dtype=torch.int64), r"a length of 12 at most, got torch.int64 \(2, 13\)"),
        (torch.ones(2, 5), r"integers \(n, length\).* got torch.float32 \(2, 5\)"),
        (torch.ones(5, dtype=torch.int64), r"got torch.int64 \(5,\). Make them of texts with sktl.backbones.Tokenizer"),
    ],
)
def test_other_inputs_are_refused(backbone, ids, what):
    with pytest.raises(ValueError, match=what):
        backbone(ids)
