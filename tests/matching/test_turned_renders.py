"""A turned frame against a frame rendered at the turned pose under equally turned light."""

import numpy as np
import pytest

from synhead_tools.geometry.boxes import face_box_xyxy
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.projection import project_points
from synhead_tools.heads.library import load_head
from synhead_tools.matching.in_plane import turn_about_optical_axis
from synhead_tools.matching.turn_picture import turn_picture, turn_points
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.scene import Camera, DirectionalLight, Lighting

SIZE = 192
CAMERA = Camera(SIZE, SIZE, [[500.0, 0, SIZE / 2], [0, 500.0, SIZE / 2], [0, 0, 1]])
GREY = (0.3, 0.3, 0.3)  # sky and ground alike: a hemisphere light would not turn with the picture


def _lighting(turn):
    return Lighting((DirectionalLight(tuple(turn @ [-0.4, -0.5, -0.8]), (0.8, 0.8, 0.8)),), GREY, GREY)


@pytest.mark.parametrize("turn_deg", [-40.0, 12.0, 75.0])
def test_a_turned_frame_is_the_frame_of_the_turned_pose(turn_deg):
    head, backend = load_head("m01"), open_backend("cpu")
    turn = turn_about_optical_axis(turn_deg)
    rotmat, place = rotmat_from_euler([8.0, -25.0, 4.0], "biwi+"), np.array([0.01, 0.02, 1.0])
    source = backend.render(head, rotmat, place, CAMERA, _lighting(np.eye(3)))
    direct = backend.render(head, turn @ rotmat, turn @ place, CAMERA, _lighting(turn))
    turned = turn_picture(source.image, turn_deg, CAMERA.intrinsics[:2, 2])
    inside = turn_picture(source.alpha, turn_deg, CAMERA.intrinsics[:2, 2]) > 250
    inside &= direct.alpha > 250
    error = (turned.astype(float) - direct.image)[inside]
    assert 10 * np.log10(255**2 / (error**2).mean()) > 30
    points, depth = project_points(head.landmarks68_m, rotmat, place, CAMERA.intrinsics)
    columns = np.concatenate([points, depth[:, None]], axis=1)[None]
    here = turn_points(columns, np.array([turn_deg]), CAMERA.intrinsics[None, :2, 2])
    there, _ = project_points(head.landmarks68_m, turn @ rotmat, turn @ place, CAMERA.intrinsics)
    assert np.allclose(here[0, :, :2], there, atol=1e-6)


def test_the_turn_centre_is_the_principal_point_not_the_box():
    """Off-centre heads keep their distance from the principal point."""
    rotmat, place = rotmat_from_euler([0.0, 20.0, 0.0], "biwi+"), np.array([0.05, -0.03, 1.0])
    turn = turn_about_optical_axis(30.0)
    before = face_box_xyxy(rotmat, place, CAMERA.intrinsics)
    after = face_box_xyxy(turn @ rotmat, turn @ place, CAMERA.intrinsics)
    centre = np.array([SIZE / 2, SIZE / 2])
    moved = (before[:2] + before[2:]) / 2 - centre
    assert np.allclose((after[:2] + after[2:]) / 2 - centre, turn[:2, :2] @ moved)
