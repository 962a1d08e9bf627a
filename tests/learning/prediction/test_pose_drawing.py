import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.spatial.transform import Rotation

from synhead_tools.geometry.boxes import face_box_xyxy
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.projection import project_points
from synhead_tools.geometry.rays import ray_rotation, to_ray_frame
from synhead_tools.learning.prediction.pose_drawing import (
    _AXES_M,
    _CUBE_M,
    BLUE,
    DRAWINGS,
    GREEN,
    RED,
    YELLOW,
    draw_pose,
    head_points_px,
)

CAMERA = np.array([[600.0, 0, 320], [0, 600, 240], [0, 0, 1]])
BOX = np.array([100.0, 60, 220, 180])


@given(st.integers(0, 10_000), st.floats(-0.3, 0.3), st.floats(-0.2, 0.2), st.floats(0.7, 2.0))
def test_points_are_where_a_head_with_that_box_has_them(seed, x, y, z):
    """The box of a head at a known place gives the place back, and so the picture of every point."""
    rotmat = Rotation.random(random_state=seed).as_matrix()
    translation = np.array([x, y, z])
    box = face_box_xyxy(rotmat, translation, CAMERA)
    expected_px, expected_m = project_points(_CUBE_M, rotmat, translation, CAMERA)
    points_px, depth_m = head_points_px(_CUBE_M, rotmat, box, CAMERA)
    np.testing.assert_allclose(points_px, expected_px, atol=1e-6)
    np.testing.assert_allclose(depth_m, expected_m, atol=1e-9)


@given(st.integers(0, 10_000))
def test_without_a_camera_the_ray_makes_up_for_it(seed):
    rotmat = Rotation.random(random_state=seed).as_matrix()
    box = np.array([420.0, 120, 480, 180])
    with_camera, _ = head_points_px(_AXES_M, rotmat, box, CAMERA)
    ray = ray_rotation(np.array([450.0, 150]), CAMERA)
    without, _ = head_points_px(_AXES_M, to_ray_frame(rotmat, ray), box)
    assert np.abs(with_camera - without).max() < 4


def _colour_at(picture, colour):
    """Mean place x, y of the pixels near a colour."""
    near = (np.abs(np.asarray(picture).astype(int) - colour).max(axis=-1) < 30).nonzero()
    assert len(near[0]), f"nothing is drawn in {colour}"
    return np.array([near[1].mean(), near[0].mean()])


def _drawn(rotmat, drawing="axes", camera=None):
    picture = Image.new("RGB", (320, 240), (90, 90, 90))
    draw_pose(picture, rotmat, BOX, camera, drawing)
    return picture


def test_the_axes_of_a_frontal_face():
    """Seen from the front: the subject's left is on the right, the chin below, and the nose points at us."""
    turn = rotmat_from_euler([[15.0, 0, 0]], "biwi+")[0]
    picture = _drawn(turn)
    assert _colour_at(picture, RED)[0] > 165
    assert _colour_at(picture, GREEN)[1] > _colour_at(picture, RED)[1] + 15
    turned = _drawn(Rotation.from_euler("y", -40, degrees=True).as_matrix())
    assert _colour_at(turned, BLUE)[0] > 170  # R = Ry(-40) takes -z, the nose, to +x: the right of the picture


def test_the_cube_has_its_face_in_front_and_its_chin_below():
    picture = _drawn(np.eye(3), "cube")
    assert _colour_at(picture, RED)[1] > _colour_at(picture, YELLOW)[1] > 60
    from_behind = np.asarray(_drawn(np.diag([-1.0, 1, -1]), "cube")).astype(int)
    front = np.asarray(picture).astype(int)

    def count(pixels, colour):
        return (np.abs(pixels - colour).max(axis=-1) < 30).sum()

    assert count(from_behind, YELLOW) < count(front, YELLOW)


@pytest.mark.parametrize("drawing", DRAWINGS)
@pytest.mark.parametrize("box_xyxy", [BOX, BOX + 500, BOX - 500, BOX * [0, 0, 3, 3], BOX - 100, BOX * 0.02])
def test_nothing_but_the_neighbourhood_of_the_box_changes(drawing, box_xyxy):
    picture = Image.new("RGB", (320, 240), (90, 90, 90))
    draw_pose(picture, Rotation.random(random_state=1).as_matrix(), box_xyxy, None, drawing)
    changed = (np.asarray(picture) != 90).any(axis=-1)
    inside = np.zeros_like(changed)
    side = box_xyxy[2] - box_xyxy[0]
    left, top = np.maximum(box_xyxy[:2] - side, 0).astype(int)
    right, bottom = np.maximum(box_xyxy[2:] + side + 3, 0).astype(int)
    inside[top:bottom, left:right] = True
    assert not (changed & ~inside).any()
    assert changed.any() == (box_xyxy[0] < 320 and box_xyxy[2] > 0)


def test_a_camera_that_would_be_inside_the_head_does_not_matter():
    wide = np.array([[60.0, 0, 160], [0, 60, 120], [0, 0, 1]])
    points, depth = head_points_px(_CUBE_M, np.eye(3), BOX, wide)
    assert (depth > 0.3).all()
    assert np.abs(points - BOX.reshape(2, 2).mean(axis=0)).max() < 2 * 120
