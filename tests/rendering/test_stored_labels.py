"""Each stored column recomputed from the others, with formulas written here."""

import numpy as np
import pytest

from synhead_tools.formats.sample import COLUMNS, HIDDEN, OUTSIDE, VISIBLE
from synhead_tools.geometry.boxes import FACE_BOX_CENTRE_M, FACE_BOX_SIDE_M
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.expressions import express
from synhead_tools.heads.library import load_head
from synhead_tools.heads.regions import BODY_REGIONS, FACE_REGIONS, Region
from synhead_tools.rendering.backend import NEAR_M
from synhead_tools.rendering.scene import studio_lighting
from synhead_tools.rendering.visibility import THIN_REACH_M, VISIBILITY_TOLERANCE_M

ROWS = 12
POINTS = ("points5", "landmarks68")


@pytest.fixture(scope="module")
def stored(labelled):
    return {name: labelled.read(name) for name in labelled.columns}


def heads_of(stored, detail=1):
    return [load_head(name.decode(), detail) for name in stored["head_id"]]


def pinhole(stored, row, points_m):
    """x, y in px, z in m of points of the head frame."""
    camera_m = points_m @ stored["rotmat"][row].T + stored["translation_m"][row]
    places = camera_m @ stored["intrinsics"][row].T
    return np.column_stack([places[:, :2] / places[:, 2:], camera_m[:, 2]])


def test_the_samples_are_as_varied_as_the_tests_need(stored):
    assert len(stored["image"]) == ROWS
    assert set(COLUMNS) >= set(stored)
    codes = stored["landmarks68_visibility"]
    assert all((codes == code).sum() > 20 for code in (OUTSIDE, HIDDEN, VISIBLE))
    centres = stored["translation_m"][:, :2] / stored["translation_m"][:, 2:]
    assert np.ptp(centres, axis=0).min() > 0.05
    assert (stored["expression_coefficients"] > 0).any(axis=1).sum() > 8
    assert stored["visible_fraction"].min() == 0
    assert stored["visible_fraction"].max() > 0.8


def test_quaternions_and_angles_are_the_rotation(stored):
    x, y, z, w = stored["quat_xyzw"].T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    np.testing.assert_allclose(np.moveaxis(np.array(rows), -1, 0), stored["rotmat"], atol=1e-12)
    np.testing.assert_allclose(rotmat_from_euler(stored["euler_deg"], "biwi+"), stored["rotmat"], atol=1e-12)


def test_points_follow_from_head_expression_pose_and_camera(stored):
    for row, head in enumerate(heads_of(stored)):
        shape = express(head, stored["expression_coefficients"][row])
        for name, points_m in (("points5", shape.points5_m), ("landmarks68", shape.landmarks68_m)):
            np.testing.assert_allclose(stored[name][row], pinhole(stored, row, points_m), rtol=0, atol=2e-5)
        places = pinhole(stored, row, shape.face_mesh_m)[:, :2]
        box = [*places.min(axis=0), *places.max(axis=0)]
        np.testing.assert_allclose(stored["tight_face_box_xyxy"][row], box, atol=2e-5)


def test_the_square_box_follows_from_the_pose(stored):
    for row, box in enumerate(stored["face_box_xyxy"]):
        x, y, _ = pinhole(stored, row, FACE_BOX_CENTRE_M[None])[0]
        half = FACE_BOX_SIDE_M / 2 * stored["intrinsics"][row, 0, 0] / stored["translation_m"][row, 2]
        np.testing.assert_allclose(box, [x - half, y - half, x + half, y + half], atol=1e-4)


def test_the_tight_box_holds_the_landmarks_and_lies_near_the_square_one(stored):
    for name in POINTS:
        places, boxes = stored[name][..., :2], stored["tight_face_box_xyxy"][:, None]
        assert ((places >= boxes[..., :2] - 1e-4) & (places <= boxes[..., 2:] + 1e-4)).all()
    tight, square = stored["tight_face_box_xyxy"], stored["face_box_xyxy"]
    sides = (tight[:, 2:] - tight[:, :2]) / (square[:, 2:] - square[:, :2])
    assert (sides > 0.3).all()
    assert (sides < 1.05).all()


def test_pictures_agree_about_what_is_covered(stored):
    """Depth wherever anything covers; a region where it covers more than half, none where less."""
    alpha, region, depth_m = (stored[name] for name in ("alpha", "region", "depth_m"))
    np.testing.assert_array_equal(alpha > 0, depth_m > 0)
    assert (region[alpha < 128] == 0).all()
    assert (region[alpha > 128] > 0).all()
    assert (stored["image"].max(axis=-1) <= alpha.astype(int) + 1).all()  # premultiplied
    assert depth_m[depth_m > 0].min() > stored["translation_m"][:, 2].min() - 0.2


def test_head_boxes_follow_from_the_masks(stored):
    """Around all regions of the head; where those end in faint outlines, at most three pixels more."""
    for row, box in enumerate(stored["head_box_xyxy"]):
        rows, columns = np.nonzero(~np.isin(stored["region"][row], (*BODY_REGIONS, Region.BACKGROUND)))
        inner = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        covered_rows, covered_columns = np.nonzero(stored["alpha"][row])
        outer = [covered_columns.min(), covered_rows.min(), covered_columns.max() + 1, covered_rows.max() + 1]
        assert (box[:2] <= inner[:2]).all()
        assert (box[2:] >= inner[2:]).all()
        assert (np.abs(box - inner) <= 3).all()
        assert (box[:2] >= outer[:2]).all()
        assert (box[2:] <= outer[2:]).all()


def around(point, picture):
    """The 2 x 2 values around a place."""
    left, top = np.floor(point[:2] - 0.5).astype(int)
    rows, columns = np.clip([top, top + 1], 0, 95), np.clip([left, left + 1], 0, 95)
    return picture[np.ix_(rows, columns)].astype(float)


def test_visibility_follows_from_points_and_depth(stored):
    """Exactly, but for points that a brow or a lash may stand before: there the surface behind it decides."""
    freed = 0
    for row in range(ROWS):
        for name in POINTS:
            for k, point in enumerate(stored[name][row].astype(float)):
                code = stored[f"{name}_visibility"][row, k]
                inside = (point[:2] >= 0).all() and (point[:2] < 96).all() and point[2] >= NEAR_M
                assert (code == OUTSIDE) == (not inside)
                if not inside:
                    continue
                depths = around(point, stored["depth_m"][row])
                seen_to = np.where(depths > 0, depths, np.inf).max()
                by_depth = VISIBLE if point[2] <= seen_to + VISIBILITY_TOLERANCE_M else HIDDEN
                if code != by_depth:
                    assert (code, by_depth) == (VISIBLE, HIDDEN)
                    assert point[2] <= seen_to + THIN_REACH_M
                    assert name == "points5" or 17 <= k <= 27 or 36 <= k <= 47, "neither brow nor eye"
                    freed += 1
    assert freed < 30


def test_visible_points_are_in_the_head_box(stored):
    for name in POINTS:
        seen = stored[f"{name}_visibility"] == VISIBLE
        places, boxes = stored[name][..., :2], stored["head_box_xyxy"][:, None]
        inside = ((places >= boxes[..., :2] - 1) & (places <= boxes[..., 2:] + 1)).all(axis=-1)
        assert inside[seen].all()


def face_pixels(region, depth_m, rotmat, translation_m, intrinsics, landmarks_m):
    """Pixels of face regions, unprojected: before the jaw's ends and below the hairline."""
    rows, columns = np.nonzero(np.isin(region, FACE_REGIONS))
    rays = np.linalg.solve(intrinsics, np.array([columns + 0.5, rows + 0.5, np.ones(len(rows))]))
    points_m = (rays * depth_m[rows, columns] - translation_m[:, None]).T @ rotmat
    hairline_m = 2 * landmarks_m[17:27, 1].mean() - landmarks_m[33, 1]
    return ((points_m[:, 2] <= landmarks_m[[0, 16], 2].max()) & (points_m[:, 1] >= hairline_m)).sum()


def test_visible_fraction_follows_from_regions_and_depth(stored, labelled_plan, cpu):
    camera = labelled_plan.camera()
    for row, head in enumerate(heads_of(stored, labelled_plan.head_detail)):
        pose = [stored[name][row] for name in ("rotmat", "translation_m", "intrinsics")]
        seen_px = face_pixels(stored["region"][row], stored["depth_m"][row], *pose, head.landmarks68_m)
        distance_m = pose[1][2]
        step_m = round(distance_m / 0.05) * 0.05
        frontal = (np.eye(3), np.array([0, 0, step_m]))
        frame = cpu.render(head, *frontal, camera, studio_lighting())
        front_px = face_pixels(frame.region, frame.depth_m, *frontal, camera.intrinsics, head.landmarks68_m)
        expected = seen_px / front_px * (distance_m / step_m) ** 2
        assert stored["visible_fraction"][row] == pytest.approx(expected, rel=1e-6)


def test_names_and_seeds_are_the_plans(stored, labelled_plan):
    assert stored["seed"].tolist() == [labelled_plan.sample_seed(row) for row in range(ROWS)]
    assert stored["head_id"].tolist() == [b"f02"] * 6 + [b"m03"] * 6
    drawn = (stored["expression_coefficients"] > 0).any(axis=1)
    assert stored["expression"].tolist() == [b"random" if row else b"neutral" for row in drawn]
