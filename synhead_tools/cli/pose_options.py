"""Options that say at which rotations heads are drawn."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from synhead_tools.cli import options
from synhead_tools.cli.sections import section

DEFAULT_RANGES = {"pitch": "-60:60:15", "yaw": "-75:75:15", "roll": "-30:30:30"}

pose_options = section(
    "Poses (any mix; drawn in this order)",
    click.option("--grid", is_flag=True, help="The Euler grid of --pitch, --yaw and --roll; each of them implies it."),
    *(
        click.option(f"--{name}", metavar="RANGE", help=f"LOW:HIGH:STEP or a comma list, degrees; else {default}.")
        for name, default in DEFAULT_RANGES.items()
    ),
    click.option(
        "--track", "tracks", type=options.path_in, multiple=True,
        help="CSV of pitch, yaw, roll per frame, or a folder of them; may be repeated.",
    ),
    click.option(
        "--poses-from", type=options.path_in, multiple=True,
        help="Rotations of a label file or dataset (Biwi+ NPZ, BIWI, CSV, Parquet, HDF5, ...); may be repeated.",
    ),
    click.option("--uniform", type=int, metavar="N", help="N rotations uniform on SO(3), back of the head included."),
    click.option("--biwi-like", type=int, metavar="N", help="N rotations with the moments of the Biwi+ labels."),
    click.option(
        "--like", type=options.path_in,
        help="New rotations, --count of them, as dense as those of a label file or dataset are.",
    ),
    click.option("--count", type=int, metavar="N", help="How many to draw for --like."),
    click.option("--sequences", metavar="LIST", help="Sequences of --poses-from and --like to take, as 1,3-5."),
    click.option("--convention", default="synhead", show_default=True, help="Convention of grid, tracks and labels."),
    options.labels_convention,
)  # fmt: skip


@dataclass(frozen=True)
class PoseOptions:
    """Where poses come from, as the command line says it.

    Attributes
    ----------
    ranges : tuple of str or None
        Pitch, yaw and roll of the grid; None for no grid.
    tracks, poses_from : tuple of Path
        Track files and folders; label files and datasets.
    uniform, biwi_like : int or None
        How many to draw.
    like, count : Path or None, int or None
        What to fit a law to, and how many to draw from it.
    sequences : str or None
        Which sequences of `poses_from` and `like` to take.
    labels_convention : str or None
        Euler convention of label files that do not say theirs.
    """

    ranges: tuple[str, str, str] | None = None
    tracks: tuple[Path, ...] = ()
    poses_from: tuple[Path, ...] = ()
    uniform: int | None = None
    biwi_like: int | None = None
    like: Path | None = None
    count: int | None = None
    sequences: str | None = None
    labels_convention: str | None = None


def take_pose_options(given: dict[str, Any]) -> PoseOptions:
    """Take the values of `pose_options`, but for the convention, out of a command's parameters.

    Raises
    ------
    click.UsageError
        Nothing to draw, or an option without the one it belongs to.
    """
    ranges = {name: given.pop(name) for name in DEFAULT_RANGES}
    grid = given.pop("grid") or any(ranges.values())
    values = {wanted.name: given.pop(wanted.name) for wanted in fields(PoseOptions) if wanted.name != "ranges"}
    texts = tuple(ranges[name] or default for name, default in DEFAULT_RANGES.items()) if grid else None
    poses = PoseOptions(ranges=texts, **values)
    labelled = bool(poses.poses_from or poses.like)
    if not (grid or poses.tracks or labelled or poses.uniform is not None or poses.biwi_like is not None):
        raise click.UsageError(
            "nothing to draw: give --grid, --track FILE, --poses-from FILE, --uniform N, --biwi-like N, --like FILE"
        )
    if (poses.like is None) != (poses.count is None):
        raise click.UsageError("--like FILE and --count N belong together; give both")
    for name in ("sequences", "labels_convention"):
        if getattr(poses, name) is not None and not labelled:
            raise click.UsageError(f"--{name.replace('_', '-')} is of no use without --poses-from or --like")
    return poses
