"""Docstrings of the public names, held against what they describe."""

import ast
import importlib
import inspect

import pytest
from sklearn.datasets import load_diabetes, load_digits

import sktl

validate = pytest.importorskip("numpydoc.validate", reason="numpydoc comes with the extra docs").validate
docscrape = pytest.importorskip("numpydoc.docscrape", reason="numpydoc comes with the extra docs")

MODULES = (
    "sktl",
    "sktl.backbones",
    "sktl.features",
    "sktl.freezing",
    "sktl.inputs",
    "sktl.metrics",
    "sktl.model_selection",
    "sktl.sharing",
    "sktl.weighting",
    "sktl.exceptions",
)
# What numpydoc must not find, by its codes. Its others are of style, or ask for sections that not every object needs.
FAULTS = {
    "GL06": "an unknown section",
    "GL07": "sections in another order",
    "GL08": "no docstring",
    "GL10": "a directive with one colon",
    "SS02": "a summary without a capital letter",
    "SS03": "a summary without a full stop",
    "SS05": "a summary that begins with 'Returns' in place of 'Return'",
    "PR02": "parameters that are not there",
    "PR03": "parameters in another order",
    "PR10": "no space before a colon",
    "SA04": "a reference without a description",
}
ESTIMATORS = [name for name in sktl.__all__ if name != "ActivationCache"]
# Fitted attributes that depend on the kind of X.
BY_INPUT = {"feature_names_in_", "forgetting_", "input_shape_", "n_features_in_"}


def public_paths() -> list[str]:
    """Return the dotted names of the public objects, and of the methods that sktl gives them."""
    found = []
    for module in MODULES:
        for name in importlib.import_module(module).__all__:
            thing = getattr(importlib.import_module(module), name)
            if not callable(thing):  # lists of a family's members, and unions of types
                continue
            found.append(f"{module}.{name}")
            if inspect.isclass(thing):
                methods = inspect.getmembers(thing, inspect.isfunction)
                own = [key for key, one in methods if key[0] != "_" and one.__module__.startswith("sktl.")]
                found += [f"{module}.{name}.{key}" for key in own]
    return found


def find(path: str):
    """Return what a dotted name stands for."""
    module = max((one for one in MODULES if path.startswith(f"{one}.")), key=len)
    thing = importlib.import_module(module)
    for name in path.removeprefix(f"{module}.").split("."):
        thing = getattr(thing, name)
    return thing


def read(thing):
    """Return the sections of a docstring."""
    return docscrape.NumpyDocString(inspect.getdoc(thing) or "")


def documented(thing, section: str) -> dict[str, str]:
    """Return the names that a section describes, with their types."""
    entries = {}
    for entry in read(thing)[section]:
        for name in entry.name.split(", "):
            entries[name] = entry.type
    return entries


@pytest.mark.parametrize("path", public_paths())
def test_numpydoc_finds_no_fault(path: str):
    """No docstring has one of the faults above."""
    assert [text for code, text in validate(path)["errors"] if code in FAULTS] == []


@pytest.mark.parametrize("path", [path for path in public_paths() if documented(find(path), "Parameters")])
def test_parameters_are_those_of_the_signature(path: str):
    """Where parameters are described, all are, and the defaults are the true ones."""
    described = documented(find(path), "Parameters")
    signature = inspect.signature(find(path)).parameters
    names = [name for name in signature if name != "self"]
    assert [name.lstrip("*") for name in described] == names  # numpydoc writes **params
    for name in names:
        words = described.get(name, "").rpartition("default=")
        if words[1]:
            assert ast.literal_eval(words[2]) == signature[name].default, name


@pytest.mark.parametrize("name", sktl.__all__)
def test_classes_of_the_package_are_described_in_full(name: str):
    """Each class that is imported from ``sktl`` has its parameters with their defaults, and an example."""
    thing = getattr(sktl, name)
    parameters = inspect.signature(thing).parameters
    assert set(documented(thing, "Parameters")) == set(parameters)
    optional = [key for key, one in parameters.items() if one.default is not inspect.Parameter.empty]
    assert all("default=" in documented(thing, "Parameters")[key] for key in optional)
    assert any(">>>" in line for line in read(thing)["Examples"])


@pytest.mark.parametrize("name", ESTIMATORS)
def test_fitted_attributes_are_described(name: str):
    """What ``fit`` leaves behind has its line, and each line its attribute."""
    X, y = (load_diabetes if name.endswith("Regressor") else load_digits)(return_X_y=True)
    if name == "AttributeZeroShotClassifier":
        attributes = {digit: [digit % 2, digit > 4] for digit in range(12)}
        fitted = sktl.AttributeZeroShotClassifier(sktl.MultiTaskClassifier("mlp"), attributes).fit(X[:60], y[:60])
    else:
        fitted = getattr(sktl, name)("mlp", random_state=0).fit(X[:60], y[:60])
    found = {key for key in vars(fitted) if key.endswith("_") and not key.startswith("_")}
    described = set(documented(fitted, "Attributes"))
    assert found <= described
    assert {key for key in described if not hasattr(fitted, key)} <= BY_INPUT


def test_a_fault_would_be_found():
    """The checks are not blind."""

    def wrong(first, second=1):
        """Return nothing.

        Parameters
        ----------
        first : int
        third : int, default=2
        """

    codes = {code for code, _ in validate(docscrape.get_doc_object(wrong))["errors"]}
    assert "PR02" in codes & set(FAULTS)
    assert documented(wrong, "Parameters") == {"first": "int", "third": "int, default=2"}
