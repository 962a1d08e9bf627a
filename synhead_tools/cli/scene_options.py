"""Options of ``synhead render --scenes``: pictures of several heads, for detectors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from synhead_tools.cli.pose_options import PoseOptions
from synhead_tools.cli.sections import section

if TYPE_CHECKING:
    from synhead_tools.rendering.scenes.plan import ScenePlan

#: Poses people take where no option says any.
DEFAULT_POSES = 4096
_POSES = ("grid", "pitch", "yaw", "roll", "tracks", "poses_from", "uniform", "biwi_like", "like")
_SHARED = ("body_follow", "looks", "background", "backend", "samples_per_axis", "detail", "seed")
_OF_ONE_HEAD = {
    "picture_to_box": "--crop",
    "distance_m": "--distance",
    "fov_deg": "--fov",
    "intrinsics": "--intrinsics",
    "distance_jitter": "--distance-jitter",
    "offset_jitter": "--offset-jitter",
    "anywhere": "--anywhere",
    "layout": "--layout",
    "scheduler": "--scheduler",
}


class Range(click.ParamType):
    """``LOW:HIGH``, or one number for both."""

    name = "LOW:HIGH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        """Return both numbers."""
        if isinstance(value, tuple):
            return value
        if not re.fullmatch(r"\d+(\.\d*)?(:\d+(\.\d*)?)?", str(value).strip()):
            self.fail(f"{value!r} is no range; write LOW:HIGH or one number", param, ctx)
        low, _, high = str(value).strip().partition(":")
        return float(low), float(high or low)


scene_options = section(
    "Scenes of several heads, for detectors",
    click.option("--scenes", type=click.IntRange(1), metavar="N", help="N pictures, each with several heads or none."),
    click.option("--faces", type=Range(), default="0:12", show_default=True, help="Heads in a picture."),
    click.option(
        "--face-px", type=Range(), default="16:406", show_default=True, help="Side of the square face box, pixels."
    ),
    click.option(
        "--scene-fov", type=Range(), default="30:75", show_default=True, help="Horizontal field of view, degrees."
    ),
)


def take_scene_options(given: dict[str, Any]) -> dict[str, Any]:
    """Take the values of `scene_options` out of a command's parameters."""
    return {name: given.pop(name) for name in ("scenes", "faces", "face_px", "scene_fov")}


def check_scene_options(ctx: click.Context, given: dict[str, Any], scenes: dict[str, Any]) -> None:
    """Look whether options go together with ``--scenes`` or without it; give poses where no option says any.

    Raises
    ------
    click.UsageError
        An option means nothing here.
    """
    if scenes["scenes"] is None:
        for name in ("faces", "face_px", "scene_fov"):
            if _is_given(ctx, name):
                raise click.UsageError(f"--{name.replace('_', '-')} is of no use without --scenes N")
        return
    for name, option in _OF_ONE_HEAD.items():
        if _is_given(ctx, name):
            raise click.UsageError(f"{option} is for pictures of one head; with --scenes leave it out")
    if any(number != int(number) for number in scenes["faces"]):
        raise click.UsageError("--faces counts heads; give whole numbers")
    if not any(_is_given(ctx, name) for name in _POSES):
        given["biwi_like"] = DEFAULT_POSES


def plan_of_scenes(ctx: click.Context, scenes: dict[str, Any], poses: PoseOptions, given: dict[str, Any]) -> ScenePlan:
    """The plan of ``synhead render --scenes``.

    Parameters
    ----------
    ctx : click.Context
    scenes : dict
        Of `take_scene_options`.
    poses : PoseOptions
    given : dict
        The command's other parameters, as `synhead_tools.cli.plans.plan_from_options` takes them.
    """
    from synhead_tools.cli.plans import head_names, poses_from_options, record_of_poses
    from synhead_tools.rendering.scenes.plan import ScenePlan

    if given["expressions"] not in ("none", "random"):
        raise click.UsageError("--scenes draws expressions by law; give --expressions none or random")
    drawn = poses_from_options(poses, given["convention"], given["seed"])
    settings = {name: given[name] for name in _SHARED}
    # what is different for scenes unless it is given
    settings |= {name: given[name] for name in ("lighting", "expressions", "size_px") if _is_given(ctx, name)}
    low, high = (int(number) for number in scenes["faces"])
    return ScenePlan(
        head_names(given["heads"]), drawn.rotmats, scenes["scenes"], faces=(low, high), face_px=scenes["face_px"],
        fov_deg=scenes["scene_fov"], poses_from=record_of_poses(drawn), **settings,
    )  # fmt: skip


def _is_given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) not in (None, ParameterSource.DEFAULT)
