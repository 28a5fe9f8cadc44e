"""What ``import sktl`` does, and what it leaves for later."""

import importlib.metadata
import json
import pathlib
import subprocess
import sys
import tomllib

import pytest

import sktl

ROOT = pathlib.Path(__file__).resolve().parents[1]


def run_python(code: str) -> str:
    """Return what code prints in a fresh process that finds this package first."""
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout


def test_import_loads_nothing_heavy():
    """The package itself costs no more than its own few lines."""
    loaded = set(json.loads(run_python("import sktl, json; print(json.dumps(list(sys.modules)))")))
    assert "sktl" in loaded
    assert not loaded & {"torch", "torchvision", "timm", "skorch", "sklearn", "numpy", "PIL"}


def test_first_use_loads_the_estimators():
    """The check above can fail: torch is loaded at the first use of a name."""
    assert run_python("import sktl; sktl.TransferClassifier; print('torch' in sys.modules)").strip() == "True"


@pytest.mark.parametrize("name", sktl.__all__)
def test_public_names_are_there(name: str):
    """Each public name leads to a class of that name, the same at each use."""
    found = getattr(sktl, name)
    assert found.__name__ == name
    assert getattr(sktl, name) is found


def test_star_import_gives_the_public_names():
    """A star import gives what ``__all__`` lists."""
    names: dict = {}
    exec("from sktl import *", names)
    assert set(names) - {"__builtins__"} == set(sktl.__all__)


def test_dir_lists_the_public_names():
    """Completion in a shell offers names that are not loaded yet."""
    assert set(dir(sktl)) >= {*sktl.__all__, "__version__"}


def test_unknown_name_is_an_attribute_error():
    """A name that is not there is refused as by any module."""
    with pytest.raises(AttributeError, match="module 'sktl' has no attribute 'TransferClasifier'"):
        sktl.TransferClasifier  # noqa: B018
    assert not hasattr(sktl, "TransferClasifier")


def test_version_is_that_of_the_metadata():
    """The version is written twice, and both say the same."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == sktl.__version__
    try:
        installed = importlib.metadata.version("sktl")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("sktl is not installed here, only on the path")
    assert installed == sktl.__version__


def test_types_are_shipped():
    """Type checkers are told that the annotations are meant for them."""
    assert pathlib.Path(sktl.__file__).with_name("py.typed").is_file()
