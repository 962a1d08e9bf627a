import numpy as np
import pytest

from synhead_tools.errors import TrainingError
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.projection import project_points
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.detections import Detections
from synhead_tools.learning.detection.rendered_scenes import RenderedScenes

MESH = load_face_mesh()
INTRINSICS = np.array([[500.0, 0, 80], [0, 500.0, 60], [0, 0, 1]])
PLACES_M = np.array([(0.0, 0.0, 1.0), (0.12, 0.05, 1.5), (-0.1, -0.05, 12.0), (0.1, -0.1, 2.0)])


class Scenes:
    """One scene of three faces, with room for one more, as a dataset gives it."""

    def __init__(self, **changes):
        rotmat = np.stack([rotmat_from_euler((5.0 * k, 20.0 * k, 0.0), "biwi+") for k in range(4)])
        px, depth_m = project_points(np.broadcast_to(MESH.mean_m, (4, 1024, 3)), rotmat, PLACES_M, INTRINSICS)
        mesh = np.concatenate([px, depth_m[..., None]], axis=-1)
        self.data = {
            "image": np.zeros((120, 160, 3), np.uint8),
            "intrinsics": INTRINSICS,
            "faces_count": np.uint8(3),
            "faces_rotmat": rotmat,
            "faces_box_xyxy": np.concatenate([px.min(axis=1), px.max(axis=1)], axis=1).astype("f4"),
            "faces_points5": mesh[:, MESH.points5].astype("f4"),
            "faces_points5_visibility": np.full((4, 5), 2, np.uint8),
            "faces_mesh": mesh.astype("f4"),
            "faces_shown_fraction": np.array([0.9, 0.1, 1.0, 1.0], "f4"),
        } | changes  # fmt: skip
        self.data = {name: value for name, value in self.data.items() if value is not None}

    columns = property(lambda self: tuple(self.data))

    def __len__(self):
        return 1

    def describe(self):
        return {"dataset": "scenes"}

    def read(self, name, rows):
        return np.stack([self.data[name] for _ in rows])


def test_a_scene_has_its_faces_and_no_empty_places():
    sample = RenderedScenes(Scenes())[0]
    assert len(sample) == 3
    assert sample.ignored.tolist() == [False, True, True]  # one is covered, one is far away and tiny
    assert sample.points5.shape == (3, 5, 2)
    assert sample.mesh.shape == (3, 1024, 3)
    np.testing.assert_allclose(sample.mesh[:, MESH.points5, :2], sample.points5, atol=1e-3)
    np.testing.assert_allclose(sample.mesh[:, MESH.points5[2], 2], 0, atol=1e-6)


def test_its_meshes_hold_the_rotations():
    sample = RenderedScenes(Scenes())[0]
    found = Detections(sample.boxes_xyxy, np.ones(3), sample.points5, sample.mesh.astype(float))
    assert geodesic_distance_deg(found.rotmat(sample.intrinsics), sample.rotmat).max() < 1.5


def test_meshes_and_rotations_are_left_out_where_there_are_none():
    bare = RenderedScenes(Scenes(faces_mesh=None, faces_rotmat=None, faces_shown_fraction=None))[0]
    assert bare.mesh is None
    assert bare.rotmat is None
    assert bare.ignored.tolist() == [False, False, True]
    assert RenderedScenes(Scenes(), with_mesh=False)[0].mesh is None


def test_what_is_kept_is_read_once():
    source = Scenes()
    kept, fresh = RenderedScenes(source, keep=True), RenderedScenes(source)
    before = kept[0]
    source.data["image"] = np.full((120, 160, 3), 7, np.uint8)
    assert kept[0] is before
    assert fresh[0].image.min() == 7
    assert kept.describe() == {"dataset": "scenes"}


def test_what_is_no_scene_is_refused():
    with pytest.raises(TrainingError, match="scenes has no column 'faces_count'.*--scenes"):
        RenderedScenes(Scenes(faces_count=None))
    with pytest.raises(TrainingError, match="scene 0: box"):
        RenderedScenes(Scenes(faces_box_xyxy=np.zeros((4, 4), "f4")))[0]
    with pytest.raises(IndexError):
        RenderedScenes(Scenes())[1]
