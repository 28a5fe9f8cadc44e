"""A device of Python, for machines without another one.

Its tensors lie in the memory of the CPU and do not mix with those there: what mixes them would do so on a GPU. Counted
are the numbers that are sent to it and fetched from it, and how often it is waited for.
"""

import collections

import torch
from torch.utils import _pytree as pytree
from torch.utils.backend_registration import _DummyBackendModule, _setup_privateuseone_for_python_backend

NAME = "pretended"
DEVICE = torch.device("cpu")  # until it is set up
counts: collections.Counter[str] = collections.Counter()

aten = torch.ops.aten
# Their shapes go by values, so that a GPU has to be waited for.
WAIT = {"aten::nonzero", "aten::masked_select", "aten::_unique2", "aten::is_nonzero"}


class Module(_DummyBackendModule):
    """What torch asks of the module of a device."""

    def get_rng_state(self, *_):
        return torch.get_rng_state()

    def set_rng_state(self, *_):
        pass

    def manual_seed_all(self, _):
        pass

    def get_amp_supported_dtype(self):
        return [torch.float32, torch.bfloat16, torch.float16]

    def device_count(self):
        return 1


class PretendedTensor(torch.Tensor):
    """A tensor that says it is on the device, around one on the CPU."""

    @staticmethod
    def __new__(cls, inside):
        how = {name: getattr(inside, name) for name in ("dtype", "layout", "requires_grad")}
        at = {"strides": inside.stride(), "storage_offset": inside.storage_offset(), "device": DEVICE}
        return torch.Tensor._make_wrapper_subclass(cls, inside.size(), **at, **how)

    def __init__(self, inside):
        self.inside = inside

    def tolist(self):
        counts["waits"] += 1
        return self.inside.tolist()

    def numpy(self, **_):
        raise TypeError("can't convert a tensor on a device to numpy")

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return run(function, args, kwargs or {})


def run(function, args, kwargs):
    """Do on the CPU what a function of torch does, where all its tensors are on one side."""
    if function is aten._to_copy.default:
        return _to(*args, **kwargs)
    if function is aten.copy_.default:
        return _copy(*args)
    name = function._schema.name
    if function is aten._local_scalar_dense.default or name in WAIT:
        counts["waits"] += 1
    tensors = [one for one in pytree.tree_leaves((args, kwargs)) if isinstance(one, torch.Tensor)]
    others = [one for one in tensors if not isinstance(one, PretendedTensor) and one.ndim]
    if others and len(others) < len(tensors) and not name.startswith("aten::index"):
        raise RuntimeError(f"{name} takes tensors on {DEVICE} and one on {others[0].device}, {tuple(others[0].shape)}")
    known = {id(one.inside): one for one in tensors if isinstance(one, PretendedTensor)}
    found = function(*pytree.tree_map(_opened, args), **pytree.tree_map(_opened, kwargs))
    return pytree.tree_map(lambda one: known[id(one)] if id(one) in known else _closed(one), found)


def _to(x, *, device=None, pin_memory=None, **kwargs):
    target = x.device if device is None else torch.device(device)
    copy = aten._to_copy.default(_opened(x), **kwargs)
    _count(x, to=target)
    return PretendedTensor(copy) if target.type == NAME else copy


def _copy(to, source, *_):
    _count(source, to=to.device)
    _opened(to).copy_(_opened(source))
    return to


def _count(x, to):
    if x.device.type != to.type:
        counts["sent" if to.type == NAME else "fetched"] += x.numel()
        counts["waits"] += to.type != NAME


def _opened(one):
    if isinstance(one, PretendedTensor):
        return one.inside
    return torch.device("cpu") if isinstance(one, torch.device) and one.type == NAME else one


def _closed(one):
    return PretendedTensor(one) if isinstance(one, torch.Tensor) else one


def set_up() -> list[torch.library.Library]:
    """Make torch know the device, for as long as what is returned is held. There is no way back in this process."""
    global DEVICE
    _setup_privateuseone_for_python_backend(NAME, Module())
    DEVICE = torch.device(NAME, 0)
    anything, made = torch.library.Library("_", "IMPL"), torch.library.Library("aten", "IMPL")
    anything.fallback(lambda function, *args, **kwargs: run(function, args, kwargs), "PrivateUse1")
    for name, function in (("empty.memory_format", aten.empty.memory_format), ("empty_strided", aten.empty_strided)):

        def make(*args, function=function, device=None, pin_memory=None, **kwargs):
            return PretendedTensor(function(*args, device="cpu", **kwargs))

        made.impl(name, make, "PrivateUse1")
    return [anything, made]
