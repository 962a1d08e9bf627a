"""``synhead identify``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synhead_tools.cli import options

if TYPE_CHECKING:
    import numpy as np

LANDMARKS = ("2d", "opencv", "opengl", "picture")
REFERENCE_HEAD = "m01"
DOUBTFUL_DEG = 2.0
"""A residual beyond which a constant rotation that was not allowed for is looked for, and mentioned."""


@click.command(short_help="Tell which Euler convention labels are in, from true rotations of the same frames.")
@click.argument("labels", type=options.path_in)
@click.argument("truth", type=options.path_in)
@click.option(
    "--columns", metavar="A,B,C", help="Columns of the angles, by title or number; by their titles if left out."
)
@click.option(
    "--unit", type=click.Choice(("deg", "rad")), help="Unit of the angles; both are tried if nothing says it."
)
@click.option("--truth-convention", help="Euler convention of TRUTH, if that holds angles and does not say it.")
@click.option(
    "--truth-columns", metavar="A,B,...", help="Columns of TRUTH: 3 angles, 4 of a quaternion, 9 of a matrix."
)
@click.option(
    "--landmarks", type=click.Choice(LANDMARKS),
    help="Find the true rotations from 68 landmarks in TRUTH: pixels in the picture, or x, y, z in these axes "
    "(picture: y down, z towards the viewer). Implies --unknown head.",
)  # fmt: skip
@click.option("--key", metavar="NAME", help="Column that names the frame; NAME=OTHER if TRUTH calls it OTHER.")
@click.option(
    "--unknown", "unknowns", type=click.Choice(("head", "camera", "transposed")), multiple=True,
    help="What else may lie between labels and rotations: a constant rotation of the head's or the camera's frame, or "
    "TRUTH being R_camera_to_head. May be repeated.",
)  # fmt: skip
@click.option(
    "--decimal", type=click.Choice((".", ",")), default=".", show_default=True, help="Decimal sign of CSV files."
)
@options.seed
@options.as_json
@options.common
def identify(
    labels: Path, truth: Path, columns: str | None, unit: str | None, truth_convention: str | None,
    truth_columns: str | None, landmarks: str | None, key: str | None, unknowns: tuple[str, ...], decimal: str,
    seed: int, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Rank every reading of the Euler angles in LABELS by how well it agrees with the rotations in TRUTH.

    Both are label files or datasets. Readings are all axis sequences, signs and units and, if the columns are not
    called pitch, yaw, roll, all orders of columns. Rows belong together as they stand, or by --key. The verdict says
    how sure it is; readings that these frames cannot tell apart are all named.

    \b
    Examples:
      synhead identify angles.csv matrices.npz --key image
      synhead identify aflw2000 aflw2000 --landmarks 2d
    """
    from synhead_tools.cli.identify_report import report_of, text_of
    from synhead_tools.formats.label_pairs import join_rows, read_triples
    from synhead_tools.geometry.identify import UNITS
    from synhead_tools.geometry.identify import identify as rank

    label_key, _, truth_key = (key or "").partition("=")
    if key is not None and not label_key.strip():
        raise click.UsageError(f"--key {key!r} names no column of {labels}")
    triples = read_triples(labels, _listed(columns), label_key or None, decimal)
    if unit and triples.unit and unit != triples.unit:
        raise click.UsageError(f"{labels} says that its angles are in {triples.unit}, not {unit}; leave out --unit")
    rotmat, truth_keys = _true_rotations(
        truth, truth_convention, _listed(truth_columns), landmarks, truth_key or label_key or None, decimal
    )
    rows = (len(triples.values), len(rotmat))
    joined = join_rows(labels, truth, rows, (triples.keys, truth_keys) if key else None)
    unknowns = (*unknowns, "head") if landmarks and "head" not in unknowns else unknowns
    asked = {"order": triples.order, "units": (unit or triples.unit,) if unit or triples.unit else UNITS, "seed": seed}
    found = rank(triples.values, rotmat[joined], unknowns=unknowns, **asked)
    behind = None
    if found.best.residual_deg > DOUBTFUL_DEG and not unknowns:
        behind = rank(triples.values, rotmat[joined], unknowns=("head", "camera"), **asked)
    report = report_of(found, triples, behind)
    click.echo(json.dumps(report) if as_json else text_of(found, report))


def _true_rotations(
    truth: Path,
    convention: str | None,
    columns: list[str] | None,
    landmarks: str | None,
    key: str | None,
    decimal: str,
) -> tuple[np.ndarray, list[str] | None]:
    from synhead_tools.formats.label_pairs import read_landmarks, read_rotations

    if landmarks is None:
        return read_rotations(truth, convention, columns, key, decimal)
    if convention is not None:
        raise click.UsageError("landmarks are in no Euler convention; leave out --truth-convention or --landmarks")
    from synhead_tools.geometry.landmark_rotations import rotations_from_landmarks_2d, rotations_from_landmarks_3d

    points, keys = read_landmarks(truth, ",".join(columns) if columns else None, key, in_picture=landmarks == "2d")
    if landmarks != "2d":
        return rotations_from_landmarks_3d(points, axes=landmarks).rotmat, keys
    from synhead_tools.heads.library import load_head

    return rotations_from_landmarks_2d(points, load_head(REFERENCE_HEAD).landmarks68_m).rotmat, keys


def _listed(columns: str | None) -> list[str] | None:
    return [name.strip() for name in columns.split(",")] if columns else None
