"""Which way a rotation turns the drawn face, measured on pixels, and where landmarks fall, measured on markers."""

import dataclasses

import numpy as np
import pytest

from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.projection import project_points
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.annotate import point_columns
from synhead_tools.rendering.scene import studio_lighting

AT_1_M = np.array([0.0, 0.0, 1.0])


def nose_px(cpu, egg, camera, angles_deg):
    """Mean place (x, y) of the pixels of the nose, and the landmark of its tip, under a biwi+ rotation."""
    rotation = rotmat_from_euler(angles_deg, "biwi+")
    frame = cpu.render(egg, rotation, AT_1_M, camera, studio_lighting())
    rows, columns = np.nonzero(frame.region == Region.NOSE)
    tip = point_columns(egg, rotation[None], AT_1_M[None], camera.intrinsics[None])["points5"][0, 2, :2]
    return np.array([columns.mean() + 0.5, rows.mean() + 0.5]), tip, frame


def test_identity_looks_straight_into_the_camera(cpu, egg, make_camera):
    camera = make_camera(96)
    bare = dataclasses.replace(egg, parts=egg.parts[:1])  # the thresholds of the fringe are not symmetric
    nose, tip, frame = nose_px(cpu, bare, camera, (0, 0, 0))
    np.testing.assert_array_equal(frame.alpha[:, :48], frame.alpha[:, :47:-1])
    # a tie between two regions goes to the first sample, on whichever side that is
    assert (frame.region[:, :48] == frame.region[:, :47:-1]).mean() > 0.99
    assert nose[0] == pytest.approx(48, abs=0.2)
    assert tip[0] == pytest.approx(48, abs=0.01)
    right_eye, left_eye = (project_points(egg.points5_m, np.eye(3), AT_1_M, camera.intrinsics)[0][k] for k in (0, 1))
    assert right_eye[0] < tip[0] < left_eye[0], "the subject's right eye is at the image's left"
    assert right_eye[1] < tip[1], "eyes are above the tip of the nose"
    assert frame.depth_m[int(tip[1]), int(tip[0])] < frame.depth_m[frame.depth_m > 0].min() + 5e-4


@pytest.mark.parametrize(
    ("angles_deg", "axis", "sign"),
    [((0, 25, 0), 0, 1), ((0, -25, 0), 0, -1), ((25, 0, 0), 1, 1), ((-25, 0, 0), 1, -1)],
)
def test_yaw_turns_right_and_pitch_turns_down(cpu, egg, make_camera, angles_deg, axis, sign):
    camera = make_camera(96)
    straight, tip, _ = nose_px(cpu, egg, camera, (0, 0, 0))
    turned, turned_tip, _ = nose_px(cpu, egg, camera, angles_deg)
    assert sign * (turned - straight)[axis] > 5
    assert sign * (turned_tip - tip)[axis] > 5
    if axis == 0:
        assert abs((turned - straight)[1]) < 1


@pytest.mark.parametrize(("roll_deg", "sign"), [(30, -1), (-30, 1)])
def test_roll_is_counter_clockwise(cpu, egg, make_camera, roll_deg, sign):
    """The top of the head moves to the image's left, the chin to its right."""
    _, _, frame = nose_px(cpu, egg, make_camera(96), (0, 0, roll_deg))
    rows, columns = np.nonzero(frame.alpha)
    top, bottom = columns[rows == rows.min()].mean(), columns[rows == rows.max()].mean()
    assert sign * (top - 48) > 4
    assert sign * (bottom - 48) < -4


def with_marker(shapes, egg, point_m):
    """The egg in black, with a white disc of 4 mm a little out of its surface, whose centre all its points5 are."""
    black = np.zeros((2, 2, 4), np.uint8)
    black[..., 3] = 255
    dark = dataclasses.replace(egg.parts[0], texture=black, specular=0.0)
    normal = dark.normals[np.linalg.norm(dark.vertices_m - point_m, axis=1).argmin()].astype(float)
    side = np.cross(normal, (0.3, 1, 0.2))
    side /= np.linalg.norm(side)
    other = np.cross(normal, side)
    ring = np.linspace(0, 2 * np.pi, 48, endpoint=False)[:, None]
    rim = 0.004 * (side * np.cos(ring) + other * np.sin(ring))
    vertices = point_m + np.vstack([[0, 0, 0], rim]) + normal * 0.0015
    triangles = [(0, 1 + k, 1 + (k + 1) % 48) for k in range(48)]
    disc = shapes.make_part(
        "marker", vertices, np.tile(normal, (49, 1)), np.zeros((49, 2)), triangles, specular=0.0, two_sided=True
    )
    return shapes.make_head(dark, disc, points5=vertices[:1].repeat(5, axis=0))


POSES = [
    ((0, 0, 0), (0.0, 0.0, 1.0)),
    ((12, 16, 10), (0.0, 0.0, 1.0)),
    ((-12, -16, -20), (0.06, -0.05, 1.1)),
    ((5, 8, 60), (-0.07, 0.04, 0.8)),
]


@pytest.mark.parametrize(("angles_deg", "translation_m"), POSES)
@pytest.mark.parametrize("point", [0, 2, 4])
def test_landmarks_fall_on_what_is_drawn(
    cpu_with, egg, shapes, make_camera, white_light, angles_deg, translation_m, point
):
    """The middle of a bright disc drawn at a landmark is where the projection says, in every part of the picture."""
    rotation, position = rotmat_from_euler(angles_deg, "biwi+"), np.array(translation_m)
    head = with_marker(shapes, egg, egg.points5_m[point])
    camera = make_camera(160, 120, span_m=0.4, centre=(85.5, 57.25))
    frame = cpu_with(samples_per_axis=3).render(head, rotation, position, camera, white_light)
    weight = frame.image[..., 0].astype(float)
    assert weight.sum() > 4 * 255
    rows, columns = np.mgrid[0:120, 0:160] + 0.5
    measured = np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()
    x_px, y_px, depth_m = point_columns(head, rotation[None], position[None], camera.intrinsics[None])["points5"][0, 0]
    np.testing.assert_allclose(measured, (x_px, y_px), atol=0.2)
    assert frame.depth_m[int(y_px), int(x_px)] == pytest.approx(depth_m, abs=0.004)
