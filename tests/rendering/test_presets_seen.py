"""The bundled heads as a camera sees them: no hair over an eye, no holes in a face."""

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.pose_laws import euler_grid
from synhead_tools.heads.library import preset_names
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import render_dataset

VISIBLE = 2


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    out = tmp_path_factory.mktemp("presets") / "synhead"
    poses = euler_grid([0], [-30, 0, 30], [0], "biwi+")
    render_dataset(RenderPlan(preset_names(), poses, size_px=128), out)
    return open_dataset(out)


def test_both_eyes_and_the_nose_are_seen_and_from_the_front_the_mouth_too(frames):
    seen = frames.read("points5_visibility") == VISIBLE
    assert seen[:, :3].all(), frames.read("head_id")[~seen[:, :3].all(axis=1)]
    assert seen[1::3].all(), frames.read("head_id")[1::3][~seen[1::3].all(axis=1)]


def test_a_frontal_face_is_whole(frames):
    """Between the eyes and the lower lip every pixel is covered, and none shows hair or the inside of the head."""
    region, alpha = frames.read("region"), frames.read("alpha")
    points = frames.read("landmarks68")
    for row in np.flatnonzero(np.arange(len(frames)) % 3 == 1):
        left, right = points[row, 36, 0], points[row, 45, 0]  # outer corners of the eyes
        top, bottom = points[row, 37:48, 1].max() + 1, points[row, 57, 1]
        inside = np.s_[int(top) : int(bottom), int(left) : int(right)]
        assert (alpha[row][inside] == 255).all()
        assert not np.isin(region[row][inside], [Region.BACKGROUND, Region.HAIR, Region.EYE_SOCKET]).any()


def test_the_ten_heads_differ(frames):
    pictures = frames.read("image")[1::3].astype(float)
    difference = np.abs(pictures[:, None] - pictures[None]).mean(axis=(2, 3, 4)) + 99 * np.eye(10)
    assert difference.min() > 2
