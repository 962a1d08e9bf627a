"""The house: imports point down, the middle rooms do not know each other, files and functions stay readable."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import synhead_tools
from synhead_tools.registry import Table

PACKAGE = Path(synhead_tools.__file__).parent
FLOOR = {"errors": 0, "registry": 0, "input_files": 0, "geometry": 1, "heads": 2, "formats": 2}
FLOOR |= {"rendering": 3, "matching": 3, "learning": 3, "cli": 4}
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = ("torch", "numba", "h5py", "pyrender", "trimesh", "matplotlib", "pyarrow", "scipy", "numpy", "PIL")


def _room(module: Path) -> str:
    parts = module.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


def _imports(module: Path) -> set[str]:
    """Names of the project's rooms that a module imports, at the top or inside a function."""
    names = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("synhead_tools.")} - {"__version__"}


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(PACKAGE)))
def test_imports_point_down(module):
    room = _room(module)
    if room in ("__init__", "__main__"):
        return
    for other in _imports(module) - {room}:
        assert FLOOR[other] < max(FLOOR[room], 1), f"{module.name} in {room} imports {other}"


def test_every_room_has_a_floor():
    rooms = {_room(module) for module in MODULES} - {"__init__", "__main__"}
    assert rooms == set(FLOOR)


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(PACKAGE)))
def test_files_and_functions_stay_readable(module):
    text = module.read_text()
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            docstring = ast.get_docstring(node, clean=False) or ""
            length = node.end_lineno - node.lineno + 1 - len(docstring.splitlines())
            assert length <= 60, f"{module.name}:{node.name} has {length} lines"


def test_help_imports_nothing_heavy():
    probe = (
        "import sys; from click.testing import CliRunner; from synhead_tools.cli.main import synhead;"
        "result = CliRunner().invoke(synhead, ['--help']); assert result.exit_code == 0, result.output;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("room", ["rendering", "heads", "formats", "matching"])
def test_only_learning_needs_torch(room):
    for module in (PACKAGE / room).rglob("*.py"):
        assert "import torch" not in module.read_text(), module


def _tables() -> dict[str, Table]:
    """Every table of the package, by name, from the modules that define one."""
    found = {}
    for module in MODULES:
        if "= Table(" in module.read_text():
            name = ".".join(("synhead_tools", *module.relative_to(PACKAGE).with_suffix("").parts))
            loaded = importlib.import_module(name.removesuffix(".__init__"))
            found |= {key: value for key, value in vars(loaded).items() if isinstance(value, Table)}
    return found


def test_every_table_entry_loads_and_says_what_it_is():
    tables = _tables()
    assert {"CONVENTIONS", "BACKENDS", "DATASETS", "METHODS", "BACKBONES"} <= set(tables)
    for name, table in tables.items():
        for entry in table:
            assert table.load(entry).__doc__, f"{name}[{entry!r}] has no docstring"
