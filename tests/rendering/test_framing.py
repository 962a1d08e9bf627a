import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synhead_tools.errors import PlanError
from synhead_tools.geometry.boxes import FACE_BOX_SIDE_M, face_box_xyxy
from synhead_tools.geometry.pose_laws import uniform_rotations
from synhead_tools.geometry.projection import project_points
from synhead_tools.rendering.framing import CROPS, Framing
from synhead_tools.rendering.plan import RenderPlan

PLAIN = Framing(
    size_px=(200, 120), distance_m=1.2, picture_to_box=2.0, fov_deg=None, intrinsics=None, distance_jitter=0.0,
    offset_jitter=0.0, place="centre",
)  # fmt: skip


def framing(**options):
    return dataclasses.replace(PLAIN, **options)


@pytest.mark.parametrize("name", CROPS)
def test_crops_are_widths_over_the_face_box(name):
    camera = framing(picture_to_box=CROPS[name]).camera
    box = face_box_xyxy(np.eye(3), np.array([0, 0, 1.2]), camera.intrinsics)
    assert 200 / (box[2] - box[0]) == pytest.approx(CROPS[name])


def test_field_of_view():
    camera = framing(fov_deg=60.0).camera
    assert (camera.width_px, camera.height_px) == (200, 120)
    edge_m = np.array([[np.tan(np.radians(30)), 0, 1.0]])
    places_px, _ = project_points(edge_m, np.eye(3), np.zeros(3), camera.intrinsics)
    np.testing.assert_allclose(places_px[0], [200, 60])


def test_intrinsics_are_taken_as_they_are():
    matrix = framing(intrinsics=(150.0, 160.0, 90.0, 70.0)).camera.intrinsics
    np.testing.assert_array_equal(matrix, [[150, 0, 90], [0, 160, 70], [0, 0, 1]])


def test_without_jitter_the_head_is_on_the_axis():
    np.testing.assert_array_equal(PLAIN.translation_m(np.eye(3), 3), [0, 0, 1.2])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**63), st.sampled_from([(300, 310, 120, 40), (500, 450, 10, 100)]))
def test_anywhere_keeps_the_face_box_inside(seed, intrinsics):
    law = framing(place="anywhere", distance_jitter=0.2, intrinsics=intrinsics)
    rotmat = uniform_rotations(1, np.random.default_rng(seed))[0]
    translation_m = law.translation_m(rotmat, seed)
    assert 0.8 * 1.2 <= translation_m[2] <= 1.2 * 1.2
    left, top, right, bottom = face_box_xyxy(rotmat, translation_m, law.camera.intrinsics)
    for low, high, size in ((left, right, 200), (top, bottom, 120)):
        if high - low <= size:
            assert low >= -1e-6
            assert high <= size + 1e-6
        else:
            assert (low + high) / 2 == pytest.approx(size / 2)


def test_anywhere_is_everywhere():
    law = framing(place="anywhere", picture_to_box=5.0, size_px=(100, 100))
    boxes = np.array(
        [face_box_xyxy(np.eye(3), law.translation_m(np.eye(3), seed), law.camera.intrinsics) for seed in range(300)]
    )
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    assert centres.min() < 12
    assert centres.max() > 88
    assert np.abs(centres.mean(axis=0) - 50).max() < 5
    assert np.abs(np.corrcoef(centres.T)[0, 1]) < 0.15


def test_offsets_are_shares_of_the_width_at_any_principal_point():
    law = framing(offset_jitter=0.1, intrinsics=(300.0, 360.0, 80.0, 50.0))
    places = np.array([law.translation_m(np.eye(3), seed) for seed in range(100)])
    px = np.array([project_points(np.zeros((1, 3)), np.eye(3), t, law.camera.intrinsics)[0][0] for t in places])
    assert 18 < np.abs(px - [80, 50]).max() <= 20 + 1e-9


@pytest.mark.parametrize(
    "bad",
    [
        {"size_px": 4},
        {"size_px": (100, 5000)},
        {"size_px": 10.5},
        {"fov_deg": 0.5},
        {"fov_deg": float("nan")},
        {"fov_deg": 40.0, "intrinsics": (1, 1, 1, 1)},
        {"intrinsics": (1, 1, 1)},
        {"intrinsics": (-5, 1, 1, 1)},
        {"place": "left"},
        {"place": "anywhere", "offset_jitter": 0.1},
    ],
)
def test_refuses(bad):
    with pytest.raises(PlanError) as caught:
        framing(**bad)
    assert "\n" not in str(caught.value)


def test_the_box_is_a_square_of_the_constant():
    camera = framing(fov_deg=40.0).camera
    left, _, right, _ = face_box_xyxy(np.eye(3), np.array([0, 0, 2.0]), camera.intrinsics)
    assert right - left == pytest.approx(camera.intrinsics[0, 0] * FACE_BOX_SIDE_M / 2)


@pytest.mark.parametrize(("size_px", "level"), [(64, 0), (128, 0), (170, 0), (171, 1), (256, 1), (680, 1), (700, 2)])
def test_detail_follows_the_size_of_the_face(size_px, level):
    plan = RenderPlan(("f01",), np.eye(3)[None], size_px=size_px)
    assert plan.head_detail == plan.summary()["detail"] == level
    assert dataclasses.replace(plan, distance_m=2.0).head_detail == level  # the field of view follows
    assert dataclasses.replace(plan, detail=1).head_detail == 1


def test_bad_details_are_refused():
    for detail in ("fine", 3, -1, True, 1.5):
        with pytest.raises(PlanError, match="detail"):
            RenderPlan(("f01",), np.eye(3)[None], detail=detail)
