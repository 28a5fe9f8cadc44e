"""The rooms of the package and the arrows between them, read from its imports."""

import ast
import dataclasses
import pathlib
import textwrap
from collections.abc import Iterator

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]

# The rooms, floor by floor, the upper floors first. An import goes down, or stays in its room.
FLOORS = (
    {"transferability"},
    {"estimators"},
    {"training"},
    {"features", "sharing", "heads", "losses", "metrics", "model_selection", "inspection"},
    {"engines"},
    {"backbones", "inputs", "freezing", "weighting", "tasks", "datasets"},
    {"utils"},
    {"exceptions"},
)
# What a room may import although it lies on the same floor, and the only rooms that it may import at all.
BESIDE = {"inspection": {"metrics"}}
ONLY = {"inspection": {"metrics", "utils", "exceptions"}}

# Where the members of a family are listed: a module and the name of the list.
FAMILIES = {
    "backbones": ("sktl.backbones._registry", "FAMILIES"),
    "engines": ("sktl.engines._choose", "ENGINES"),
    "freezing": ("sktl.freezing._choose", "POLICIES"),
    "sharing": ("sktl.sharing._choose", "SCHEMES"),
    "weighting": ("sktl.weighting._choose", "RULES"),
    "estimators": ("sktl.estimators", "__all__"),
}
# Members that are not listed, as they go by an object and not by a name.
UNLISTED = {"backbones": {"sktl.backbones._mlp"}}

# Third parties that take long to load or that only some users have.
HEAVY_OR_OPTIONAL = {"matplotlib", "openvino", "pandas", "safetensors", "timm", "torch", "torchvision"}
# Modules that import by name: the package itself, at first use, and the helper for optional third parties.
IMPORT_BY_NAME = {"sktl", "sktl.utils._optional"}


@dataclasses.dataclass(frozen=True)
class Import:
    """One import: who imports what, and where."""

    source: str
    target: str
    line: int
    level: int = 0
    in_function: bool = False
    for_types_only: bool = False

    def __str__(self) -> str:
        return f"{self.source}, line {self.line}: imports {'.' * self.level}{self.target}"


def room_of(module: str) -> str | None:
    """Return the room of a module of the package; None for the package itself and for others."""
    parts = module.split(".")
    return parts[1] if parts[0] == "sktl" and len(parts) > 1 else None


def floor_of(room: str) -> int:
    """Return the number of a room's floor, counted from the top."""
    return next(number for number, floor in enumerate(FLOORS) if room in floor)


class Reader(ast.NodeVisitor):
    """Collects the imports of one module."""

    def __init__(self, module: str, modules: set[str]):
        self.module, self.modules = module, modules
        self.found: list[Import] = []
        self._in_function = self._for_types_only = False

    def _add(self, node: ast.stmt, target: str, level: int = 0) -> None:
        self.found.append(Import(self.module, target, node.lineno, level, self._in_function, self._for_types_only))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        for alias in node.names:
            inner = f"{module}.{alias.name}"
            self._add(node, inner if inner in self.modules else module, node.level)

    def _visit_function(self, node: ast.AST) -> None:
        before, self._in_function = self._in_function, True
        self.generic_visit(node)
        self._in_function = before

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _visit_function

    def visit_If(self, node: ast.If) -> None:
        before = self._for_types_only
        self._for_types_only = before or "TYPE_CHECKING" in ast.unparse(node.test)
        for child in node.body:
            self.visit(child)
        self._for_types_only = before
        for child in node.orelse:
            self.visit(child)


def read_package(sources: dict[str, str]) -> list[Import]:
    """Return the imports of all modules, given as sources by name."""
    found = []
    for module, text in sources.items():
        reader = Reader(module, set(sources))
        reader.visit(ast.parse(text))
        found += reader.found
    return found


def read_sources() -> dict[str, str]:
    """Return the source of every module of the package by its name."""
    sources = {}
    for path in sorted((ROOT / "sktl").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        sources[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return sources


def going_up_or_aside(imports: list[Import]) -> Iterator[Import]:
    """Yield the imports that go neither down nor into their own room."""
    for one in imports:
        source, target = room_of(one.source), room_of(one.target)
        if source is None or target in (None, source):
            continue
        down = floor_of(target) > floor_of(source) or target in BESIDE.get(source, ())
        if not down or target not in ONLY.get(source, {target}):
            yield one


def into_private_files(imports: list[Import]) -> Iterator[Import]:
    """Yield the imports of another room's private files; ``utils`` has no others."""
    for one in imports:
        room = room_of(one.target)
        if room not in (None, "utils", room_of(one.source)) and "._" in one.target:
            yield one


def relative(imports: list[Import]) -> Iterator[Import]:
    """Yield the relative imports."""
    return (one for one in imports if one.level)


def of_skorch(imports: list[Import]) -> Iterator[Import]:
    """Yield the imports of skorch outside ``training``."""
    return (one for one in imports if one.target.split(".")[0] == "skorch" and room_of(one.source) != "training")


def late(imports: list[Import]) -> Iterator[Import]:
    """Yield the imports inside functions that are of no heavy or optional third party, and imports by name."""
    for one in imports:
        late_import = one.in_function and one.target.split(".")[0] not in HEAVY_OR_OPTIONAL
        if late_import or (one.target == "importlib" and one.source not in IMPORT_BY_NAME):
            yield one


def members_of(text: str, listing: str, name: str, modules: set[str]) -> set[str]:
    """Return the modules whose names are listed under ``name`` in the source of the module ``listing``."""
    tree = ast.parse(text)
    homes = {
        alias.asname or alias.name: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module in modules
        for alias in node.names
    }
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            words = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
            words |= {str(part.value) for part in ast.walk(node.value) if isinstance(part, ast.Constant)}
            return {homes[word] for word in words if word in homes}
    raise AssertionError(f"{listing} lists no {name}")


def between_members(imports: list[Import], members: set[str]) -> Iterator[Import]:
    """Yield the imports of one member of a family by another."""
    return (one for one in imports if one.source in members and one.target in members - {one.source})


def cycle_in(imports: list[Import]) -> list[str]:
    """Return modules that import each other in a circle; an empty list where there are none."""
    below: dict[str, set[str]] = {}
    for one in imports:
        if room_of(one.target) and not one.for_types_only:
            below.setdefault(one.source, set()).add(one.target)
    done: set[str] = set()

    def search(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module not in done:
            for target in sorted(below.get(module, ())):
                if circle := search(target, [*path, module]):
                    return circle
            done.add(module)
        return []

    return next((circle for module in sorted(below) if (circle := search(module, []))), [])


LAWS = {
    "imports go down": going_up_or_aside,
    "private files are their room's own": into_private_files,
    "imports are absolute": relative,
    "skorch is for training": of_skorch,
    "imports stand at the top": late,
}


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    """Return the package as it is."""
    return read_sources()


@pytest.mark.parametrize("law", LAWS)
def test_law(law: str, sources: dict[str, str]):
    """The package keeps each law."""
    assert [str(one) for one in LAWS[law](read_package(sources))] == []


def test_every_room_has_a_floor(sources: dict[str, str]):
    """A new room has to be put on a floor before it can be built."""
    assert {room_of(module) for module in sources} - {None} <= set().union(*FLOORS)


@pytest.mark.parametrize("family", FAMILIES)
def test_members_of_a_family_do_not_import_each_other(family: str, sources: dict[str, str]):
    """Concrete members of a family know nothing of each other."""
    listing, name = FAMILIES[family]
    members = members_of(sources[listing], listing, name, set(sources)) | UNLISTED.get(family, set())
    assert members
    assert members <= set(sources)
    assert [str(one) for one in between_members(read_package(sources), members)] == []


def test_no_circle(sources: dict[str, str]):
    """No module imports itself by a detour."""
    assert cycle_in(read_package(sources)) == []


def test_the_reader_finds_the_package(sources: dict[str, str]):
    """The laws were held against imports that are there."""
    imports = read_package(sources)
    rooms = {"estimators", "training", "features", "sharing", "model_selection", "backbones", "inputs", "weighting"}
    assert {room_of(one.source) for one in imports} >= rooms
    assert any(one.target.startswith("skorch") for one in imports)
    assert any(one.in_function for one in imports)


BREACHES = {
    "imports go down": [
        ("sktl.backbones._one", "from sktl.features import Samples"),
        ("sktl.freezing._one", "from sktl.backbones import Backbone"),
        ("sktl.freezing._one", "from sktl import backbones"),
        ("sktl.features._one", "import sktl.losses"),
        ("sktl.utils._one", "def f():\n    from sktl.inputs import Images"),
        ("sktl.exceptions", "from sktl.utils import _names"),
        ("sktl.inspection._one", "from sktl.backbones import Backbone"),
        ("sktl.inputs._one", "if TYPE_CHECKING:\n    from sktl.backbones import Backbone"),
    ],
    "private files are their room's own": [
        ("sktl.features._one", "from sktl.backbones._backbone import Backbone"),
        ("sktl.features._one", "from sktl.backbones import _backbone"),
    ],
    "imports are absolute": [
        ("sktl.features._one", "from ._cache import ActivationCache"),
        ("sktl.features._one", "from . import _cache"),
    ],
    "skorch is for training": [
        ("sktl.estimators._one", "import skorch"),
        ("sktl.features._one", "def f():\n    from skorch.helper import predefined_split"),
    ],
    "imports stand at the top": [
        ("sktl.features._one", "def f():\n    import pathlib"),
        ("sktl.features._one", "class A:\n    def f(self):\n        from sktl.backbones import Backbone"),
        ("sktl.features._one", "import importlib"),
    ],
}


@pytest.mark.parametrize(("law", "module", "text"), [(law, *case) for law, cases in BREACHES.items() for case in cases])
def test_the_laws_see_a_breach(law: str, module: str, text: str):
    """Each law is broken by the code that it is there to stop."""
    others = ("sktl.backbones", "sktl.backbones._backbone", "sktl.features._cache", "sktl.utils._names")
    package = {**dict.fromkeys(others, ""), module: text}
    assert len(list(LAWS[law](read_package(package)))) == 1


def test_the_laws_let_good_imports_pass():
    """Code that keeps the laws is left alone."""
    text = """
        import numpy
        from sktl.backbones import Backbone
        from sktl.features import Samples
        from sktl.features._cache import ActivationCache
        from sktl.utils._names import nearest_names

        def f():
            from torchvision import models
    """
    package = {"sktl.features._cache": "", "sktl.features._one": textwrap.dedent(text)}
    imports = read_package(package)
    assert len(imports) == 6
    assert [one for law in LAWS.values() for one in law(imports)] == []


def test_the_search_finds_a_circle():
    """A circle over three modules is found; an import for types alone is none."""
    package = {
        "sktl.a": "from sktl.b import x",
        "sktl.b": "import sktl.c",
        "sktl.c": "from sktl import a",
    }
    assert cycle_in(read_package(package)) == ["sktl.a", "sktl.b", "sktl.c", "sktl.a"]
    package["sktl.c"] = "if TYPE_CHECKING:\n    from sktl import a"
    assert cycle_in(read_package(package)) == []


def test_members_are_read_from_their_list():
    """Names in the list lead to the modules that they come from, and an import between two is seen."""
    listing = (
        "from sktl.f._a import A\nfrom sktl.f._b import B\nfrom sktl.f._base import Base\nALL: tuple[Base] = (A(), B())"
    )
    modules = {"sktl.f._a", "sktl.f._b", "sktl.f._base"}
    members = members_of(listing, "sktl.f._list", "ALL", modules)
    assert members == {"sktl.f._a", "sktl.f._b"}
    imports = [Import("sktl.f._a", "sktl.f._base", 1), Import("sktl.f._b", "sktl.f._a", 1)]
    assert list(between_members(imports, members)) == imports[1:]
    with pytest.raises(AssertionError, match="lists no MISSING"):
        members_of(listing, "sktl.f._list", "MISSING", modules)
