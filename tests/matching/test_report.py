import json

import numpy as np
import pytest
from PIL import Image

from synhead_tools.formats.open import open_any
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.pose_laws import biwi_like_rotations
from synhead_tools.matching.match_poses import match_poses
from synhead_tools.matching.report import HISTOGRAM_EDGES_DEG, match_report
from synhead_tools.matching.report_picture import write_match_picture


def _yaws(*yaw_deg):
    return rotmat_from_euler(np.array([[0.0, yaw, 0.0] for yaw in yaw_deg]), "biwi+")


@pytest.fixture
def small():
    """Source, heads and targets that differ in yaw alone: residuals are 0.55, 1.5, 3.1 and, for m01, 0.55, 30, 0."""
    heads = np.array([b"f01", b"f01", b"f01", b"m01", b"m01"])
    return _yaws(0.55, 31.5, 59.9, 0.55, 63), heads, _yaws(0, 33, 63)


def test_every_figure_of_a_case_that_can_be_done_by_hand(small):
    source, heads, target = small
    matches = match_poses(source, heads, target, max_residual_deg=10.0)
    report = match_report(matches, np.array([True, True, True, True, False]), 3, {"dataset": "hand"}, target, 5)
    assert np.allclose(matches.residual_deg, [0.55, 1.5, 3.1, 0.55, 0.0], atol=1e-9)
    assert (report["targets"], report["heads"], report["matches"], report["pictures"]) == (3, 2, 5, 4)
    assert report["residual_deg"]["50"] == 0.55
    assert report["residual_deg_per_head"]["f01"]["100"] == 3.1
    counts = np.array(report["residual_histogram"]["matches_per_head"]["f01"])
    assert [HISTOGRAM_EDGES_DEG[i] for i in np.flatnonzero(counts)] == [0.5, 1, 3]
    coverage = report["coverage"]
    assert coverage["per_head"]["f01"] == {"within_1_deg": 0.3333, "within_2_deg": 0.6667, "within_5_deg": 1.0}
    assert coverage["per_head"]["m01"] == {"within_1_deg": 0.6667, "within_2_deg": 0.6667, "within_5_deg": 0.6667}
    assert coverage["mean_over_heads"]["within_5_deg"] == 0.8333
    assert coverage["any_head"] == {"within_1_deg": 0.6667, "within_2_deg": 1.0, "within_5_deg": 1.0}
    by_yaw = {tuple(row["yaw_deg"]): row for row in coverage["mean_over_heads_by_yaw"]}
    assert by_yaw[(30, 45)] == {
        "yaw_deg": (30, 45), "targets": 1, "within_1_deg": 0.0, "within_2_deg": 0.5, "within_5_deg": 0.5
    }  # fmt: skip
    assert report["unmatched_targets"] == {
        "f01": {"targets": 0, "first_rows": []},
        "m01": {"targets": 1, "first_rows": [1]},
    }
    assert (report["distinct_source_frames"], report["source_frames"]) == (5, 5)
    json.dumps(report)


def test_a_report_of_no_matches_has_no_figures_but_says_so(small):
    source, heads, target = small
    matches = match_poses(source, heads, target + 0.0, max_residual_deg=0.0).take(slice(0, 0))
    report = match_report(matches, np.zeros(0, bool), 3, {}, target)
    assert report["residual_deg"]["50"] is None
    assert report["unmatched_targets"]["f01"]["targets"] == 3
    assert report["coverage"]["any_head"]["within_5_deg"] == 0
    json.dumps(report)


def _column_mass(picture, top, bottom, colour):
    """How many pixels of a colour each of the four columns of panels has between two heights, as shares."""
    pixels = np.asarray(picture.convert("RGB")).astype(int)
    height, width = pixels.shape[:2]
    hit = np.abs(pixels[int(top * height) : int(bottom * height)] - colour).max(axis=2) < 8
    return hit.reshape(hit.shape[0], 4, width // 4).sum(axis=(0, 2))


def test_the_picture_shows_source_target_and_result_one_below_the_other(tmp_path):
    rng = np.random.default_rng(0)
    source, target = biwi_like_rotations(400, rng), biwi_like_rotations(90, rng)
    matches = match_poses(source, rng.choice([b"f01", b"m01"], 400), target)
    write_match_picture(matches, source, target, tmp_path / "match.png")
    write_match_picture(matches, source, target, tmp_path / "again.png")
    assert (tmp_path / "match.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    picture = Image.open(tmp_path / "match.png")
    rows = {"source": (0.26, 0.5, (0x77, 0x77, 0x77)), "target": (0.5, 0.75, (0x44, 0x77, 0xAA)),
            "result": (0.75, 1.0, (0xCC, 0x66, 0x33))}  # fmt: skip
    for top, bottom, colour in rows.values():
        assert (_column_mass(picture, top, bottom, colour)[:3] > 500).all()


@pytest.mark.real
def test_real_targets_make_a_report_and_a_picture(real_data, tmp_path):
    target = open_any(real_data / "biwi_plus" / "Biwi_plus.npz").read("rotmat")
    source = biwi_like_rotations(2000, np.random.default_rng(0))
    matches = match_poses(source, np.repeat([b"f01", b"m01"], 1000), target)
    report = match_report(matches, np.ones(len(matches), bool), len(target), {}, target, len(source))
    assert sum(row["targets"] for row in report["coverage"]["mean_over_heads_by_yaw"]) == 15678
    assert report["coverage"]["mean_over_heads"]["within_5_deg"] > 0.9
    write_match_picture(matches, source, target, tmp_path / "match.png")
    assert Image.open(tmp_path / "match.png").size == (1400, 1100)
