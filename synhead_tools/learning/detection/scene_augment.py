"""What is cut out of a picture for training, and how: a random square, perhaps mirrored, at the network's size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.scene_sample import SMALLEST_PX, SceneSample
from synhead_tools.learning.detection.squares import Square

MIRRORED_POINTS = np.array([1, 0, 2, 4, 3])
_DRAWS = 5
_LEAST_SIDE_PX = 48.0  # smaller squares of a picture would be but a blur
_MOST_BEYOND = 2.0  # largest side of squares that reach beyond the picture, over its shorter side


def augmented(
    sample: SceneSample,
    input_px: int,
    crop_least: float,
    flip_probability: float,
    rng: np.random.Generator,
    face_crops: float = 0.0,
    smallest_px: float = SMALLEST_PX,
    face_crop_px: tuple[float, float] | None = None,
    beyond: float = 0.0,
) -> SceneSample:
    """A random square of the picture, scaled to `input_px`, with the faces that are in it.

    The side is uniform from `crop_least` to 1 times the picture's shorter side. With probability `face_crops` it is
    instead such that one of the faces gets a size that is drawn evenly over its logarithm between those of
    `face_crop_px`, by default `smallest_px` and the whole input (data anchor sampling; Tang et al., "PyramidBox",
    2018): so every anchor is taught as often. Of these squares the share `beyond` may reach beyond the picture, where
    they are plain as close-ups are (`synhead_tools.learning.detection.close_ups`) before colours are changed; all
    others are within.

    A face is kept if the centre of its box is inside, the box cut at the edge; other faces that reach into the square,
    and those that become smaller than `smallest_px`, are ignored ones. Of five draws the first is taken that keeps a
    face, where the picture has any.
    """
    height, width = sample.image.shape[:2]
    shorter = min(height, width)
    wanted = len(sample) and not sample.ignored.all()
    sizes_px = face_crop_px or (smallest_px, input_px)
    by_face = wanted and rng.random() < face_crops
    confined = not beyond or rng.random() >= beyond
    for _ in range(_DRAWS):
        if by_face:
            left, top, side = _square_by_face(sample, input_px, sizes_px, confined, rng)
        else:
            side = shorter * rng.uniform(crop_least, 1.0)
            left, top = rng.uniform(0, width - side), rng.uniform(0, height - side)
        cut = cut_square(sample, left, top, side, input_px, smallest_px)
        if not wanted or not cut.ignored.all():
            break
    return mirrored(cut) if rng.random() < flip_probability else cut


def _square_by_face(
    sample: SceneSample, input_px: int, sizes_px: tuple[float, float], confined: bool, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Left, top and side of a square that holds the centre of a face; it is in the picture if `confined`."""
    height, width = sample.image.shape[:2]
    box = sample.boxes_xyxy[rng.choice(np.flatnonzero(~sample.ignored))]
    size = float((box[2:] - box[:2]).max())
    wanted_px = sizes_px[0] * (sizes_px[1] / sizes_px[0]) ** rng.random()
    shorter = float(min(height, width))
    most = shorter * (1.0 if confined else _MOST_BEYOND)
    side = float(np.clip(input_px * size / wanted_px, min(_LEAST_SIDE_PX, shorter), most))
    slack = max(0.5 - 0.35 * size / side, 0.1)  # large faces stay near the middle
    centre = (box[:2] + box[2:]) / 2
    left, top = centre - side * (0.5 + slack * rng.uniform(-1, 1, 2))
    if not confined:
        return float(left), float(top), side
    return float(np.clip(left, 0, width - side)), float(np.clip(top, 0, height - side)), side


def cut_square(
    sample: SceneSample, left_px: float, top_px: float, side_px: float, input_px: int, smallest_px: float = SMALLEST_PX
) -> SceneSample:
    """The square of a picture with that corner and side, scaled to `input_px`; camera and rotations are dropped."""
    scale, corner = input_px / side_px, np.array([left_px, top_px])
    image = Square(corner + side_px / 2, scale, input_px).cut(sample.image)
    height, width = sample.image.shape[:2]
    # what is seen of the picture in the square: all of it, but for squares that reach beyond the picture
    low = np.maximum((np.zeros(2) - corner) * scale, 0)
    high = np.minimum(((width, height) - corner) * scale, input_px)
    boxes = (sample.boxes_xyxy - np.tile(corner, 2)) * scale
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((centre >= low) & (centre < high)).all(axis=1)
    boxes = np.clip(boxes, np.tile(low, 2), np.tile(high, 2))
    sides = boxes[:, 2:] - boxes[:, :2]
    seen = (sides >= 1).all(axis=1)
    small = sides.max(axis=1, initial=0) < smallest_px
    mesh = None
    if sample.mesh is not None:
        mesh = (sample.mesh[seen] - np.append(corner, 0)) * scale
    return SceneSample(
        image=image,
        boxes_xyxy=boxes[seen].astype(np.float32),
        ignored=(sample.ignored | small | ~inside)[seen],
        points5=((sample.points5[seen] - corner) * scale).astype(np.float32),
        points5_visibility=sample.points5_visibility[seen],
        mesh=None if mesh is None else mesh.astype(np.float32),
    )


def mirrored(sample: SceneSample) -> SceneSample:
    """The mirror image: left and right change places in points and mesh; rotations are dropped."""
    width = sample.image.shape[1]
    boxes = sample.boxes_xyxy.copy()
    boxes[:, [0, 2]] = width - boxes[:, [2, 0]]
    points = sample.points5[:, MIRRORED_POINTS]
    points[..., 0] = width - points[..., 0]
    mesh = sample.mesh
    if mesh is not None:
        mesh = mesh[:, load_face_mesh().mirror]
        mesh[..., 0] = width - mesh[..., 0]
    return replace(
        sample, image=np.ascontiguousarray(sample.image[:, ::-1]), boxes_xyxy=boxes, points5=points,
        points5_visibility=sample.points5_visibility[:, MIRRORED_POINTS], mesh=mesh, rotmat=None, intrinsics=None,
    )  # fmt: skip
