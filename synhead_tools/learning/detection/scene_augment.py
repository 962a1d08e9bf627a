"""What is cut out of a picture for training, and how: a random square, perhaps mirrored, at the network's size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.scene_sample import SceneSample

MIRRORED_POINTS = np.array([1, 0, 2, 4, 3])
_DRAWS = 5


def augmented(
    sample: SceneSample, input_px: int, crop_least: float, flip_probability: float, rng: np.random.Generator
) -> SceneSample:
    """A random square of the picture, scaled to `input_px`, with the faces that are in it.

    The side is uniform from `crop_least` to 1 times the picture's shorter side. A face is kept if the centre of its
    box is inside, the box cut at the edge; other faces that reach into the square are ignored ones. Of five draws the
    first is taken that keeps a face, where the picture has any.
    """
    height, width = sample.image.shape[:2]
    shorter = min(height, width)
    wanted = len(sample) and not sample.ignored.all()
    for _ in range(_DRAWS):
        side = shorter * rng.uniform(crop_least, 1.0)
        left, top = rng.uniform(0, width - side), rng.uniform(0, height - side)
        cut = cut_square(sample, left, top, side, input_px)
        if not wanted or not cut.ignored.all():
            break
    return mirrored(cut) if rng.random() < flip_probability else cut


def cut_square(sample: SceneSample, left_px: float, top_px: float, side_px: float, input_px: int) -> SceneSample:
    """The square of a picture with that corner and side, scaled to `input_px`; camera and rotations are dropped."""
    edges = (left_px, top_px, left_px + side_px, top_px + side_px)
    image = Image.fromarray(sample.image).resize((input_px, input_px), Image.Resampling.BILINEAR, box=edges)
    scale, corner = input_px / side_px, np.array([left_px, top_px])
    boxes = (sample.boxes_xyxy - np.tile(corner, 2)) * scale
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((centre >= 0) & (centre < input_px)).all(axis=1)
    boxes = np.clip(boxes, 0, input_px)
    seen = (boxes[:, 2:] - boxes[:, :2] >= 1).all(axis=1)
    mesh = None
    if sample.mesh is not None:
        mesh = (sample.mesh[seen] - np.append(corner, 0)) * scale
    return SceneSample(
        image=np.asarray(image),
        boxes_xyxy=boxes[seen].astype(np.float32),
        ignored=(sample.ignored | ~inside)[seen],
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
