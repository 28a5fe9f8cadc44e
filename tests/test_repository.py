"""What the repository holds, and what it must not."""

import importlib
import pathlib
import re
import subprocess

import pytest

import sktl

ROOT = pathlib.Path(__file__).resolve().parents[1]
MAX_BYTES = 200_000  # a file that is larger is data, and lives elsewhere
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

# Folders of one machine, and hosts of package registries. Written in parts, so that this file holds none of them.
FOLDERS = re.compile("(?<![\\w.})])/(" + "|".join(["work", "tmp", "home", "root", "opt"]) + ")/")
HOSTS = re.compile("(" + "|".join(["py" + "pi", "files.python" + "hosted", "test.py" + "pi"]) + r")\.org\b")


def find_machine(text: str) -> list[str]:
    """Return the paths of a machine, and the hosts of registries, in a text."""
    return [found.group() for pattern in (FOLDERS, HOSTS) for found in pattern.finditer(text)]


@pytest.fixture(scope="module")
def files() -> list[pathlib.Path]:
    """Return the files in git, and those that are about to be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no checkout of git")
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_large_file(files: list[pathlib.Path]):
    """Each file is small enough to be read."""
    assert len(files) > 50
    assert {path.name: path.stat().st_size for path in files if path.stat().st_size > MAX_BYTES} == {}


def test_no_machine_is_named(files: list[pathlib.Path]):
    """No file knows of a folder of one machine, or of a registry."""
    found = {}
    for path in files:
        if path.suffix not in (".png", ".npz", ".jpg") and (names := find_machine(path.read_text(encoding="utf-8"))):
            found[str(path.relative_to(ROOT))] = names
    assert found == {}


def test_a_machine_would_be_seen():
    """The search finds what it looks for, and lets addresses and commands pass."""
    host = "py" + "pi" + ".org"
    folder = "/" + "tmp" + "/"
    assert find_machine(f"open('{folder}x')") == [folder]
    assert find_machine(f"index = https://{host}/simple") == [host]
    assert find_machine("#!/usr/bin/env bash; https://example.com/home/page; ../work/x; $folder/tmp/x") == []


def public_names() -> list[tuple[str, str]]:
    """Return all public names, with their modules."""
    found = [(module, name) for module in MODULES for name in importlib.import_module(module).__all__]
    # Lists of a family's members, and unions of types, have no docstring and no page.
    return [(module, name) for module, name in found if callable(getattr(importlib.import_module(module), name))]


@pytest.mark.parametrize(("module", "name"), public_names())
def test_public_name_is_in_the_reference(module: str, name: str):
    """Each public name has its line in the API reference, under its module or under ``sktl``."""
    page = (ROOT / "docs" / "api" / "index.rst").read_text(encoding="utf-8")
    listed, current = set(), ""
    for line in page.splitlines():
        if line.startswith(".. currentmodule::"):
            current = line.split("::")[1].strip()
        elif re.fullmatch(r"   \w+", line):
            listed.add((current, line.strip()))
    assert (module, name) in listed or (name in sktl.__all__ and ("sktl", name) in listed)


def test_the_ci_can_be_run(files: list[pathlib.Path]):
    """The script of the CI is executable, and runs the test command that the README gives."""
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    command = 'python -m pip install -e ".[test]" && python -m pytest'
    assert command in script.read_text(encoding="utf-8")
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")


def test_tests_that_pages_name_are_there():
    """The architecture page says where each law is tested, and there is such a place."""
    page = (ROOT / "docs" / "architecture.rst").read_text(encoding="utf-8")
    named = set(re.findall(r"``(tests/[\w/.]+)``", page))
    assert len(named) > 5
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
