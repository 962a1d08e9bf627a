"""Compiled loops against their twins in NumPy, to the last bit."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synhead_tools.geometry.boxes import tight_box_xyxy
from synhead_tools.heads.head_pixels import head_pixels
from synhead_tools.heads.library import load_head
from synhead_tools.heads.pose_neck import bend_neck
from synhead_tools.rendering.annotate import FaceAreas, annotate, head_box_xyxy
from synhead_tools.rendering.compiled_labels import label_kernels, neck_mover
from synhead_tools.rendering.scene import Camera, studio_lighting

pytest.importorskip("numba", reason="without numba there are no compiled loops")

AT = np.array([0.03, -0.02, 0.9])
CAMERA = Camera(72, 56, [[180, 3.0, 30], [0, 170, 31], [0, 0, 1]])


@pytest.fixture
def no_numba(monkeypatch):
    """As on a machine where numba is not installed."""

    def remove():
        for name in ("label_kernels", "compiled"):
            monkeypatch.delitem(sys.modules, f"synhead_tools.rendering.cpu.{name}", raising=False)
        monkeypatch.setitem(sys.modules, "numba", None)
        label_kernels.cache_clear()

    yield remove
    monkeypatch.undo()
    label_kernels.cache_clear()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 14), st.integers(1, 14), st.sampled_from([0, 0.02, 0.3]))
def test_head_boxes(seed, height, width, share):
    """Random pictures; kinds of pixels that are rare in rendered ones."""
    rng = np.random.default_rng(seed)
    region = rng.choice(np.array([0, 1, 2, 12, 13], np.uint8), (height, width), p=[1 - 4 * share / 2] + [share / 2] * 4)
    alpha = np.where(region > 0, 255, rng.choice(np.array([0, 60], np.uint8), region.shape)).astype(np.uint8)
    alpha[rng.random(region.shape) < 0.05] = rng.choice([0, 255])
    for picture in (alpha, np.full_like(alpha, 255)):
        expected = tight_box_xyxy(head_pixels(picture, region))
        np.testing.assert_array_equal(head_box_xyxy(picture, region), expected)


def labels_of(cpu, head, rotmat):
    frame = cpu.render(bend_neck(head, rotmat), rotmat, AT, CAMERA, studio_lighting())
    return frame, annotate(head, rotmat, AT, CAMERA, frame, FaceAreas(cpu))


def test_labels_are_the_same_without_numba(cpu, no_numba):
    head, turns = load_head("m03"), [(0, 0, 0), (20, 60, -10), (-35, -30, 40), (0, 175, 0)]
    rotmats = Rotation.from_euler("yxz", turns, degrees=True).as_matrix()
    areas = FaceAreas(cpu)
    with_numba = [labels_of(cpu, head, rotmat) for rotmat in rotmats]
    for rotmat, (frame, _) in zip(rotmats, with_numba, strict=True):
        areas.visible_fraction(frame, head, rotmat, AT, CAMERA)  # draws the reference, which needs numba
    assert label_kernels() is not None
    no_numba()
    assert label_kernels() is None
    for rotmat, (frame, labels) in zip(rotmats, with_numba, strict=True):
        again = annotate(head, rotmat, AT, CAMERA, frame, areas)
        assert set(again) == set(labels)
        for name, value in labels.items():
            assert np.asarray(again[name]).tobytes() == np.asarray(value).tobytes(), name


def test_necks_bend_the_same_without_numba(no_numba):
    head, rotmat = load_head("f01"), Rotation.from_euler("yxz", [55, -20, 15], degrees=True).as_matrix()
    compiled = bend_neck(head, rotmat, 0.2, neck_mover())
    for part in compiled.parts:
        assert part.vertices_m.shape == part.normals.shape  # which are bent when they are asked for
    no_numba()
    for one, other, rest in zip(
        bend_neck(head, rotmat, 0.2, neck_mover()).parts, compiled.parts, head.parts, strict=True
    ):
        assert one.vertices_m.tobytes() == other.vertices_m.tobytes()
        assert one.normals.tobytes() == other.normals.tobytes()
        assert (one is rest) == (other is rest)


def test_boxes_of_points_too_near_are_empty(shapes):
    from synhead_tools.rendering.annotate import tight_face_boxes_xyxy

    head = load_head("m03")
    poses = np.tile(np.eye(3), (3, 1, 1)), np.array([[0, 0, 1.0], [0, 0, 0.05], [0, 0, -1.0]])
    near, inside, behind = tight_face_boxes_xyxy(head, *poses, np.tile(CAMERA.intrinsics, (3, 1, 1)))
    assert (near[2:] > near[:2]).all()
    assert np.isfinite(inside).all()
    np.testing.assert_array_equal(behind, 0)


def test_bent_heads_keep_their_vertices_while_anybody_has_them():
    """Arrays are used again only when nobody refers to them: not the head, not a part, not a view of its vertices."""
    head, mover = load_head("f01"), neck_mover()
    rotmats = Rotation.from_euler("yxz", [(20 * k - 70, 5 * k, 0) for k in range(8)], degrees=True).as_matrix()
    expected = [bend_neck(head, rotmat, 0.2).part("skin").vertices_m for rotmat in rotmats]
    kept = []
    for rotmat in rotmats:
        bent = bend_neck(head, rotmat, 0.2, mover)
        kept.append(
            (bent, bent.part("skin"), bent.part("skin").vertices_m, bent.part("skin").vertices_m[100:])[len(kept) % 4]
        )
        del bent
    for k, (one, vertices_m) in enumerate(zip(kept, expected, strict=True)):
        now = (lambda h: h.part("skin").vertices_m, lambda p: p.vertices_m, lambda v: v, lambda v: v.base)[k % 4](one)
        np.testing.assert_array_equal(now, vertices_m)
    del kept, one, now
    before = {id(bend_neck(head, rotmat, 0.2, mover).part("skin").vertices_m) for rotmat in rotmats}
    assert len(before) <= 2
