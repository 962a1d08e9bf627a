"""What ``synhead identify`` prints: a table, or the same as JSON."""

from __future__ import annotations

import math
from typing import Any

from synhead_tools.formats.label_pairs import LabelTriples
from synhead_tools.geometry.conventions import get_convention
from synhead_tools.geometry.identify import Candidate, Identification

TABLE_ROWS = 10


def report_of(found: Identification, triples: LabelTriples, behind: Identification | None) -> dict[str, Any]:
    """Everything that is told, as plain values.

    Parameters
    ----------
    found : Identification
    triples : LabelTriples
        The labels.
    behind : Identification, optional
        The same with a constant rotation allowed for, to be mentioned if it explains much more.
    """
    fits = found.certainty != "none fits"
    report = {
        "certainty": found.certainty,
        "verdict": found.verdict,
        "frames": found.frames,
        "write": options_for(found.best, triples) if fits else None,
        "residual_ratio": _finite(found.ratio),
        "win_fraction": found.win_fraction,
        "cap_deg": found.cap_deg,
        "tolerance_deg": _finite(found.tolerance_deg),
        "spread_deg": found.spread_deg,
        "still_columns": list(found.still),
        "cannot_be_excluded": [candidate.convention.spec for candidate in found.rivals],
        "ranked": [_row(found, candidate, triples) for candidate in found.ranked[:TABLE_ROWS]],
    }
    if behind is not None and behind.certainty != "none fits":
        best = behind.best
        if best.residual_deg < 0.5 * found.best.residual_deg:
            report["hint"] = (
                f"a constant rotation of {best.constant_deg:.3g} deg of the {best.side}'s frame brings the residual to "
                f"{best.residual_deg:.3g} deg: {behind.verdict}; give --unknown {best.side}"
            )
    return report


def text_of(found: Identification, report: dict[str, Any]) -> str:
    """The table, the verdict, and what to write."""
    titles = ("residual", "mean", "median", "95 %", "constant")
    lines = [f"{'':2}{''.join(f'{title:>10}' for title in titles)}  reading"]
    for row in report["ranked"]:
        numbers = [_short(row[name]) for name in ("residual_deg", "mean_deg", "median_deg", "p95_deg")]
        numbers.append("-" if row["constant"] == "none" else f"{row['constant']} {row['constant_deg']:.1f}")
        mark = "*" if row["cannot_be_excluded"] else ""
        lines.append(f"{mark:2}{''.join(f'{number:>10}' for number in numbers)}  {_reading(row)}")
    lines.append(
        f"Degrees between rotations of {found.frames} frames; to the residual one adds {found.cap_deg:.3g} at most."
    )
    if any(row["cannot_be_excluded"] for row in report["ranked"]):
        lines.append("* may be the right one as well as the first.")
    lines += ["", report["verdict"]]
    if report["write"]:
        lines.append(f"give convert-euler: {report['write']}")
    if "hint" in report:
        lines.append(report["hint"])
    return "\n".join(lines)


def options_for(candidate: Candidate, triples: LabelTriples) -> str:
    """Options of convert-euler that read the labels so."""
    convention = candidate.convention
    is_array = len(triples.titles) == 1
    named = [get_convention(name) for name in candidate.names]
    # a named convention is for numbers in degrees where nothing else is said, and for arrays in its written order
    usable = [one.name for one in named if not is_array or one.order == convention.order]
    if usable and (triples.unit or convention.unit == "deg"):
        text = f"--from {usable[0]}"
    else:
        text = f"--from {convention.spec}"
    if is_array or triples.order:
        return text
    return f"{text} --columns {','.join(triples.titles[place] for place in convention.columns)}"


def _row(found: Identification, candidate: Candidate, triples: LabelTriples) -> dict[str, Any]:
    return {
        "spec": candidate.convention.spec,
        "names": list(candidate.names),
        "in_another_unit_or_order": list(candidate.alike),
        "transposed": candidate.transposed,
        "residual_deg": candidate.residual_deg,
        "mean_deg": candidate.mean_deg,
        "median_deg": candidate.median_deg,
        "p95_deg": candidate.p95_deg,
        "constant": candidate.side,
        "constant_deg": candidate.constant_deg,
        "constant_rotmat": candidate.constant.tolist(),
        "cannot_be_excluded": candidate in found.rivals,
        "write": options_for(candidate, triples),
    }


def _reading(row: dict[str, Any]) -> str:
    text = row["spec"]
    if row["names"]:
        text += f"  {' = '.join(row['names'])}"
    elif row["in_another_unit_or_order"]:
        text += f"  ({' = '.join(row['in_another_unit_or_order'])} in another unit or order)"
    return f"{text}, if TRUTH is transposed" if row["transposed"] else text


def _short(degrees: float) -> str:
    return f"{degrees:.2g}" if degrees < 0.01 else f"{degrees:.2f}"


def _finite(number: float) -> float | None:
    """JSON has no infinity."""
    return number if math.isfinite(number) else None
