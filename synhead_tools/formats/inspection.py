"""All that can be said about a dataset without looking at its pictures, as values and as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from synhead_tools.formats.label_statistics import label_statistics
from synhead_tools.formats.problems import find_problems
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.conventions import EulerConvention

BAR_WIDTH = 40
TEXT_WIDTH = 100
VALUES_SHOWN = 32


def inspect_dataset(source: SampleSource, convention: str | EulerConvention = "biwi+") -> dict[str, Any]:
    """Describe a dataset, count and measure its labels, and look for what is wrong with them.

    Parameters
    ----------
    source : SampleSource
    convention : str or EulerConvention
        In which rotations are stated.

    Returns
    -------
    dict
        JSON values: what ``source.describe()`` says, ``frames``, ``columns``, ``labels`` as
        `synhead_tools.formats.label_statistics.label_statistics`, ``problems`` as
        `synhead_tools.formats.problems.Problem.to_dict`.
    """
    told = {key: value for key, value in source.describe().items() if key != "frames"}
    return {
        **told,
        "frames": len(source),
        "columns": list(source.columns),
        "labels": label_statistics(source, convention),
        "problems": [{**problem.to_dict(), "text": str(problem)} for problem in find_problems(source)],
    }


def inspection_text(result: dict[str, Any]) -> str:
    """The result of `inspect_dataset` for people."""
    return "\n".join(_lines(result))


def _lines(result: dict[str, Any]) -> Iterator[str]:
    for key, value in result.items():
        if key not in ("labels", "problems"):
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            yield from textwrap.wrap(f"{key}: {shown}", TEXT_WIDTH, subsequent_indent="  ")
    labels = result["labels"]
    for name, summary in labels.get("angles_deg", {}).items():
        yield ""
        yield from _summary(f"{name} ({labels['angles_convention']})", "degrees", summary)
    if "from_frontal_deg" in labels:
        yield ""
        yield from _summary("rotation from frontal", "degrees", labels["from_frontal_deg"])
        yield ""
        yield from _rotation_lines(labels)
    for name, summary in labels.get("boxes_px", {}).items():
        yield ""
        yield from _summary(f"longer side of {name}", "px", summary)
    for name, counts in labels.get("counts", {}).items():
        yield from _count_lines(name, counts)
    yield ""
    yield from _problem_lines(result["problems"])


def _summary(title: str, unit: str, summary: dict[str, Any]) -> Iterator[str]:
    if not summary["count"]:
        yield f"{title}: none"
        return
    parts = ", ".join(f"{key} {summary[key]:.2f}" for key in ("min", "mean", "max", "sd"))
    yield f"{title}: {parts} {unit}"
    largest = max(count for _, _, count in summary["histogram"])
    for low, high, count in summary["histogram"]:
        ends = f"{low:g}.." + (f"{high:g}" if high is not None else "")
        bar = "#" * -(-count * BAR_WIDTH // largest)  # rounded up: what is there is seen
        yield f"  {ends:>10} {count:>8} {bar}".rstrip()


def _rotation_lines(labels: dict[str, Any]) -> Iterator[str]:
    seen, lock = labels["view_directions"], labels["gimbal_lock"]
    yield (
        f"viewing directions: {seen['cells']} of {seen['of']} cells of {seen['cell_deg']:g} degrees have a frame, "
        f"{seen['front_cells']} of the {seen['front_of']} in front of the face"
    )
    near = ", ".join(f"{rows} within {limit} deg" for limit, rows in lock["rows_within_deg"].items())
    yield f"frames near gimbal lock of {labels['angles_convention']} ({lock['angle']}): {near}"
    if labels["rows_without_rotation"]:
        yield f"frames without a rotation, left out above: {labels['rows_without_rotation']}"


def _count_lines(name: str, counts: dict[str, int] | None) -> Iterator[str]:
    yield ""
    if counts is None:
        yield f"{name}: too many values to count"
        return
    few, many = min(counts.values(), default=0), max(counts.values(), default=0)
    yield f"{name}: {len(counts)} values, {few} to {many} frames each"
    glue = "\N{NO-BREAK SPACE}"  # a value and its count stay on one line
    shown = [f"{value or 'none'}{glue}{rows}" for value, rows in list(counts.items())[:VALUES_SHOWN]]
    more = [f"and {len(counts) - VALUES_SHOWN} more"] if len(counts) > VALUES_SHOWN else []
    lines = textwrap.wrap(", ".join(shown + more), TEXT_WIDTH, initial_indent="  ", subsequent_indent="  ")
    yield from (line.replace(glue, " ") for line in lines)


def _problem_lines(problems: list[dict[str, Any]]) -> Iterator[str]:
    if not problems:
        yield "problems: none found"
        return
    yield f"problems: {len(problems)} (rows count from 0)"
    for problem in problems:
        yield from textwrap.wrap(problem["text"], TEXT_WIDTH, initial_indent="  - ", subsequent_indent="    ")
