import copy
import functools
import gc
import os
import shutil
import subprocess
import sys
import threading
import types

import numpy as np
import pytest
import torch
from torchvision import transforms as v1
from torchvision.transforms import v2

from sktl.inputs._flip_and_crop import FlipAndCrop
from sktl.inputs._transform_name import _NAMED, name_transform

STRENGTH = 0.5


def times(x):
    return x * STRENGTH


def calls_times(x):
    return times(x)


def again(x, n=2):
    return x if n == 0 else again(x, n - 1)


def scaled_by(factor):
    return lambda x: x * factor


def plus(x, amount=1):
    return x + amount


class Scale:
    kinds = {"one", "two", "three"}

    def __init__(self, factor):
        self.factor = factor

    @property
    def half(self):
        return self.factor / 2

    @staticmethod
    def one():
        return 1

    @functools.cached_property
    def double(self):
        return self.factor * 2

    def __call__(self, x):
        return x * self.factor if self.factor in {"a", "b", 3} else x


class Locked:
    """Holds what cannot be pickled."""

    def __init__(self):
        self.lock = threading.Lock()


class LockedSlots:
    __slots__ = ("lock",)

    def __init__(self):
        self.lock = threading.Lock()


# Makers, as each has to give the same name each time.
DIFFERENT = {
    "auto": FlipAndCrop,
    "no flip": lambda: FlipAndCrop(flip=0.0),
    "rotation": lambda: v2.RandomRotation(10),
    "larger rotation": lambda: v2.RandomRotation(11),
    "rotation of v1": lambda: v1.RandomRotation(10),
    "compose": lambda: v2.Compose([v2.RandomHorizontalFlip(), v2.ColorJitter(0.1)]),
    "other order": lambda: v2.Compose([v2.ColorJitter(0.1), v2.RandomHorizontalFlip()]),
    "fill that no repr shows": lambda: v2.RandAugment(fill={torch.Tensor: 1, "others": 0}),
    "another fill": lambda: v2.RandAugment(fill={torch.Tensor: 2, "others": 0}),
    "tensor that no repr shows": lambda: v2.LinearTransformation(torch.eye(3), torch.zeros(3)),
    "another tensor": lambda: v2.LinearTransformation(2 * torch.eye(3), torch.zeros(3)),
    "the same values in another type": lambda: v2.LinearTransformation(torch.eye(3).double(), torch.zeros(3).double()),
    "lambda that no repr shows": lambda: v2.Lambda(lambda x: x * 2),
    "another lambda": lambda: v2.Lambda(lambda x: x * 3),
    "function": lambda: times,
    "function of a function": lambda: calls_times,
    "function that calls itself": lambda: again,
    "closure": lambda: scaled_by(2),
    "closure with another value": lambda: scaled_by(3),
    "default": lambda: plus,
    "partial": lambda: functools.partial(plus, amount=2),
    "object": lambda: Scale(1),
    "object with another state": lambda: Scale(2),
    "method": lambda: Scale(1).__call__,
    "object with an array": lambda: Scale(np.arange(3)),
    "object with another array": lambda: Scale(np.arange(3)[::-1].copy()),
    "ufunc": lambda: np.abs,
}


def test_each_transform_has_a_name_of_its_own():
    names = {label: name_transform(make()) for label, make in DIFFERENT.items()}
    assert len(set(names.values())) == len(DIFFERENT)
    assert names["auto"].startswith("FlipAndCrop ")
    assert not [label for label, name in names.items() if " object " in name]


@pytest.mark.parametrize("label", DIFFERENT)
def test_the_same_transform_made_again_or_copied_has_the_same_name(label):
    made, again = DIFFERENT[label](), DIFFERENT[label]()
    assert name_transform(made) == name_transform(again) == name_transform(copy.deepcopy(made))


SCRIPT = """
import sys
from sktl.inputs._transform_name import name_transform
import test_transform_name as these
print([name_transform(make()) for make in these.DIFFERENT.values()])
"""


def test_names_are_the_same_in_other_processes(tmp_path):
    shutil.copy(__file__, tmp_path / "test_transform_name.py")
    printed = set()
    for seed in "12":  # sets of strings are in another order then
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
        command = [sys.executable, "-c", SCRIPT]
        printed.add(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
    assert len(printed) == 1


def define(source, name="transform", **others):
    """Return what a module of this source defines, as if it had been edited."""
    module = {"__name__": "typed_in", **others}
    exec(source, module)
    return module[name]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def transform(x): return x * 2", "def transform(x): return x * 3"),
        ("def transform(x): return x * 2", "def transform(x): return x + 2"),
        ("def transform(x, by=2): return x * by", "def transform(x, by=3): return x * by"),
        ("def transform(x, *, by=2): return x * by", "def transform(x, *, by=3): return x * by"),
        ("BY = 2\ndef transform(x): return x * BY", "BY = 3\ndef transform(x): return x * BY"),
        (
            "def f(x): return x\ndef transform(x): return [f(y) for y in x]",
            "def f(x): return -x\ndef transform(x): return [f(y) for y in x]",
        ),
        (
            "class T:\n  def __call__(self, x): return x\ntransform = T()",
            "class T:\n  def __call__(self, x): return -x\ntransform = T()",
        ),
        (
            "class S:\n  k = 1\nclass T(S):\n  def __call__(self, x): return x\ntransform = T()",
            "class S:\n  k = 2\nclass T(S):\n  def __call__(self, x): return x\ntransform = T()",
        ),
        (
            "class T:\n  @property\n  def p(self): return 1\n  def __call__(self, x): return x\ntransform = T()",
            "class T:\n  @property\n  def p(self): return 2\n  def __call__(self, x): return x\ntransform = T()",
        ),
        (
            "class T:\n  @staticmethod\n  def p(): return 1\n  def __call__(self, x): return x\ntransform = T()",
            "class T:\n  @staticmethod\n  def p(): return 2\n  def __call__(self, x): return x\ntransform = T()",
        ),
        (
            "import functools\n@functools.lru_cache\ndef f(): return 1\ndef transform(x): return x * f()",
            "import functools\n@functools.lru_cache\ndef f(): return 2\ndef transform(x): return x * f()",
        ),
        ("def transform(x): return x in {1, 'a'}", "def transform(x): return x in {1, 'b'}"),
    ],
)
def test_an_edit_is_seen(before, after):
    assert name_transform(define(before)) == name_transform(define(before))
    assert name_transform(define(before)) != name_transform(define(after))


def test_an_edit_of_a_module_that_a_function_looks_into_is_seen(tmp_path):
    names = []
    for text in ("def f(x): return x", "def f(x): return x", "def f(x): return -x"):
        module = types.ModuleType("helpers")
        module.__file__ = str(tmp_path / "helpers.py")
        (tmp_path / "helpers.py").write_text(text)
        names.append(name_transform(define("def transform(x): return helpers.f(x)", helpers=module)))
    assert names[0] == names[1] != names[2]


def test_code_of_installed_packages_is_told_by_the_version(monkeypatch):
    before = name_transform(v2.RandomRotation(10))
    monkeypatch.setattr("torchvision.__version__", "0.0")
    assert name_transform(v2.RandomRotation(10)) != before


@pytest.mark.parametrize("make", [Locked, LockedSlots])
def test_what_cannot_be_pickled_is_named_as_an_object(make):
    one, other = make(), make()
    assert name_transform(one).startswith(f"{make.__name__} object ")
    assert name_transform(one) == name_transform(one)
    assert name_transform(one) != name_transform(other)


def test_the_name_of_an_object_dies_with_it():
    thing = Locked()
    place, name = id(thing), name_transform(thing)
    del thing
    gc.collect()
    assert _NAMED[place][0]() is None
    # Whatever stands at that place now has another name.
    others = [Locked() for _ in range(1000)]
    assert name not in {name_transform(other) for other in others}
