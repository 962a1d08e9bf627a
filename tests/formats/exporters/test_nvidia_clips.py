import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from synhead_tools.errors import ExportError
from synhead_tools.formats.datasets.nvidia_synhead_clips import HEADS
from synhead_tools.formats.exporters.nvidia_clips import assign_clips, head_names
from synhead_tools.geometry.pose_laws import uniform_rotations

ROTMATS = uniform_rotations(12, np.random.default_rng(0))


def _places(heads, tracks, frames, poses):
    clips, _ = assign_clips(np.array(heads, "S16"), np.array(tracks), np.array(frames), ROTMATS[poses])
    return [(clip.group_name, clip.head, clip.track_name, clip.rows.tolist(), clip.numbers.tolist()) for clip in clips]


def test_heads_keep_nvidias_names_and_others_get_what_is_free():
    assert head_names(["f02", "anna", "m05", "bert", "f02"]) == {
        "f02": "f02", "anna": "f01", "m05": "m05", "bert": "f03",
    }  # fmt: skip
    assert head_names(["x"] + list(HEADS[1:]))["x"] == "f01"
    with pytest.raises(ExportError, match="there are 11 heads; NVIDIA's layout has names for 10"):
        head_names([f"p{number}" for number in range(11)])


def test_hundreds_are_groups_and_heads_share_a_track():
    places = _places(["f01", "f01", "m01", "m01"], [3, 207, 3, 207], [5, 6, 5, 6], [0, 1, 0, 1])
    assert places == [
        ("BIWI", "f01", "03", [0], [5]), ("BIWI", "m01", "03", [2], [5]),
        ("kinect", "f01", "07", [1], [6]), ("kinect", "m01", "07", [3], [6]),
    ]  # fmt: skip


def test_frames_of_no_track_and_unheard_of_tracks_get_the_first_free_number():
    places = _places(["f01"] * 4, [-1, 0, 400, 2], [0] * 4, [0, 1, 2, 3])
    assert [(track, rows) for _, _, track, rows, _ in places] == [("00", [1]), ("01", [0]), ("02", [3]), ("03", [2])]


def test_heads_with_other_poses_get_a_track_of_their_own():
    places = _places(["f01", "f01", "m01", "m01"], [4] * 4, [0, 1, 0, 1], [0, 1, 0, 2])
    assert [(head, track) for _, head, track, _, _ in places] == [("m01", "00"), ("f01", "04")]


def test_frames_are_in_order_of_their_numbers_or_counted_where_these_are_not_unique():
    assert _places(["f01"] * 3, [0] * 3, [9, 2, 5], [0, 1, 2])[0][3:] == ([1, 2, 0], [2, 5, 9])
    assert _places(["f01"] * 3, [0] * 3, [9, 2, 9], [0, 1, 2])[0][3:] == ([0, 1, 2], [0, 1, 2])
    assert _places(["f01"] * 3, [0] * 3, [9, -2, 5], [0, 1, 2])[0][3:] == ([0, 1, 2], [0, 1, 2])


def test_more_tracks_than_places_are_refused():
    count = 401
    with pytest.raises(ExportError, match="there are 401 tracks .* has places for 400"):
        assign_clips(np.full(count, b"f01"), np.arange(count), np.zeros(count, int), np.tile(np.eye(3), (count, 1, 1)))


@settings(max_examples=100)
@example([("f01", 0, 0), ("f01", 1, 0), ("x", 1, 1)])
@given(st.lists(st.tuples(st.sampled_from(["f01", "x", "y"]), st.integers(-1, 3), st.integers(-1, 4)), min_size=1))
def test_every_sample_has_one_place_and_clips_of_a_track_agree(samples):
    heads, tracks, frames = (np.array(column) for column in zip(*samples, strict=True))
    rotmats = ROTMATS[(tracks + frames) % 12]
    clips, names = assign_clips(heads.astype("S16"), tracks, frames, rotmats)
    assert sorted(row for clip in clips for row in clip.rows.tolist()) == list(range(len(samples)))
    assert len({(clip.head, clip.track) for clip in clips}) == len(clips)
    for clip in clips:
        assert {names[head] for head in heads[clip.rows]} == {clip.head}
        assert len(set(tracks[clip.rows])) == 1
        assert (np.diff(clip.numbers) > 0).all()
        for other in clips:
            if other.track == clip.track:
                assert np.array_equal(rotmats[clip.rows], rotmats[other.rows])
                assert np.array_equal(clip.numbers, other.numbers)
