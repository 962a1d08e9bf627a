"""The bundled heads, as they come off the disk: labels against what the stored pictures show."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.boxes import FACE_BOX_SIDE_M
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.projection import project_points
from synhead_tools.heads.library import load_head, preset_names
from synhead_tools.heads.regions import BODY_REGIONS, Region
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import render_dataset
from synhead_tools.rendering.scene import Camera, Lighting

HEADS = ("f01", "m04")
DEFAULT_PX_PER_M = 256 / 1.7 / FACE_BOX_SIDE_M  # of the default picture, at the head's distance
POSES_DEG = [(0, 0, 0), (0, 25, 0), (0, -25, 0), (15, 0, 0), (-15, 0, 0), (0, 0, 20), (0, 0, -20), (-8, 18, 10)]
FRONT, RIGHT, LEFT, DOWN, UP, COUNTER_CLOCKWISE, CLOCKWISE = range(7)


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    out = tmp_path_factory.mktemp("bundled") / "synhead"
    plan = RenderPlan(HEADS, rotmat_from_euler(np.array(POSES_DEG, float), "biwi+"), size_px=256, offset_jitter=0.08)
    render_dataset(plan, out)
    return open_dataset(out)


def _centroid(mask):
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean() + 0.5, rows.mean() + 0.5])


def _nose_from_head(frames, row):
    """Place of the nose's pixels in the head's own, as a share of the picture; x right, y down."""
    region = frames.read("region", [row])[0]
    head = ~np.isin(region, (Region.BACKGROUND, *BODY_REGIONS))
    return (_centroid(region == Region.NOSE) - _centroid(head)) / len(region)


@pytest.mark.parametrize("head", range(len(HEADS)))
def test_the_nose_goes_where_biwi_plus_says(frames, head):
    first = head * len(POSES_DEG)
    nose = {pose: _nose_from_head(frames, first + pose) for pose in range(7)}
    assert abs(nose[FRONT][0]) < 0.01
    assert nose[LEFT][0] < nose[FRONT][0] - 0.03 < nose[FRONT][0] + 0.03 < nose[RIGHT][0]
    assert nose[UP][1] < nose[FRONT][1] - 0.01 < nose[FRONT][1] + 0.01 < nose[DOWN][1]


@pytest.mark.parametrize("head", range(len(HEADS)))
def test_roll_takes_the_top_of_the_head_to_image_left(frames, head):
    def lean(pose):
        alpha = frames.read("alpha", [head * len(POSES_DEG) + pose])[0]
        nose = frames.read("points5", [head * len(POSES_DEG) + pose])[0, 2, 0]
        return np.flatnonzero(alpha[np.flatnonzero((alpha > 127).any(axis=1))[0] + 3] > 127).mean() + 0.5 - nose

    assert lean(COUNTER_CLOCKWISE) < -10
    assert lean(CLOCKWISE) > 10


def test_what_is_stored_gives_the_stored_points_back(frames):
    names = ("rotmat", "translation_m", "intrinsics", "points5", "landmarks68")
    for row in range(len(frames)):
        rotmat, place, intrinsics, *stored = (frames.read(name, [row])[0] for name in names)
        head = load_head(HEADS[row // len(POSES_DEG)])
        for points_m, expected in zip((head.points5_m, head.landmarks68_m), stored, strict=True):
            points_px, depth_m = project_points(points_m, rotmat, place, intrinsics)
            assert np.allclose(points_px, expected[:, :2], atol=1e-3)
            assert np.allclose(depth_m, expected[:, 2], atol=1e-5)


@pytest.mark.parametrize("name", preset_names())
def test_the_eye_points_are_the_drawn_pupils(name):
    """Eyeballs alone, since lids hide part of a pupil, close up: the darkest spot of each, within 0.5 px."""
    head = load_head(name)
    eyes = replace(head, parts=(head.part("eyes"),))
    camera = Camera(512, 512, [[2560, 0, 256], [0, 2560, 256], [0, 0, 1]])
    flat = Lighting((), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0))
    with closing(open_backend("cpu")) as backend:
        for pose in ((0, 0, 0), (0, 20, 0), (-10, -15, 10)):
            rotmat, place = rotmat_from_euler(np.array(pose, float), "biwi+"), np.array([0.004, -0.003, 1.0])
            frame = backend.render(eyes, rotmat, place, camera, flat)
            points, _ = project_points(head.points5_m[:2], rotmat, place, camera.intrinsics)
            for eye in points:
                error_px = np.abs(_darkest_spot(frame.image, eye) - eye).max()
                assert error_px * DEFAULT_PX_PER_M / 2560 < 0.5


def _darkest_spot(image, near_px, radius_px=14):
    """Darkness-weighted centre of what is darker than the middle between the darkest and the usual."""
    rows, columns = np.mgrid[0 : image.shape[0], 0 : image.shape[1]] + 0.5
    here = np.hypot(columns - near_px[0], rows - near_px[1]) < radius_px
    brightness = image.astype(float).mean(axis=2)
    low, usual = np.percentile(brightness[here], (2, 70))
    weight = np.where(here, np.clip((low + usual) / 2 - brightness, 0, None), 0)
    return np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()
