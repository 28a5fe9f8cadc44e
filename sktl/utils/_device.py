"""Where to compute."""

from collections.abc import Callable
from typing import Literal

import torch

__all__ = ["Bfloat16Unit", "Send", "bfloat16_unit", "choose_device", "free_memory"]

Send = Callable[[torch.Tensor], torch.Tensor]  # brings a tensor to a device
Bfloat16Unit = Literal["matrices", "vectors"]
AMPERE = (8, 0)  # the capability of the first that multiply bfloat16


def choose_device(device: str) -> torch.device:
    """Return the device to compute on; ``"auto"`` is CUDA where there is one, else the CPU.

    Raises
    ------
    ValueError
        Where torch does not know the device, or it is not there.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"device={device!r} cannot be used here ({reason}); use 'auto' or 'cpu'") from error
    return chosen


def bfloat16_unit(device: torch.device) -> Bfloat16Unit | None:
    """Return what a device multiplies bfloat16 by, as far as torch knows.

    That is matrices (AMX; CUDA from Ampere on) or vectors (AVX-512 BF16). Others round to bfloat16 and back.
    """
    if device.type == "cuda":
        return "matrices" if torch.cuda.get_device_capability(device) >= AMPERE else None
    if device.type != "cpu":
        return None
    if _has("_is_amx_tile_supported"):
        return "matrices"
    return "vectors" if _has("_is_avx512_bf16_supported") else None


def free_memory(device: torch.device) -> int:
    """Return how many bytes may yet be taken of the memory of a device, as far as torch knows, else 0."""
    if device.type != "cuda":
        return 0
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


def _has(question: str) -> bool:
    """Return what torch says of the CPU; versions before 2.6 have no answer."""
    ask = getattr(torch.cpu, question, None)
    return ask is not None and ask()
