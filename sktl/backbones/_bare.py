"""Networks without numbers, for weights to be put in."""

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

__all__ = ["BareNetworks"]


class BareNetworks(TorchFunctionMode):
    """A context in which layers get their parameters on the "meta" device, so that no time goes into random numbers.

    Only ``torch.empty`` is redirected, with which layers ask for memory to be filled later. Tensors that are computed
    are left as they are: constructors compute sizes with them, and tables of positions.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is torch.empty and kwargs.get("device") is None:
            kwargs = {**kwargs, "device": "meta"}
        return func(*args, **kwargs)
