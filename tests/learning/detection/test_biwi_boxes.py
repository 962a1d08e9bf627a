import numpy as np
import pytest

from synhead_tools.geometry.boxes import box_iou, face_box_xyxy
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.projection import project_points
from synhead_tools.geometry.relative_depth import with_relative_depth
from synhead_tools.heads.face_mesh import face_mesh_of, load_face_mesh
from synhead_tools.heads.library import load_head
from synhead_tools.learning.detection.biwi_boxes import biwi_boxes
from synhead_tools.learning.detection.detections import Detections, no_detections

MESH = load_face_mesh()
INTRINSICS = np.array([[600.0, 0, 320], [0, 600.0, 240], [0, 0, 1]])


def found_of(name, angles_deg, place_m):
    rotmat, place_m = rotmat_from_euler(angles_deg, "biwi+"), np.array(place_m)
    points, depth_m = project_points(face_mesh_of(load_head(name)), rotmat, place_m, INTRINSICS)
    mesh = with_relative_depth(np.concatenate([points, depth_m[:, None]], axis=1), INTRINSICS, MESH.points5[2])[None]
    box = np.concatenate([points.min(axis=0), points.max(axis=0)])[None]
    return Detections(box, np.ones(1), mesh[:, MESH.points5, :2], mesh), face_box_xyxy(rotmat, place_m, INTRINSICS)


@pytest.mark.parametrize("angles_deg", [(0.0, 0.0, 0.0), (20.0, 50.0, 0.0), (-25.0, -70.0, 20.0)])
@pytest.mark.parametrize("name", ["f01", "m01"])
def test_they_are_those_of_rendered_heads(name, angles_deg):
    found, expected = found_of(name, angles_deg, (0.1, -0.05, 1.1))
    box = biwi_boxes(found)[0]
    assert box[2] - box[0] == pytest.approx(box[3] - box[1])
    assert box_iou(box, expected) > 0.88


def test_without_a_mesh_they_are_near_for_faces_that_look_ahead():
    found, expected = found_of("f01", (0.0, 10.0, 0.0), (0.0, 0.0, 1.0))
    bare = Detections(found.boxes_xyxy, found.scores, found.points5)
    assert box_iou(biwi_boxes(bare)[0], expected) > 0.85


def test_a_mesh_that_is_a_dot_counts_as_none():
    found, _ = found_of("f01", (0.0, 10.0, 0.0), (0.0, 0.0, 1.0))
    both = Detections(*(np.concatenate([part, part]) for part in (found.boxes_xyxy, found.scores, found.points5)),
                      np.concatenate([found.mesh, 0 * found.mesh + 300]))  # fmt: skip
    bare = Detections(found.boxes_xyxy, found.scores, found.points5)
    np.testing.assert_allclose(biwi_boxes(both), [biwi_boxes(found)[0], biwi_boxes(bare)[0]])


def test_no_faces_no_boxes():
    assert biwi_boxes(no_detections(1024)).shape == (0, 4)
