"""The documents say what the code does."""

import importlib.util
import re
from pathlib import Path

import pytest

from synhead_tools.cli.main import COMMANDS

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "meshes" / "README.md"])


def _generator():
    spec = importlib.util.spec_from_file_location("reference", ROOT / "maintainers" / "write_cli_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_command_reference_is_what_help_prints():
    assert (ROOT / "docs" / "cli.md").read_text() == _generator().reference(), "run make docs"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_and_is_in_the_readme(name):
    command = COMMANDS.load(name)
    assert command.help
    assert f"synhead {name}" in (ROOT / "README.md").read_text()
    if name != "conventions":
        assert "Example" in command.help


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
        assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_project_speaks_of_itself_alone():
    hits = []
    for path in [*ROOT.glob("*.*"), ROOT / "Makefile", *(p for d in ("synhead_tools", "docs", "benchmarks", "meshes")
                                                         for p in (ROOT / d).rglob("*"))]:  # fmt: skip
        if path.suffix in {".py", ".md", ".toml", ".cfg", ".txt", ""} and path.is_file():
            text = path.read_text(errors="ignore")
            hits += [f"{path.name}: {word}" for word in ("/work/", "/root/", "/tmp/") if word in text]
    assert not hits
