"""Options that say what camera takes the frames and how they look; all but the first change nothing by default."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from synhead_tools.cli.sections import section

_NUMBER = r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?"


class FrameSize(click.ParamType):
    """``N`` for a square or ``WxH``; pixels, 16 to 4096."""

    name = "N|WxH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | tuple[int, int]:
        """Return one number, or width and height."""
        if isinstance(value, (int, tuple)):
            return value
        match = re.fullmatch(r"(\d{1,5})(?:[xX](\d{1,5}))?", str(value).strip())
        sizes = [int(size) for size in match.groups() if size] if match else []
        if not sizes or not all(16 <= size <= 4096 for size in sizes):
            self.fail(f"{value!r} is no size; write N or WxH, 16 to 4096 pixels", param, ctx)
        return sizes[0] if len(sizes) == 1 else (sizes[0], sizes[1])


class Crop(click.ParamType):
    """A name of `synhead_tools.rendering.framing.CROPS`, or a number."""

    name = "NAME|NUMBER"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the width of the picture over the face box."""
        from synhead_tools.rendering.framing import CROPS

        if str(value) in CROPS:
            return CROPS[str(value)]
        try:
            return float(value)
        except ValueError:
            self.fail(f"{value!r} is neither a number nor one of {', '.join(CROPS)}", param, ctx)


LOOK_SECTION = "Camera and looks"

look_options = section(
    LOOK_SECTION,
    click.option("--size", "size_px", type=FrameSize(), default=256, show_default=True, help="Pixels."),
    click.option(
        "--crop", "picture_to_box", type=Crop(), default="wide", show_default=True,
        help="Width of the picture over the face box: biwi+ (1), hopenet (0.9), tight (1.2), wide (1.7), "
        "portrait (2.4), bust (3.4), or a number.",
    ),
    click.option(
        "--distance", "distance_m", type=click.FloatRange(0.2, 100), metavar="METRES",
        help="Of the head from the camera; else 1, or with --fov or --intrinsics what --crop asks for.",
    ),
    click.option("--fov", "fov_deg", type=click.FloatRange(1, 150), help="Horizontal field of view, degrees."),
    click.option(
        "--intrinsics", metavar="FX,FY,CX,CY|FILE",
        help="Camera matrix in pixels, (0, 0) the corner of the picture; or an OpenCV calibration as JSON or CSV.",
    ),
    click.option(
        "--distance-jitter", type=click.FloatRange(0, 0.5), default=0.0, show_default=True,
        help="Share by which the distance varies.",
    ),
    click.option(
        "--offset-jitter", type=click.FloatRange(0, 2), default=0.0, show_default=True,
        help="Share of the width by which heads are off the optical axis.",
    ),
    click.option(
        "--detail", type=click.Choice(["auto", "0", "1", "2"]), default="auto", show_default=True,
        help="Of the heads' meshes; auto: by the size of the face in the picture.",
    ),
    click.option(
        "--samples-per-axis", type=click.IntRange(1, 3), default=2, show_default=True,
        help="Antialiasing: its square is the number of samples per pixel.",
    ),
    click.option("--anywhere", is_flag=True, help="Put heads anywhere in the picture, their face box inside."),
    click.option(
        "--lighting", default="studio", show_default=True, metavar="LAW",
        help="studio, always the same; random lights; sh, soft surroundings; environment[:MAP or folder of .hdr].",
    ),
    click.option(
        "--look", "looks", multiple=True, metavar="NAME[:AMOUNT]",
        help="tint, glasses, occluder, infrared, sensor; may be repeated. AMOUNT: share of frames, or strength.",
    ),
    click.option(
        "--background", metavar="LAW",
        help="Baked in for good: solid[:#rrggbb], gradient, noise, clutter, folder:DIR, environment. "
        "Else alpha leaves it open.",
    ),
)  # fmt: skip


def take_look_options(given: dict[str, Any]) -> None:
    """Turn the values of `look_options`, among a command's parameters, into keywords of `RenderPlan`, in place.

    Raises
    ------
    click.UsageError
        Two options contradict each other, or `--intrinsics` is neither four numbers nor a file.
    SynheadError
        The file of `--intrinsics` is no camera.
    """
    given["place"] = "anywhere" if given.pop("anywhere") else "centre"
    if given["place"] == "anywhere" and given["offset_jitter"]:
        raise click.UsageError("--anywhere already moves heads; leave --offset-jitter out")
    if given["fov_deg"] is not None and given["intrinsics"] is not None:
        raise click.UsageError("--fov and --intrinsics say the same thing; give one of them")
    if given["intrinsics"] is not None:
        given["intrinsics"] = _intrinsics(given["intrinsics"], given["size_px"])
    if given["distance_m"] is None:
        given["distance_m"] = _distance_m(given)
    if given["detail"] != "auto":
        given["detail"] = int(given["detail"])


def _intrinsics(text: str, size_px: int | tuple[int, int]) -> tuple[float, float, float, float]:
    if re.fullmatch(rf"\s*{_NUMBER}(\s*,\s*{_NUMBER}){{3}}\s*", text):
        return tuple(float(number) for number in text.split(","))
    if not Path(text).exists():
        raise click.UsageError(f"--intrinsics {text!r} is neither FX,FY,CX,CY nor a file that is there")
    from synhead_tools.formats.camera_file import read_camera_file

    width_px, height_px = (size_px, size_px) if isinstance(size_px, int) else size_px
    return read_camera_file(text).intrinsics_at(width_px, height_px)


def _distance_m(given: dict[str, Any]) -> float:
    """At which the face box has its share of the width."""
    if given["fov_deg"] is None and given["intrinsics"] is None:
        return 1.0
    from synhead_tools.geometry.boxes import FACE_BOX_SIDE_M
    from synhead_tools.rendering.framing import Framing

    names = ("size_px", "picture_to_box", "fov_deg", "intrinsics", "place")
    framing = Framing(**{name: given[name] for name in names}, distance_m=1.0, distance_jitter=0.0, offset_jitter=0.0)
    camera = framing.camera
    return float(camera.intrinsics[0, 0] * FACE_BOX_SIDE_M * given["picture_to_box"] / camera.width_px)
