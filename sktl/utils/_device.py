"""Where to compute."""

import torch

__all__ = ["choose_device", "multiplies_bfloat16"]


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


def multiplies_bfloat16(device: torch.device) -> bool:
    """Return whether a device is a CPU with a unit for products of matrices of bfloat16 (AMX), as far as torch knows.

    Other CPUs round to bfloat16 and back, or gain little by it.
    """
    has_unit = getattr(torch.cpu, "_is_amx_tile_supported", None)  # since torch 2.6
    return device.type == "cpu" and has_unit is not None and has_unit()
