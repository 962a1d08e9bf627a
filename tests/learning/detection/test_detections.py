import numpy as np
import pytest

from synhead_tools.errors import PictureError, TrainingError
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.projection import project_points
from synhead_tools.geometry.relative_depth import with_relative_depth
from synhead_tools.heads.face_mesh import face_mesh_of, load_face_mesh
from synhead_tools.heads.library import load_head
from synhead_tools.learning.detection.detections import Detections, no_detections, rotations_of_meshes
from synhead_tools.learning.detection.letterbox import FILL, Letterbox, check_input_size, letterbox

MESH = load_face_mesh()
INTRINSICS = np.array([[600.0, 0, 320], [0, 600.0, 240], [0, 0, 1]])


def detections(mesh):
    n = len(mesh)
    return Detections(np.zeros((n, 4)), np.ones(n), np.zeros((n, 5, 2)), mesh)


@pytest.mark.parametrize("place_m", [(0.0, 0.0, 1.2), (0.45, -0.25, 1.1)])
@pytest.mark.parametrize("angles_deg", [(0.0, 0.0, 0.0), (-20.0, 40.0, 10.0), (15.0, -70.0, -25.0)])
def test_the_mesh_of_a_head_gives_its_rotation(place_m, angles_deg):
    """Of another head than the mean one, in perspective: what is left is the difference of their shapes."""
    rotmat = rotmat_from_euler(angles_deg, "biwi+")
    points, depth_m = project_points(face_mesh_of(load_head("f01")), rotmat, np.array(place_m), INTRINSICS)
    mesh = with_relative_depth(np.concatenate([points, depth_m[:, None]], axis=1), INTRINSICS, MESH.points5[2])
    found = detections(mesh[None]).rotmat(INTRINSICS)
    assert geodesic_distance_deg(found, rotmat)[0] < 3


def test_the_rotation_of_the_turned_mean_face_is_exact():
    rotmat = rotmat_from_euler((12.0, -33.0, 5.0), "biwi+")
    found = rotations_of_meshes((MESH.mean_m @ rotmat.T * 900 + [10, 20, 3])[None])
    np.testing.assert_allclose(found[0], rotmat, atol=1e-7)


def test_landmarks_are_vertices_of_the_mesh_and_points_have_names():
    mesh = np.random.default_rng(0).normal(size=(2, 1024, 3))
    found = detections(mesh)
    assert np.array_equal(found.landmarks68, mesh[:, MESH.landmarks68])
    record = found.records()[1]
    assert list(record["points"]) == ["right_eye", "left_eye", "nose_tip", "mouth_right", "mouth_left"]
    assert record["landmarks68"][30] == mesh[1, MESH.landmarks68[30]].tolist()


def test_nothing_found_is_an_empty_answer_of_the_right_shapes():
    for vertices in (0, 1024):
        nothing = no_detections(vertices)
        assert len(nothing) == 0
        assert nothing.records() == []
        shape = None if vertices == 0 else (0, 3, 3)
        assert (nothing.rotmat() is None) if shape is None else nothing.rotmat(INTRINSICS).shape == shape


@pytest.mark.parametrize("size", [(50, 80), (80, 50), (64, 64), (333, 1), (7, 500)])
@pytest.mark.parametrize(("longest", "border"), [(None, 0.0), (160, 0.0), (160, 0.5), (None, 0.25), (33, 0.1)])
def test_coordinates_come_back_from_the_letterbox(size, longest, border):
    """A bright square in the picture lies in the input where its own coordinates say."""
    picture = np.zeros((*size, 3), np.uint8)
    rows, columns = (slice(side // 4, max(side // 4 + 1, side * 3 // 4)) for side in size)
    picture[rows, columns] = 255
    canvas, place = letterbox(picture, longest, border)
    assert canvas.shape[0] % 64 == canvas.shape[1] % 64 == 0
    if min(size) * place.scale < 12:
        return
    bright = (canvas > 200).all(axis=-1)
    y, x = (np.flatnonzero(bright.any(axis=axis)) for axis in (1, 0))
    box = place.boxes_to_picture(np.array([x[0], y[0], x[-1] + 1, y[-1] + 1]))
    expected = [columns.start, rows.start, columns.stop, rows.stop]
    np.testing.assert_allclose(box, expected, atol=1.2 / place.scale)
    assert (canvas[-1, -1] == FILL).all() or canvas.shape[0] == round(size[0] * place.scale)


def test_a_border_of_half_the_picture_makes_it_half_the_input():
    canvas, place = letterbox(np.full((100, 100, 3), 255, np.uint8), 128, 0.5)
    assert place == Letterbox(0.64, 32, 32)
    assert canvas.shape == (128, 128, 3)
    assert (canvas[32:96, 32:96] == 255).all()
    assert (canvas[:32] == FILL).all()
    mesh = place.to_picture(np.array([[32.0, 32.0, 6.4]]))
    np.testing.assert_allclose(mesh, [[0, 0, 10]])


@pytest.mark.parametrize("picture", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_what_is_no_picture_is_refused(picture):
    with pytest.raises(TrainingError, match="give .H, W, 3. of uint8"):
        letterbox(picture)


def test_an_endless_input_is_refused():
    for size, options in (((10, 20000), {}), ((5800, 5900), {}), ((10, 10), {"longest_px": 6000})):
        with pytest.raises(PictureError, match="larger than 16384 px on a side or 32 million px"):
            letterbox(np.zeros((*size, 3), np.uint8), **options)
        with pytest.raises(PictureError, match="scale the picture"):
            check_input_size(*size, **options)
    check_input_size(5700, 5700)


@pytest.mark.parametrize("of_mean", [0.0, np.nan, np.inf, np.array([1.0, 1, -1]), np.array([1.0, 0, 0]), 1e-30])
def test_what_is_no_face_gets_some_rotation(of_mean):
    """Zeros, nothing known, turned inside out, a line, a dot: detectors find things that are none, and go on."""
    mesh = (load_face_mesh().mean_m * of_mean)[None]
    rotmat = rotations_of_meshes(mesh)
    np.testing.assert_allclose(rotmat @ np.swapaxes(rotmat, 1, 2), np.eye(3)[None], atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(rotmat), 1.0)


def test_a_mesh_does_not_change_what_another_one_says():
    mean_m = load_face_mesh().mean_m
    alone = rotations_of_meshes(mean_m[None])
    np.testing.assert_allclose(alone[0], np.eye(3), atol=1e-9)
    np.testing.assert_array_equal(rotations_of_meshes(np.stack([mean_m, -mean_m, mean_m * 0]))[:1], alone)
