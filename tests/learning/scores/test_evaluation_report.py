from dataclasses import replace

import numpy as np
import pytest

from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.learning.scores.evaluation_report import EvaluationReport, mark_lines, score, score_table

# Yaw alone is wrong, by these; so the geodesic errors are known.
YAW_ERROR_DEG = np.array([1.0, -2.0, 3.0, 4.0, 20.0])


def _score(name="estimator"):
    true = np.tile([10.0, 5.0, 0.0], (5, 1))
    said = true + np.stack([0 * YAW_ERROR_DEG, YAW_ERROR_DEG, 0 * YAW_ERROR_DEG], 1)
    return score(name, *(rotmat_from_euler(of, "biwi+") for of in (said, true)), "biwi+")


def test_figures_of_errors_known_beforehand():
    found = _score()
    assert (found.pitch_mae_deg, found.roll_mae_deg) == pytest.approx((0, 0), abs=1e-9)
    assert (found.yaw_mae_deg, found.yaw_bias_deg) == pytest.approx((6, 5.2))
    assert found.mae_deg == pytest.approx(2)
    # turns about one axis by different yaws differ by the angle between the yaws
    sizes = np.abs(YAW_ERROR_DEG)
    assert found.geodesic_deg == pytest.approx(6)
    assert found.geodesic_median_deg == pytest.approx(3)
    assert found.geodesic_p95_deg == pytest.approx(np.sort(sizes)[3] + 0.8 * 16)  # four fifths between the last two
    # the y axis of the head leans by the error times sin(10 deg), nearly; x and z by almost all of it
    assert 2 / 3 * 6 < found.maev_deg < 6


def test_maev_of_a_turn_about_the_head_is_two_thirds_of_it():
    true = rotmat_from_euler([[10.0, 5.0, 7.0]], "biwi+")
    turn = rotmat_from_euler([[0.0, 12.0, 0.0]], "biwi+")
    found = score("", true @ turn, true, "biwi+")
    assert found.maev_deg == pytest.approx(8)
    assert found.geodesic_deg == found.geodesic_median_deg == found.geodesic_p95_deg == pytest.approx(12)


def test_tables_mark_what_knows_labels():
    plain = _score()
    yardstick = replace(plain, name="mean", uses_scored_labels=True)
    few = replace(plain, name="few", labelled_frames=5, draws=100, mae_sd_deg=0.25)
    head, *rows = score_table("predictor", (plain, yardstick, few))
    assert head.split()[-1] == "sd"
    assert [row.split("  ")[0] for row in rows] == ["estimator", "mean *", "few +"]
    assert rows[2].split()[-1] == "0.25"
    assert len(rows[0].split()) == 2 + 11
    assert [line[0] for line in mark_lines((plain, yardstick, few))] == ["*", "+"]
    assert mark_lines((plain,)) == []
    assert "sd" not in score_table("predictor", (plain,))[0].split()


def test_rotations_are_no_part_of_the_text():
    rotmat = np.eye(3)[None]
    report = EvaluationReport({"dataset": "x"}, (_score(),), (), {}, rotmat, rotmat)
    assert set(report.to_dict()) == {"protocol", "scores", "variants", "parts"}
    assert report == EvaluationReport({"dataset": "x"}, (_score(),), (), {})
