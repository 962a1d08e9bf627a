import numpy as np
import pytest

from synhead_tools.errors import ConventionError, UnknownNameError
from synhead_tools.geometry.pose_laws import POSE_LAWS
from synhead_tools.geometry.pose_laws.drawn import grid_poses, law_poses, poses_like
from synhead_tools.geometry.poses import Poses


@pytest.mark.parametrize("law", POSE_LAWS)
def test_every_law_draws_rotations_from_its_own_stream(law):
    poses = law_poses(law, 50, seed=4)
    assert len(poses) == 50
    assert np.allclose(poses.rotmats @ poses.rotmats.transpose(0, 2, 1), np.eye(3), atol=1e-12)
    assert (np.linalg.det(poses.rotmats) > 0).all()
    assert (law_poses(law, 50, seed=4).rotmats == poses.rotmats).all()
    assert not np.isclose(law_poses(law, 50, seed=5).rotmats, poses.rotmats).all(axis=(1, 2)).any()
    assert poses.sources[0].items() >= {"law": law, "poses": 50}.items()


def test_what_knows_of_true_labels_says_so():
    assert "target_poses" not in law_poses("uniform", 1, 0).sources[0]
    assert law_poses("biwi-like", 1, 0).sources[0]["target_poses"] == "BIWI: moments of ground truth"
    data = law_poses("uniform", 9, 0)
    assert "target_poses" not in poses_like(data, 1, 0).sources[0]
    known = Poses(data.rotmats, sources=({"target_poses": "X: ground truth"},))
    assert poses_like(known, 1, 0).sources[0]["target_poses"] == "law fitted to X: ground truth"


def test_the_record_of_a_grid_counts_what_differs():
    record = grid_poses("0", "-180:180:90", "0", "synhead").sources[0]
    assert record == {
        "kind": "grid", "pitch": "0", "yaw": "-180:180:90", "roll": "0", "convention": "synhead", "poses": 5,
        "distinct": 4,
    }  # fmt: skip


@pytest.mark.parametrize("count", [0, -3, 1_000_001, 10**15])
def test_absurd_counts_are_refused_before_memory_is_taken(count):
    data = law_poses("uniform", 5, 0)
    for draw in (lambda: law_poses("uniform", count, 0), lambda: poses_like(data, count, 0)):
        with pytest.raises(ConventionError, match="no poses" if count < 1 else f"has {count} poses, more than 1000000"):
            draw()


def test_an_unknown_law_is_named():
    with pytest.raises(UnknownNameError, match="unknown pose law 'flat'; known: uniform, biwi-like"):
        law_poses("flat", 3, 0)
