"""The documents say what the code does."""

import importlib.util
import re
from pathlib import Path

import pytest

from synhead_tools.cli.main import COMMANDS

ROOT = Path(__file__).parent.parent
TEXT = {".py", ".md", ".toml", ".cfg", ".txt", ""}
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


def test_no_document_or_source_names_a_path_of_one_machine():
    folders = ("synhead_tools", "docs", "benchmarks", "maintainers", "meshes")
    paths = [*ROOT.glob("*.*"), ROOT / "Makefile", *(path for folder in folders for path in (ROOT / folder).rglob("*"))]
    texts = {path.name: path.read_text(errors="ignore") for path in paths if path.suffix in TEXT and path.is_file()}
    assert len(texts) > 100
    hits = {name: found for name, text in texts.items() if (found := re.findall(r"/(?:home|root|tmp|Users)/\w+", text))}
    assert not hits
