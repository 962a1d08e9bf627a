import numpy as np
import pytest

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.poses import POSES_LIMIT, Poses, join_poses


def _poses(tracks, name):
    return Poses(np.tile(np.eye(3), (len(tracks), 1, 1)), np.array(tracks), sources=({"name": name},))


def test_poses_of_no_track_are_counted():
    poses = Poses(np.tile(np.eye(3), (3, 1, 1)))
    assert poses.track_id.tolist() == [-1, -1, -1]
    assert poses.frame_id.tolist() == [0, 1, 2]


def test_tracks_of_different_sources_stay_different():
    joined = join_poses([_poses([-1, -1], "grid"), _poses([0, 0, 4], "a"), _poses([4, -1, 5], "b"), _poses([7], "c")])
    assert joined.track_id.tolist() == [-1, -1, 0, 0, 4, 104, -1, 105, 7]
    assert joined.frame_id.tolist() == [0, 1, 0, 1, 2, 0, 1, 2, 0]
    assert joined.sources == ({"name": "grid"}, {"name": "a"}, {"name": "b", "track_id_added": 100}, {"name": "c"})


def test_ids_are_moved_on_past_all_that_were_taken():
    joined = join_poses([_poses([3, 250], "a"), _poses([3], "b"), _poses([3], "c")])
    assert joined.track_id.tolist() == [3, 250, 303, 403]


def test_too_many_are_refused_before_they_are_joined():
    half = np.broadcast_to(np.eye(3), (POSES_LIMIT // 2 + 1, 3, 3))
    with pytest.raises(ConventionError, match="the plan has 1000002 poses, more than 1000000"):
        join_poses([Poses(half), Poses(half)])
    with pytest.raises(ConventionError, match="no poses"):
        join_poses([])
