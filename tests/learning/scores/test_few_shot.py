import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.learning.scores.evaluation_report import score
from synhead_tools.learning.scores.few_shot import FEW_SHOT_COUNTS, few_shot_score, few_shot_scores

OFFSET = Rotation.from_euler("xyz", [4, -7, 3], degrees=True).as_matrix()


def _true(n=30, seed=0):
    return rotmat_from_euler(np.random.default_rng(seed).normal(0, (20, 30, 10), (n, 3)), "biwi+")


@pytest.mark.parametrize("n_labelled", FEW_SHOT_COUNTS)
def test_a_constant_offset_of_the_head_frame_is_removed_by_any_number_of_frames(n_labelled):
    true = _true()
    found = few_shot_score(true @ OFFSET, true, n_labelled)
    assert found.mae_deg == pytest.approx(0, abs=1e-6)
    assert found.mae_sd_deg == pytest.approx(0, abs=1e-6)
    assert (found.frames, found.labelled_frames, found.draws) == (30 - n_labelled, n_labelled, 100)
    assert not found.uses_scored_labels


def test_an_offset_in_the_camera_frame_is_another_thing():
    true = _true()
    assert few_shot_score(OFFSET @ true, true, 20).mae_deg > 1


def test_frames_that_show_the_rotation_are_not_scored():
    # two frames, each with an offset of its own: what one shows is wrong for the other by exactly their difference
    true = _true(2)
    turn = Rotation.from_euler("z", 10, degrees=True).as_matrix()
    found = few_shot_score(np.stack([true[0], true[1] @ turn]), true, 1)
    assert found.frames == 1
    assert found.geodesic_deg == pytest.approx(10)


def test_every_figure_is_the_mean_over_the_draws():
    true, rng = _true(), np.random.default_rng(1)
    predicted = true @ OFFSET @ Rotation.from_rotvec(rng.normal(0, 0.1, (30, 3))).as_matrix()
    by_hand = []
    for draw in range(7):
        chosen = np.random.default_rng([5, 3, draw]).choice(30, 3, replace=False)
        offset = Rotation.from_matrix(np.swapaxes(predicted[chosen], 1, 2) @ true[chosen]).mean().as_matrix()
        left = np.setdiff1d(np.arange(30), chosen)
        by_hand.append(score("", predicted[left] @ offset, true[left], "biwi+"))
    found = few_shot_score(predicted, true, 3, draws=7, seed=5)
    for name in ("mae_deg", "yaw_mae_deg", "roll_bias_deg", "geodesic_deg", "geodesic_p95_deg", "maev_deg"):
        assert getattr(found, name) == pytest.approx(np.mean([getattr(entry, name) for entry in by_hand]), abs=1e-6)
    assert found.mae_sd_deg == pytest.approx(np.std([entry.mae_deg for entry in by_hand]), abs=1e-6)
    assert found == few_shot_score(predicted, true, 3, draws=7, seed=5)
    assert found != few_shot_score(predicted, true, 3, draws=7, seed=6)


def test_more_labels_help_on_the_average():
    true, rng = _true(80), np.random.default_rng(2)
    predicted = true @ OFFSET @ Rotation.from_rotvec(rng.normal(0, 0.1, (80, 3))).as_matrix()
    errors = [entry.geodesic_deg for entry in few_shot_scores(predicted, true, "biwi+", None, 0)]
    assert errors == sorted(errors, reverse=True)


def test_each_group_gets_a_rotation_of_its_own():
    true, groups = _true(), np.arange(30) % 2
    offsets = np.where(groups[:, None, None] == 0, OFFSET, OFFSET.T)
    found = few_shot_score(true @ offsets, true, 1, groups=groups)
    assert found.mae_deg == pytest.approx(0, abs=1e-6)
    assert (found.frames, found.labelled_frames) == (28, 2)
    assert found.name == "estimator, calibrated on 1 labelled frame of each sequence"
    assert few_shot_score(true @ offsets, true, 1).mae_deg > 1


def test_counts_that_leave_nothing_to_score_are_left_out():
    assert few_shot_score(_true(5), _true(5), 5) is None
    assert [entry.labelled_frames for entry in few_shot_scores(_true(6), _true(6), "biwi+", None, 0)] == [1, 5]
