"""Pictures of nothing: what a detector must be shown to find no face in it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from synhead_tools.learning.detection.scene_sample import SceneSample


def blank_picture(side_px: int, rng: np.random.Generator) -> SceneSample:
    """A square without faces: flat, a ramp, or noise of a grain from one pixel to all of the side."""
    kind = rng.integers(3)
    if kind == 0:
        image = np.broadcast_to(rng.integers(0, 256, 3), (side_px, side_px, 3))
    elif kind == 1:
        share = np.linspace(0, 1, side_px)[:, None, None]
        ends = rng.uniform(0, 255, (2, 3))
        image = np.broadcast_to(ends[0] + share * (ends[1] - ends[0]), (side_px, side_px, 3))
        image = np.rot90(image, int(rng.integers(4)))
    else:
        cells = max(int(side_px ** rng.random()), 2)
        grain = rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
        how = Image.Resampling.BILINEAR if rng.random() < 0.5 else Image.Resampling.NEAREST
        image = np.asarray(Image.fromarray(grain).resize((side_px, side_px), how))
    return SceneSample(
        image=np.ascontiguousarray(image).astype(np.uint8),
        boxes_xyxy=np.zeros((0, 4), np.float32),
        ignored=np.zeros(0, bool),
        points5=np.zeros((0, 5, 2), np.float32),
        points5_visibility=np.zeros((0, 5), np.uint8),
    )
