"""Options of ``synhead render`` that say how the run goes, and what it says before it begins."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synhead_tools.cli import options
from synhead_tools.cli.progress import duration_text
from synhead_tools.cli.sections import section

if TYPE_CHECKING:
    from synhead_tools.rendering.plan import RenderPlan
    from synhead_tools.rendering.scenes.plan import ScenePlan

scheduler = click.option(
    "--scheduler", metavar="ADDRESS",
    help="Render on the workers of this Dask scheduler (tcp://HOST:PORT, or its file), not with --workers.",
)  # fmt: skip

run_options = section("Run", options.seed, options.workers, scheduler, options.resume, options.dry_run)


def say_dry_run(plan: RenderPlan, out: Path, workers: int, as_json: bool) -> None:
    """Print what rendering `plan` into `out` would do and cost; nothing is written there."""
    from synhead_tools.rendering.estimate import estimate_run

    estimate = dataclasses.asdict(estimate_run(plan, workers))
    estimate["free_bytes"] = free_bytes(out)
    click.echo(json.dumps({**estimate, "plan": plan.summary()}) if as_json else dry_run_text(estimate, plan))


def say_scenes_dry_run(plan: ScenePlan, out: Path, workers: int, as_json: bool) -> None:
    """Print what rendering scenes into `out` would do and cost; nothing is written there."""
    from synhead_tools.rendering.scenes.estimate import estimate_scenes

    estimate = {**dataclasses.asdict(estimate_scenes(plan, workers)), "free_bytes": free_bytes(out)}
    if as_json:
        click.echo(json.dumps({**estimate, "plan": plan.summary()}))
        return
    width, height = plan.width_height_px
    click.echo(f"{len(plan)} scenes of {width} x {height} px, about {estimate['faces']} faces")
    click.echo(f"about {bytes_text(estimate['bytes'])}; {bytes_text(estimate['free_bytes'])} free")
    took = f"{duration_text(estimate['seconds'])} with {_counted(workers, 'workers')}"
    click.echo(f"about {took}, estimated from {estimate['measured_scenes']} scenes rendered just now")
    click.echo("nothing was written")


def dry_run_text(estimate: dict[str, Any], plan: RenderPlan) -> str:
    """The values of a `synhead_tools.rendering.estimate.RunEstimate`, with ``free_bytes``, for people."""
    camera = plan.camera()
    size = f"{camera.width_px} x {camera.height_px} px"
    heads, poses, frames, shards, workers = (
        _counted(estimate[name], name) for name in ("heads", "poses", "frames", "shards", "workers")
    )
    room = f"{bytes_text(estimate['free_bytes'])} free"
    if estimate["free_bytes"] < estimate["bytes"]:
        room += ", which is not enough"
    return "\n".join(
        [
            f"{heads} x {poses} = {frames} of {size}, in {shards}",
            f"about {bytes_text(estimate['bytes'])}, {bytes_text(estimate['frame_bytes'])} per frame; {room}",
            f"about {duration_text(estimate['seconds'])} with {workers}: "
            f"{1e3 * estimate['frame_seconds']:.1f} ms per frame in each, {estimate['head_seconds']:.1f} s per head, "
            f"{estimate['startup_seconds']:.1f} s to start",
            f"estimated from {estimate['measured_frames']} frames rendered just now, on this machine as busy as it is",
            "nothing was written",
        ]
    )


def _counted(count: int, plural: str) -> str:
    return f"{count} {plural if count != 1 else plural[:-1]}"


def bytes_text(count: float) -> str:
    """Bytes with a unit: ``950 B``, ``25.9 kB``, ``13.2 GB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.95:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def free_bytes(out: Path) -> int:
    """Room on the disk that `out` is on, or will be."""
    place = next(place for place in (out.absolute(), *out.absolute().parents) if place.exists())
    return shutil.disk_usage(place).free
