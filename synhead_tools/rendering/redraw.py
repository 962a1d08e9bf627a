"""A stored sample drawn again, from what its dataset says of it and from its head."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from synhead_tools.errors import PlanError
from synhead_tools.heads.bust import DEFAULT_DETAIL
from synhead_tools.heads.expressions import express
from synhead_tools.heads.pose_neck import bend_neck
from synhead_tools.rendering.backend import Backend
from synhead_tools.rendering.compiled_labels import neck_mover
from synhead_tools.rendering.cpu.finish import finished_picture
from synhead_tools.rendering.looks.law import Picture
from synhead_tools.rendering.looks.light_columns import LIGHT_NAMES, lighting_of
from synhead_tools.rendering.looks.table import parse_looks
from synhead_tools.rendering.looks.wardrobe import Wardrobe
from synhead_tools.rendering.scene import Camera, studio_lighting

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head

_NEEDED = ("rotmat", "translation_m", "intrinsics", "seed")


def redraw(values: Mapping[str, np.ndarray], config: Mapping[str, Any], head: Head, backend: Backend) -> Picture:
    """Draw a sample of a dataset of kind ``SynHead`` again.

    Nothing is drawn at random but what is a function of the stored seed: backgrounds and noise. With the backend and
    the versions of the manifest, image and alpha have the same bytes as the stored ones.

    Parameters
    ----------
    values : mapping of str to ndarray
        The sample's label columns.
    config : mapping
        Of the dataset's manifest.
    head : Head
        That of its ``head_id``, at the level of detail that `config` states: ``load_head(name, config["detail"])``.
    backend : Backend
        Opened with the manifest's ``samples_per_axis``.

    Returns
    -------
    Picture

    Raises
    ------
    PlanError
        A column is missing, or the head has another level of detail.
    """
    missing = [name for name in _NEEDED if name not in values]
    if missing:
        raise PlanError(f"the sample has no column {missing[0]!r}; give all label columns of a rendered sample")
    if head.recipe is not None and head.detail != config.get("detail", DEFAULT_DETAIL):
        raise PlanError(f"the sample was drawn at detail {config['detail']}, head {head.name} is at {head.detail}")
    size_px = config["size_px"]
    width, height = (size_px, size_px) if np.isscalar(size_px) else size_px
    camera = Camera(width, height, values["intrinsics"])
    rotmat, translation_m = np.asarray(values["rotmat"]), np.asarray(values["translation_m"])
    wardrobe = _wardrobe(tuple(config.get("looks", ())))
    shape = head
    if "expression_coefficients" in values:
        shape = express(head, values["expression_coefficients"])
    shape = wardrobe.dress(shape, values)
    follow = values["body_follow"] if "body_follow" in values else config["body_follow"]
    shape = bend_neck(shape, rotmat, float(follow), neck_mover())
    lighting = lighting_of(values) if set(LIGHT_NAMES) <= set(values) else studio_lighting()
    frame = backend.render(shape, rotmat, translation_m, camera, lighting)
    drawn = (int(values["seed"]), values, wardrobe.looks, config["lighting"], config.get("background"))
    return finished_picture(frame, camera, float(translation_m[2]), *drawn)[0]


@lru_cache(maxsize=4)
def _wardrobe(looks: tuple[str, ...]) -> Wardrobe:
    return Wardrobe(parse_looks(looks))
