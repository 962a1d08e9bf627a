"""``synhead render``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from synhead_tools.cli import options


@click.command(short_help="Render heads at known rotations into a SynHead dataset.")
@click.argument("out", type=options.path_out)
@click.option(
    "--heads", default="all", show_default=True, help="Comma list of names, recipes, imported heads, folders of these."
)
@click.option("--grid", is_flag=True, help="Draw the Euler grid of --pitch, --yaw and --roll.")
@click.option("--pitch", default="-60:60:15", show_default=True, help="LOW:HIGH:STEP or a comma list, degrees.")
@click.option("--yaw", default="-75:75:15", show_default=True, help="LOW:HIGH:STEP or a comma list, degrees.")
@click.option("--roll", default="-30:30:30", show_default=True, help="LOW:HIGH:STEP or a comma list, degrees.")
@click.option(
    "--track", "tracks", type=options.path_in, multiple=True, help="CSV of pitch, yaw, roll per frame; may be repeated."
)
@click.option("--convention", default="synhead", show_default=True, help="Convention of grid, tracks and labels.")
@click.option("--size", "size_px", type=click.IntRange(16, 2048), default=256, show_default=True, help="Pixels.")
@click.option(
    "--body-follow", type=click.FloatRange(0, 1), default=0.3, show_default=True,
    help="Share of the head's turn that the body follows; 1: both turn as one piece.",
)  # fmt: skip
@click.option(
    "--expressions", default="none", show_default=True,
    help="none, random, or a CSV with ARKit's coefficients, a row per pose.",
)  # fmt: skip
@click.option("--lighting", default="studio", show_default=True, help="studio, or random: new lights every frame.")
@click.option("--backend", default="auto", show_default=True, help="auto, cpu (no GL needed) or pyrender.")
@options.seed
@options.workers
@options.resume
@options.overwrite
@options.dry_run
@options.as_json
@options.common
def render(
    out: Path, heads: str, grid: bool, pitch: str, yaw: str, roll: str, tracks: tuple[Path, ...], convention: str,
    size_px: int, body_follow: float, expressions: str, lighting: str, backend: str, seed: int, workers: int,
    resume: bool, overwrite: bool, dry_run: bool, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Render heads at known rotations into the SynHead dataset OUT.

    \b
    Examples:
      synhead render synhead --grid --yaw -90:90:5 --workers 2
      synhead render synhead --track motion.csv --heads f01,m03 --size 128
    """
    if not (grid or tracks):
        raise click.UsageError("nothing to draw: give --grid, --track FILE, or both")
    from synhead_tools.cli.plans import plan_from_options
    from synhead_tools.rendering.render_dataset import render_dataset

    plan = plan_from_options(
        heads=heads, ranges=(pitch, yaw, roll) if grid else None, tracks=tracks, convention=convention,
        size_px=size_px, body_follow=body_follow, expressions=expressions, lighting=lighting, backend=backend,
        seed=seed,
    )  # fmt: skip
    if dry_run:
        click.echo(json.dumps(plan.summary()))
        return
    show = options.progress(quiet, "frames")
    render_dataset(plan, out, workers=workers, resume=resume, overwrite=overwrite, progress=show)
    result = {"out": str(out), "kind": "SynHead", "frames": len(plan), "preview": str(out / "preview.png")}
    click.echo(json.dumps(result) if as_json else f"{len(plan)} frames in {out}; look at {out / 'preview.png'}")
