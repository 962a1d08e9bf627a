from dataclasses import replace

import numpy as np
import pytest

from synhead_tools.errors import HeadError, ShardError
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.heads.library import load_head
from synhead_tools.rendering.sample_mesh import sample_mesh

ROWS = (0, 5, 11)


def test_landmarks_of_the_mesh_are_those_stored(labelled):
    """They are vertices of it: with the frame's expression, pose and camera they fall where the landmarks do."""
    mesh = load_face_mesh()
    for row in ROWS:
        vertices = sample_mesh(labelled, row)
        assert vertices.camera_m.shape == vertices.image.shape == (1024, 3)
        for name, numbers in (("landmarks68", mesh.landmarks68), ("points5", mesh.points5)):
            stored = labelled.read(name, [row])[0]
            np.testing.assert_allclose(vertices.image[numbers], stored, rtol=0, atol=2e-5)
        np.testing.assert_array_equal(vertices.camera_m[:, 2], vertices.image[:, 2])


def test_pixels_follow_from_the_camera_frame(labelled):
    (fx, _, cx), (_, fy, cy), _ = labelled.read("intrinsics", [5])[0]
    vertices = sample_mesh(labelled, 5)
    x, y, z = vertices.camera_m.T
    np.testing.assert_allclose(vertices.image[:, 0], fx * x / z + cx)
    np.testing.assert_allclose(vertices.image[:, 1], fy * y / z + cy)


def test_the_tight_face_box_is_around_it(labelled):
    boxes = labelled.read("tight_face_box_xyxy", list(ROWS))
    for row, box in zip(ROWS, boxes, strict=True):
        places = sample_mesh(labelled, row).image[:, :2]
        np.testing.assert_allclose(box, [*places.min(axis=0), *places.max(axis=0)], atol=2e-5)


def test_the_expression_is_the_samples(labelled):
    """Without it the mouth would be elsewhere in some sample: the test above can fail."""
    mesh, moved = load_face_mesh(), []
    for row in range(12):
        coefficients = labelled.read("expression_coefficients", [row])[0]
        still = load_head(labelled.read("head_id", [row])[0].decode()).face_mesh_m
        rotmat, translation = (labelled.read(name, [row])[0] for name in ("rotmat", "translation_m"))
        gap_m = np.linalg.norm(sample_mesh(labelled, row).camera_m - (still @ rotmat.T + translation), axis=1)
        moved.append(gap_m[mesh.landmarks68].max())
        assert (moved[-1] > 1e-6) == bool(coefficients.any())
    assert max(moved) > 2e-3


def test_heads_may_be_given(labelled):
    name = labelled.read("head_id", [0])[0].decode()
    vertices = sample_mesh(labelled, 0, {name: load_head(name)})
    np.testing.assert_array_equal(vertices.image, sample_mesh(labelled, 0).image)
    with pytest.raises(HeadError, match="no face mesh"):
        sample_mesh(labelled, 0, {name: replace(load_head(name), face_mesh_m=None)})


def test_a_column_that_is_missing_is_named(labelled):
    class Bare:
        columns = ("image", "rotmat")

    with pytest.raises(ShardError, match="head_id"):
        sample_mesh(Bare(), 0)
