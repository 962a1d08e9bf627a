"""``synhead render``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from synhead_tools.cli import options
from synhead_tools.cli.look_options import LOOK_SECTION, look_options, take_look_options
from synhead_tools.cli.pose_options import pose_options, take_pose_options
from synhead_tools.cli.run_options import run_options, say_dry_run, say_scenes_dry_run
from synhead_tools.cli.scene_options import check_scene_options, plan_of_scenes, scene_options, take_scene_options
from synhead_tools.cli.sections import SectionedCommand, section


class Share(click.ParamType):
    """A number from 0 to 1, or ``LOW:HIGH``."""

    name = "SHARE|LOW:HIGH"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | tuple[float, float]:
        """Return one number or both."""
        if isinstance(value, (float, tuple)):
            return value
        try:
            ends = tuple(float(part) for part in str(value).split(":"))
        except ValueError:
            ends = ()
        if not 1 <= len(ends) <= 2 or not 0 <= ends[0] <= ends[-1] <= 1:
            self.fail(f"{value!r} is no share; write a number from 0 to 1, or LOW:HIGH", param, ctx)
        return ends[0] if len(ends) == 1 else ends


head_options = section(
    "Heads",
    click.option(
        "--heads", default="all", show_default=True,
        help="Comma list of names, recipes, imported heads, folders of these.",
    ),
    click.option(
        "--body-follow", type=Share(), default=0.3, show_default=True,
        help="Share of the head's turn that the body follows; 1: both turn as one piece; LOW:HIGH: drawn per frame.",
    ),
    click.option(
        "--expressions", default="none", show_default=True,
        help="none, random, or a CSV with ARKit's coefficients, a row per pose.",
    ),
)  # fmt: skip

backend_option = section(
    LOOK_SECTION,
    click.option("--backend", default="auto", show_default=True, help="auto, cpu, egl, osmesa or pyrender."),
)

output_options = section(
    "Output",
    click.option(
        "--layout", type=click.Choice(("synhead", "nvidia")), default="synhead", show_default=True,
        help="nvidia: also write OUT-nvidia in the folders and CSV files of NVIDIA's SynHead.",
    ),
    options.overwrite,
    options.as_json,
)  # fmt: skip


@click.command(cls=SectionedCommand, short_help="Render heads at known rotations into a SynHead dataset.")
@click.argument("out", type=options.path_out)
@pose_options
@head_options
@look_options
@backend_option
@scene_options
@output_options
@run_options
@options.common
@click.pass_context
def render(
    ctx: click.Context, out: Path, layout: str, workers: int, scheduler: str | None, resume: bool, overwrite: bool,
    dry_run: bool, as_json: bool, quiet: bool, **given: Any,
) -> None:  # fmt: skip
    """Render heads at known rotations into the SynHead dataset OUT.

    \b
    Examples:
      synhead render synhead --yaw -180:170:10 --pitch -90:90:15 --roll 0 --workers 2
      synhead render synhead --poses-from Biwi_plus.npz --sequences 1,3-5 --heads f01,m03
      synhead render synhead --track BIWI --uniform 5000 --size 128 --layout nvidia
      synhead render synhead --like Biwi_plus.npz --count 20000 --seed 7
      synhead render synhead --uniform 9000 --lighting environment --look tint --look occluder:0.2 --anywhere
      synhead render scenes --scenes 2000 --background clutter --look tint --look glasses --look sensor
    """
    scenes = take_scene_options(given)
    check_scene_options(ctx, given, scenes)
    poses = take_pose_options(given)
    take_look_options(given)
    if scenes["scenes"] is not None:
        plan = plan_of_scenes(ctx, scenes, poses, given)
        _render_scenes(plan, out, dry_run, as_json, quiet, workers=workers, resume=resume, overwrite=overwrite)
        return
    from synhead_tools.cli.plans import plan_from_options
    from synhead_tools.rendering.render_dataset import render_dataset

    plan = plan_from_options(poses=poses, **given)
    if dry_run:
        say_dry_run(plan, out, workers, as_json)
        return
    if layout == "nvidia":
        from synhead_tools.cli.nvidia_layout import nvidia_folder, write_nvidia_layout

        nvidia = nvidia_folder(out, plan, replace=overwrite or resume)
    show = options.progress(quiet, "frames")
    render_dataset(plan, out, workers=workers, scheduler=scheduler, resume=resume, overwrite=overwrite, progress=show)
    result = {"out": str(out), "kind": "SynHead", "frames": len(plan), "preview": str(out / "preview.png")}
    if layout == "nvidia":
        write_nvidia_layout(out, nvidia, options.progress(quiet, "exported"))
        result["nvidia"] = str(nvidia)
    if as_json:
        click.echo(json.dumps(result))
        return
    also = f"; as NVIDIA's SynHead in {nvidia}" if layout == "nvidia" else ""
    click.echo(f"{len(plan)} frames in {out}; look at {out / 'preview.png'}{also}")


def _render_scenes(plan: Any, out: Path, dry_run: bool, as_json: bool, quiet: bool, **run: Any) -> None:
    from synhead_tools.rendering.scenes.plan import KIND
    from synhead_tools.rendering.scenes.render_scenes import render_scenes

    if dry_run:
        say_scenes_dry_run(plan, out, run["workers"], as_json)
        return
    render_scenes(plan, out, progress=options.progress(quiet, "scenes"), **run)
    result = {"out": str(out), "kind": KIND, "scenes": len(plan), "preview": str(out / "preview.png")}
    said = f"{len(plan)} scenes in {out}; look at {out / 'preview.png'}"
    click.echo(json.dumps(result) if as_json else said)
