"""From a rendered frame to the picture that is stored: a background, if one is baked in, and the last of the looks."""

from __future__ import annotations

from dataclasses import replace

from synhead_tools.rendering.backend import Frame
from synhead_tools.rendering.background import Background, composite_frame
from synhead_tools.rendering.looks.law import Look, Picture, Values
from synhead_tools.rendering.looks.streams import stream
from synhead_tools.rendering.scene import Camera


def finished_picture(
    frame: Frame,
    camera: Camera,
    distance_m: float,
    seed: int,
    values: Values,
    looks: tuple[Look, ...],
    lighting: str,
    background: str | None,
) -> tuple[Picture, str]:
    """Return what is stored as image and alpha of one sample, and the name of the file behind it (empty for none).

    Alpha stays coverage by the head, whether a background is baked in or not: it says which pixels are whose.

    Parameters
    ----------
    frame : Frame
    camera : Camera
    distance_m : float
        z of the head's origin.
    seed : int
        The sample's.
    values : dict of str to ndarray
        The sample's drawn values, by column.
    looks : tuple of Look
    lighting, background : str, str or None
        As in `synhead_tools.rendering.plan.RenderPlan`.
    """
    principal_px = camera.intrinsics[:2, 2]
    picture = Picture(frame.image, frame.alpha, frame.depth_m, principal_px, distance_m, seed)
    file = ""
    if background is not None:
        law, rng = Background.parse(background), stream(seed, "background")
        behind, file = law.behind(camera, rng, lighting, values)
        picture = replace(picture, image=composite_frame(frame, behind), composed=True)
    for look in looks:
        picture = look.finish(picture, values)
    return picture, file
