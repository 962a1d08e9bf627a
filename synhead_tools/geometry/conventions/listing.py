"""Facts of conventions as text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

WIDTH = 100
_INDENT = 13


def short_text(facts: dict[str, Any]) -> str:
    """A few lines on one convention, for a list of them; `facts` are those of `synhead_tools.geometry.conventions`."""
    name, lines = facts["name"], []
    if facts["composition"]:
        lines.append(f"{facts['composition']}, intrinsic {facts['intrinsic']}")
        unit = "written in radians, ranges in degrees:" if facts["unit"] == "radians" else "written in degrees:"
        lines.append(f"{unit} {ranges_text(facts)}")
    else:
        lines.append("rotation matrices and quaternions only, no angles")
    lines.append(": ".join(_frame(facts)))
    lines += [f"+ {angle}: {words}" for angle, words in facts["positive"].items()]
    if facts["spec"]:
        lines.append(f"spec {facts['spec']}")
    lines.append(f"source: {facts['source']}")
    rows = [part for line in lines for part in textwrap.wrap(line, WIDTH - _INDENT)]
    head, *rest = rows
    return "\n".join([f"{name:{_INDENT}}{head}".rstrip(), *(" " * _INDENT + row for row in rest)])


def full_text(facts: dict[str, Any]) -> str:
    """All about one convention."""
    blocks = [f"{facts['name']}: {facts['source']}", *_items(rows_of(facts))]
    if facts["notes"]:
        blocks += ["", facts["notes"].replace("``", "`")]
    return "\n".join(blocks)


def rows_of(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What to say of a convention, one (title, text) per fact, in reading order; facts that there are not left out."""
    rows = [
        ("composition", facts["composition"]),
        ("intrinsic", facts["intrinsic"]),
        ("extrinsic", facts["extrinsic"]),
        ("written", f"{', '.join(facts['order'])} in {facts['unit']}" if facts["order"] else "matrices only"),
        ("ranges", f"{ranges_text(facts)} degrees" if facts["ranges_deg"] else ""),
    ]
    rows += [(f"+ {angle}", words) for angle, words in facts["positive"].items()]
    rows += [(f"{angle} about", words) for angle, words in facts["turns_about"].items()]
    rows += [
        _frame(facts),
        ("matrices", facts["matrices"]),
        ("branch", facts["branch"]),
        ("gimbal lock", facts["gimbal_lock"]),
        ("spec", facts["spec"]),
        ("example", example_text(facts["example"])),
    ]
    return [(title, text) for title, text in rows if text]


def ranges_text(facts: dict[str, Any]) -> str:
    """Ranges of the written angles: ``pitch -180..180, yaw -90..90``."""
    return ", ".join(f"{name} {low:g}..{high:g}" for name, (low, high) in facts["ranges_deg"].items())


def example_text(example: dict[str, Any]) -> str:
    """The example rotation as the convention writes it."""
    parts = []
    if "row" in example:
        parts.append(", ".join(f"{name} {value:.5f}" for name, value in example["row"].items()))
    if "own_matrix" in example:
        parts.append(f"own matrix {_matrix(example['own_matrix'])}")
    return f"{example['rotation']}: {'; '.join(parts)}"


def _frame(facts: dict[str, Any]) -> tuple[str, str]:
    """The frame as title and text; triples are stated in the camera frame wherever the matrices are."""
    name, axes = facts["frame"].split(": ")
    return ("frame", axes) if name == "opencv" else ("matrices in", facts["frame"])


def _matrix(rows: list[list[float]]) -> str:
    return "[" + ", ".join("[" + ", ".join(f"{value:.4f}" for value in row) + "]" for row in rows) + "]"


def _items(rows: Iterable[tuple[str, str]]) -> list[str]:
    lines = []
    for title, text in rows:
        head, *rest = textwrap.wrap(text, WIDTH - _INDENT - 3)
        lines.append(f"  {title:{_INDENT}} {head}")
        lines += [" " * (_INDENT + 3) + row for row in rest]
    return lines
