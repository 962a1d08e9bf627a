import dataclasses

import numpy as np
import pytest

from synhead_tools.geometry.boxes import face_box_xyxy
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.annotate import (
    FaceAreas,
    annotate,
    face_area_px,
    point_visibility,
    pose_columns,
)
from synhead_tools.rendering.scene import studio_lighting

AT_1_M = np.array([0.0, 0.0, 1.0])


@pytest.fixture
def areas(cpu):
    return FaceAreas(cpu)


def labels(cpu, areas, head, camera, angles_deg, translation_m=AT_1_M):
    rotation = rotmat_from_euler(angles_deg, "biwi+")
    frame = cpu.render(head, rotation, translation_m, camera, studio_lighting())
    return annotate(head, rotation, translation_m, camera, frame, areas, "biwi+"), frame


def test_pose_columns_are_one_rotation(cpu, areas, egg, make_camera):
    camera = make_camera(64)
    values, _ = labels(cpu, areas, egg, camera, (10, 20, 30))
    np.testing.assert_allclose(values["euler_deg"], (10, 20, 30), atol=1e-9)
    np.testing.assert_allclose(values["rotmat"], rotmat_from_euler((10, 20, 30), "biwi+"))
    x, y, z, w = values["quat_xyzw"]
    assert values["rotmat"][0, 0] == pytest.approx(1 - 2 * (y * y + z * z))
    assert values["rotmat"][1, 0] == pytest.approx(2 * (x * y + w * z))
    expected = face_box_xyxy(values["rotmat"], AT_1_M, camera.intrinsics)
    np.testing.assert_allclose(values["face_box_xyxy"], expected, atol=1e-4)


def test_pose_columns_state_degrees_for_radian_conventions():
    rotmat = rotmat_from_euler([(10.0, 20, 30)], "biwi+")
    columns = pose_columns(rotmat, AT_1_M[None], np.eye(3)[None], "300w-lp")
    assert np.abs(columns["euler_deg"]).max() > 5


def test_points_are_where_they_are_and_seen_from_the_front(cpu, areas, egg, make_camera):
    values, frame = labels(cpu, areas, egg, make_camera(96), (0, 0, 0))
    assert (values["points5_visibility"] == 2).all()
    assert (values["landmarks68_visibility"] == 2).mean() > 0.9
    x, y, z = values["points5"].T
    np.testing.assert_allclose(frame.depth_m[y.astype(int), x.astype(int)], z, atol=0.004)


def test_turned_away_points_are_hidden(cpu, areas, egg, make_camera):
    camera = make_camera(96)
    assert (labels(cpu, areas, egg, camera, (0, 180, 0))[0]["points5_visibility"] == 1).all()
    right = labels(cpu, areas, egg, camera, (0, 80, 0))[0]["points5_visibility"]
    assert right[0] == 2, "turned to the image's right, the subject's right eye stays in sight"
    assert right[1] == 1
    left = labels(cpu, areas, egg, camera, (0, -80, 0))[0]["points5_visibility"]
    assert (left[0], left[1]) == (1, 2)


def test_points_outside_the_picture(cpu, areas, egg, make_camera):
    values, _ = labels(cpu, areas, egg, make_camera(96), (0, 0, 0), np.array([0.2, 0, 1.0]))
    x = values["points5"][:, 0]
    assert (x > 96).any()
    assert (x < 96).any()
    np.testing.assert_array_equal(values["points5_visibility"] == 0, x >= 96)


def test_visibility_by_hand():
    depth = np.zeros((4, 4), np.float32)
    depth[:, :2] = 1.0
    points = [
        (1.0, 2.0, 1.003),
        (1.0, 2.0, 1.005),
        (3.5, 1.0, 9.0),
        (-0.1, 1.0, 1.0),
        (1.0, 1.0, -1.0),
        (1.7, 2.0, 1.5),
    ]
    # on the surface, behind it, over nothing, outside, behind the camera, within a pixel of the open
    np.testing.assert_array_equal(point_visibility(points, depth), (2, 1, 2, 0, 0, 2))


def test_visible_fraction(cpu, areas, egg, make_camera):
    camera = make_camera(96)
    yaw = [
        float(labels(cpu, areas, egg, camera, (0, angle, 0))[0]["visible_fraction"]) for angle in (0, 45, 90, 135, 180)
    ]
    assert yaw[0] == 1
    assert 0.25 < yaw[2] < 0.75
    assert yaw[4] == 0
    assert (np.diff(yaw) < 0).all()


def test_visible_fraction_does_not_depend_on_place_and_distance(cpu, areas, egg, make_camera):
    camera = make_camera(96)
    for position in ((0, 0, 1.37), (0.05, -0.03, 1.0), (0, 0, 0.93)):
        fraction = labels(cpu, areas, egg, camera, (0, 0, 0), np.array(position))[0]["visible_fraction"]
        assert fraction == pytest.approx(1, abs=0.04)


def test_a_face_half_out_of_the_picture_is_half_visible(cpu, areas, egg, make_camera):
    position = np.array([0.2, 0, 1.0])  # the picture's edge is at 0.2 m
    fraction = labels(cpu, areas, egg, make_camera(96), (0, 0, 0), position)[0]["visible_fraction"]
    assert fraction == pytest.approx(0.5, abs=0.06)


def test_covered_face_counts_as_hidden(cpu, areas, egg, shapes, make_camera):
    """A mask before the lower face, unknown to the frontal reference of the bare head."""
    corners = [(-0.1, 0.02, -0.15), (0.1, 0.02, -0.15), (0.1, 0.15, -0.15), (-0.1, 0.15, -0.15)]
    mask = shapes.make_quad(corners, region=Region.HEADGEAR)
    camera = make_camera(96)
    bare = cpu.render(egg, np.eye(3), AT_1_M, camera, studio_lighting())
    masked = cpu.render(
        dataclasses.replace(egg, parts=(*egg.parts, mask)), np.eye(3), AT_1_M, camera, studio_lighting()
    )
    fraction = areas.visible_fraction(masked, egg, np.eye(3), AT_1_M, camera)
    masked_px, bare_px = (face_area_px(frame, egg, np.eye(3), AT_1_M, camera) for frame in (masked, bare))
    assert fraction == pytest.approx(masked_px / bare_px)
    assert 0.3 < fraction < 0.9


def test_skin_of_the_scalp_is_no_face(cpu, areas, egg, make_camera):
    """A bald head is all skin; its crown and its back are not counted."""
    bald = dataclasses.replace(egg.parts[0], triangle_region=np.full(len(egg.parts[0].triangles), 1, np.uint8))
    bald = dataclasses.replace(egg, parts=(bald,))
    camera = make_camera(96)
    fractions = [
        labels(cpu, areas, bald, camera, angles)[0]["visible_fraction"] for angles in ((0, 180, 0), (90, 0, 0))
    ]
    assert fractions[0] == 0
    assert fractions[1] < 0.4
    frame = cpu.render(bald, np.eye(3), AT_1_M, camera, studio_lighting())
    face_px = face_area_px(frame, bald, np.eye(3), AT_1_M, camera)
    assert 0.4 < face_px / (frame.alpha > 0).sum() < 0.95
