"""Several pictures of one camera at once: a graphics card then draws many in the time that one takes to be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synhead_tools.errors import BackendError
from synhead_tools.rendering.backend import Backend, Frame

if TYPE_CHECKING:
    import numpy as np

    from synhead_tools.heads.head import Head
    from synhead_tools.rendering.scene import Camera, Lighting


def render_batch(
    backend: Backend,
    heads: Sequence[Head],
    rotmats: Sequence[np.ndarray],
    translations_m: Sequence[np.ndarray],
    camera: Camera,
    lightings: Sequence[Lighting],
) -> list[Frame]:
    """Render several heads, each at its own pose and in its own light, by one camera.

    Parameters
    ----------
    backend : Backend
        One that has a method ``render_batch`` (all arguments but this one) draws as many at once as suits it; others
        draw one after another. The bytes are those of `Backend.render`, picture by picture.
    heads : sequence of Head
        One for each picture. Neighbours with the very same parts are drawn together.
    rotmats, translations_m : sequences of (3, 3) and (3,) arrays
        As of `Backend.render`.
    camera : Camera
    lightings : sequence of Lighting

    Returns
    -------
    list of Frame
        In the order of the arguments.

    Raises
    ------
    BackendError
        The sequences differ in length, or something cannot be drawn.
    """
    lengths = {len(heads), len(rotmats), len(translations_m), len(lightings)}
    if len(lengths) > 1:
        raise BackendError(
            f"a batch of {len(heads)} heads, {len(rotmats)} rotations, {len(translations_m)} positions and "
            f"{len(lightings)} lightings; give as many of each"
        )
    together = getattr(backend, "render_batch", None)
    if together is not None:
        return together(heads, rotmats, translations_m, camera, lightings)
    views = zip(heads, rotmats, translations_m, lightings, strict=True)
    return [backend.render(head, rotmat, position, camera, light) for head, rotmat, position, light in views]
