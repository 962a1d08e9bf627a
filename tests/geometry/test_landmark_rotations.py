"""Rotations found from landmarks that known rotations made, in every frame and projection."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.landmark_rotations import (
    LANDMARK_AXES,
    rotations_from_landmarks_2d,
    rotations_from_landmarks_3d,
)
from synhead_tools.geometry.pose_laws import biwi_like_rotations, uniform_rotations
from synhead_tools.geometry.projection import camera_points, project_points
from synhead_tools.geometry.rays import from_ray_frame, ray_rotation

FRAMES = 60
INTRINSICS = np.array([[600.0, 0, 320], [0, 580, 240], [0, 0, 1]])


def _face(seed=0):
    """20 points on a face-like egg, none of it symmetric: x to the subject's left, y down, z into the head, metres."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-1, 1, (2, 20))
    return np.stack([0.07 * x, 0.09 * y, 0.05 * (x**2 + 0.7 * y**2)], axis=1) + rng.normal(0, 0.004, (20, 3))


FACE = _face()


def _truth(law=biwi_like_rotations, seed=1):
    rng = np.random.default_rng(seed)
    place = rng.uniform([-0.25, -0.2, 0.5], [0.25, 0.2, 1.5], (FRAMES, 3))
    return law(FRAMES, rng), place


@pytest.mark.parametrize("axes", LANDMARK_AXES)
@pytest.mark.parametrize("law", [biwi_like_rotations, uniform_rotations])
def test_known_head_in_three_dimensions(axes, law):
    rotmat, place = _truth(law)
    seen = camera_points(FACE, rotmat, place) @ LANDMARK_AXES[axes]
    found = rotations_from_landmarks_3d(1000 * seen, FACE, axes)
    assert geodesic_distance_deg(found.rotmat, rotmat).max() < 1e-9
    assert found.misfit.max() < 1e-6


def test_unknown_head_in_three_dimensions_but_for_a_constant_rotation():
    rotmat, place = _truth()
    scale = np.random.default_rng(2).uniform(0.5, 2, (FRAMES, 1, 1))
    found = rotations_from_landmarks_3d(scale * camera_points(FACE, rotmat, place))
    constant = np.swapaxes(found.rotmat, 1, 2) @ rotmat
    assert geodesic_distance_deg(constant, constant[0]).max() < 1e-9
    mean = Rotation.from_matrix(found.rotmat).mean()
    assert np.degrees(mean.magnitude()) < 1e-6
    again = rotations_from_landmarks_3d(camera_points(FACE, rotmat, place), found.reference)
    assert geodesic_distance_deg(again.rotmat, found.rotmat).max() < 1e-9


def test_opengl_axes_point_up_and_towards_the_viewer():
    """A face that looks down in an OpenGL frame: its nose goes down there, y to the negative."""
    down = Rotation.from_euler("x", 10, degrees=True).as_matrix()
    seen = (FACE @ down.T) * [1, -1, -1]
    assert geodesic_distance_deg(rotations_from_landmarks_3d(seen[None], FACE, "opengl").rotmat[0], down) < 1e-9


def test_noise_moves_rotations_little_and_shows_as_misfit():
    rotmat, place = _truth()
    noisy = camera_points(FACE, rotmat, place) + np.random.default_rng(3).normal(0, 0.002, (FRAMES, 20, 3))
    for reference in (FACE, None):
        found = rotations_from_landmarks_3d(noisy, reference)
        constant = np.swapaxes(found.rotmat, 1, 2) @ rotmat
        assert geodesic_distance_deg(constant, Rotation.from_matrix(constant).mean().as_matrix()).mean() < 2
        assert 0.02 < found.misfit.mean() < 0.08


def test_landmarks_that_are_not_known_are_left_out():
    rotmat, place = _truth()
    seen = camera_points(FACE, rotmat, place)
    picture, _ = project_points(FACE, rotmat, place, INTRINSICS)
    hidden = np.random.default_rng(4).random((FRAMES, 20)) < 0.3
    seen[hidden], picture[hidden] = np.nan, np.nan
    assert geodesic_distance_deg(rotations_from_landmarks_3d(seen, FACE).rotmat, rotmat).max() < 1e-9
    found = rotations_from_landmarks_2d(picture, FACE, INTRINSICS)
    assert geodesic_distance_deg(found.rotmat, rotmat).max() < 1e-6
    constant = np.swapaxes(rotations_from_landmarks_3d(seen).rotmat, 1, 2) @ rotmat
    assert geodesic_distance_deg(constant, constant[0]).max() < 1e-6


def test_mirrored_landmarks_are_refused():
    rotmat, place = _truth()
    seen = camera_points(FACE, rotmat, place)
    with pytest.raises(ConventionError, match="mirror"):
        rotations_from_landmarks_3d(seen, FACE, "picture")
    flat = camera_points(FACE * [1, 1, 0], rotmat, place)  # a flat head is its own mirror image
    assert geodesic_distance_deg(rotations_from_landmarks_3d(flat, FACE * [1, 1, 0]).rotmat, rotmat).max() < 1e-9


@pytest.mark.parametrize("law", [biwi_like_rotations, uniform_rotations])
def test_known_head_in_the_picture_of_a_known_camera(law):
    rotmat, place = _truth(law)
    points, _ = project_points(FACE, rotmat, place, INTRINSICS)
    found = rotations_from_landmarks_2d(points, FACE, INTRINSICS)
    assert geodesic_distance_deg(found.rotmat, rotmat).max() < 1e-6
    assert found.misfit.max() < 1e-9
    each = np.tile(INTRINSICS, (FRAMES, 1, 1))
    assert np.abs(rotations_from_landmarks_2d(points, FACE, each).rotmat - found.rotmat).max() < 1e-12


@pytest.mark.parametrize("law", [biwi_like_rotations, uniform_rotations])
def test_known_head_under_parallel_projection(law):
    rotmat, place = _truth(law)
    points = 900 * camera_points(FACE, rotmat, place)[..., :2]
    found = rotations_from_landmarks_2d(points, FACE)
    assert geodesic_distance_deg(found.rotmat, rotmat).max() < 1e-6


def test_without_a_camera_the_rotation_is_that_of_the_crop():
    """Far away, perspective is parallel projection along the ray to the head."""
    rotmat, place = _truth()
    points, _ = project_points(FACE, rotmat, 40 * place, INTRINSICS)
    centre, _ = project_points(FACE.mean(axis=0)[None], rotmat, 40 * place, INTRINSICS)
    found = rotations_from_landmarks_2d(points, FACE)
    restored = from_ray_frame(found.rotmat, ray_rotation(centre[:, 0], INTRINSICS))
    assert geodesic_distance_deg(restored, rotmat).mean() < 3
    assert geodesic_distance_deg(found.rotmat, rotmat).mean() > 8


def test_depth_is_not_mirrored_even_of_a_rather_flat_head_with_noise():
    rotmat, _ = _truth()
    head = FACE * [1, 1, 0.6]
    points = 900 * (head @ np.swapaxes(rotmat, 1, 2))[..., :2]
    points += np.random.default_rng(5).normal(0, 1.0, points.shape)
    off = geodesic_distance_deg(rotations_from_landmarks_2d(points, head).rotmat, rotmat)
    assert np.median(off) < 3
    assert off.max() < 12


@pytest.mark.parametrize("found_by", ["2d", "3d"])
def test_refinement_and_closed_form_reach_a_minimum(found_by):
    """No small turn of the answer leaves less of noisy landmarks."""
    rotmat, place = _truth()
    rng = np.random.default_rng(6)
    if found_by == "3d":
        points = camera_points(FACE, rotmat, place) + rng.normal(0, 0.003, (FRAMES, 20, 3))
        found = rotations_from_landmarks_3d(points, FACE).rotmat
    else:
        points = 900 * (FACE @ np.swapaxes(rotmat, 1, 2))[..., :2] + rng.normal(0, 2.0, (FRAMES, 20, 2))
        found = rotations_from_landmarks_2d(points, FACE).rotmat
    best = _left_over(points, found)
    for axis in np.eye(3):
        for angle in (-0.003, 0.003):
            assert (_left_over(points, Rotation.from_rotvec(angle * axis).as_matrix() @ found) > best).all()


def _left_over(points, rotmat):
    """Sum of squares after the best scale and shift, by plain least squares."""
    here = points - points.mean(axis=1, keepdims=True)
    model = ((FACE - FACE.mean(axis=0)) @ np.swapaxes(rotmat, 1, 2))[..., : points.shape[2]]
    scale = (here * model).sum(axis=(1, 2)) / (model**2).sum(axis=(1, 2))
    return ((here - scale[:, None, None] * model) ** 2).sum(axis=(1, 2))


POINTS = camera_points(FACE, *_truth())
LINE = np.arange(20.0)[:, None] * [1.0, 2, 3]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: rotations_from_landmarks_3d(POINTS, FACE, "vulkan"), "vulkan"),
        (lambda: rotations_from_landmarks_3d(POINTS[0], FACE), "shape"),
        (lambda: rotations_from_landmarks_3d(POINTS, FACE[:5]), "reference"),
        (lambda: rotations_from_landmarks_3d(POINTS, LINE), "in line"),
        (lambda: rotations_from_landmarks_3d(np.where(np.arange(20)[:, None] < 2, POINTS, np.nan), FACE), "frame 0: 2"),
        (lambda: rotations_from_landmarks_3d(np.stack([POINTS[0], LINE]), FACE), "frame 1"),
        (lambda: rotations_from_landmarks_3d(np.where(np.arange(20)[:, None] > 0, POINTS, np.nan)), "landmark 0"),
        (lambda: rotations_from_landmarks_2d(POINTS[..., :2], FACE * [1, 1, 0]), "plane"),
        (lambda: rotations_from_landmarks_2d(POINTS, FACE), "shape"),
        (lambda: rotations_from_landmarks_2d(POINTS[:, :3, :2], FACE[:3] + FACE[5:8]), "plane"),
        (lambda: rotations_from_landmarks_2d(POINTS[:, :5, :2], FACE[:5], INTRINSICS), "6 are needed"),
    ],
)
def test_what_has_no_answer_is_refused(call, words):
    with pytest.raises(ConventionError, match=words):
        call()
