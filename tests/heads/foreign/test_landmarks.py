import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.landmarks import axes_of, check_landmarks, find_landmarks, five_of, mid_eye
from synhead_tools.heads.foreign.raw_mesh import RawMesh, RawPart
from synhead_tools.heads.foreign.recipe import LandmarkRule
from synhead_tools.heads.library import load_head

FIVE = np.array([[-0.03, 0, -0.01], [0.03, 0, -0.01], [0, 0.04, -0.04], [-0.025, 0.07, -0.01], [0.025, 0.07, -0.01]])
BOX = (np.full(3, -0.1), np.full(3, 0.1))


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_axes_follow_the_points_into_any_frame_and_its_mirror_image(seed, mirror):
    matrix = Rotation.random(random_state=seed).as_matrix() * ([[-1], [1], [1]] if mirror else 1)
    assert np.allclose(axes_of(FIVE @ matrix + [1, 2, 3]), matrix, atol=1e-9)


@pytest.mark.parametrize("name", ["f02", "m04"])
def test_the_mid_eye_of_a_bundled_head_is_its_origin(name):
    head = load_head(name)
    assert np.abs(mid_eye(head.points5_m, False, np.eye(3), 1.0)).max() < 0.002
    assert np.abs(mid_eye(five_of(head.landmarks68_m), True, np.eye(3), 1.0)).max() < 0.004
    # in centimetres, y up
    turned = np.diag([1.0, -1, -1])
    assert np.abs(mid_eye(head.points5_m @ turned * 100, False, turned, 0.01)).max() < 0.2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (FIVE[[1, 0, 2, 3, 4]], "left eye"),
        (FIVE[[0, 1, 2, 4, 3]], "corner"),
        (FIVE * [1, -1, 1], "above the eyes"),
        (FIVE * [1, 1, -1], "into the head"),
        (FIVE * 10, "apart"),
        (FIVE * 0, "apart"),
        (FIVE + [0, 0, 0.5], "on the mesh"),
    ],
)
def test_points_that_are_no_face_are_refused(change, said):
    check_landmarks(FIVE, BOX, "head.toml")
    with pytest.raises(HeadError, match="head.toml") as error:
        check_landmarks(change, BOX, "head.toml")
    assert said in str(error.value)


TRIANGLES = np.array([[0, 1, 2]])
ONE = RawMesh((RawPart("a", FIVE, TRIANGLES),), points=FIVE * 2)
TWO = RawMesh((RawPart("a", FIVE, TRIANGLES), RawPart("b", FIVE * 3, TRIANGLES)))


def test_vertices_are_counted_as_the_file_does(files):
    rule = LandmarkRule(vertices5=(4, 3, 2, 1, 0))
    assert np.array_equal(find_landmarks(rule, ONE, files, "t")[0], FIVE[::-1] * 2)
    of_b = LandmarkRule(vertices5=(0, 1, 2, 3, 4), part="b")
    assert np.array_equal(find_landmarks(of_b, TWO, files, "t")[0], FIVE * 3)


@pytest.mark.parametrize(
    ("rule", "mesh", "said"),
    [
        (LandmarkRule(vertices5=(0, 1, 2, 3, 5)), ONE, "0 to 4"),
        (LandmarkRule(vertices5=(0, 1, 2, 3, 4)), TWO, "landmarks.part"),
        (LandmarkRule(vertices5=(0, 1, 2, 3, 4), part="c"), TWO, "no part"),
        (LandmarkRule(file="gone.json"), ONE, "gone.json"),
    ],
)
def test_vertices_that_are_not_there(files, rule, mesh, said):
    with pytest.raises(HeadError) as error:
        find_landmarks(rule, mesh, files, "head.toml")
    assert said in str(error.value)


def test_points_from_a_json_file(files, tmp_path):
    (tmp_path / "l.json").write_text(json.dumps({"points5": FIVE.tolist(), "landmarks68": [[1, 2, 3]] * 68}))
    five, many = find_landmarks(LandmarkRule(file="l.json"), ONE, files, "t")
    assert np.array_equal(five, FIVE)
    assert many.shape == (68, 3)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "3", '{"points5": 3}', '{"points5": [[1,2,3]]}', "[" * 100000,
     '{"points5": [[1,2,NaN],[1,2,3],[1,2,3],[1,2,3],[1,2,3]]}', '{"points5": {"a": 1}}',
     '{"landmarks68": [[1,2],[3]]}'],
)  # fmt: skip
def test_a_bad_json_file_is_named(files, tmp_path, text):
    (tmp_path / "l.json").write_text(text)
    with pytest.raises(HeadError, match="l.json"):
        find_landmarks(LandmarkRule(file="l.json"), ONE, files, "t")
