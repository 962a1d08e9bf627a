import json

import numpy as np
import pytest

from synhead_tools.cli.plans import plan_from_options
from synhead_tools.cli.pose_options import PoseOptions
from synhead_tools.errors import SynheadError
from synhead_tools.formats.tracks import read_track
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.pose_laws import RotationDensity, biwi_like_rotations, uniform_rotations
from synhead_tools.geometry.pose_laws.streams import pose_rng


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "Biwi_plus.npz"
    names = np.array([f"{sequence:02d}/frame_{frame:05d}_rgb.png" for sequence in (1, 2) for frame in range(3, 8)])
    pyr = np.random.default_rng(0).normal(0, 20, (10, 3))
    np.savez(path, images=names, pyr=pyr, bbox=np.tile([100, 100, 80, 80], (10, 1)))
    return path, rotmat_from_euler(pyr, "biwi+")


def _plan(poses, seed=3, **settings):
    return plan_from_options("f01", poses, "synhead", seed, size_px=64, **settings)


def test_all_sources_in_one_run_in_their_order(labels, track_csv):
    path, rotmats = labels
    options = PoseOptions(("0,90", "-180:180:90", "0"), (track_csv,), (path,), 7, 6, path, 5)
    plan = _plan(options)
    grid = [[pitch, yaw, 0] for pitch in (0, 90) for yaw in (-180, -90, 0, 90, 180)]
    parts = np.split(plan.rotmats, np.cumsum([10, 3, 10, 7, 6]))
    assert np.allclose(parts[0], rotmat_from_euler(np.array(grid, float), "synhead"), atol=1e-15)
    assert np.array_equal(parts[1], read_track(track_csv, "synhead"))
    assert np.array_equal(parts[2], rotmats)
    assert np.array_equal(parts[3], uniform_rotations(7, pose_rng(3, "uniform")))
    assert np.array_equal(parts[4], biwi_like_rotations(6, pose_rng(3, "biwi-like")))
    assert np.array_equal(parts[5], RotationDensity(rotmats).draw(5, pose_rng(3, "like")))
    assert plan.track_id.tolist() == [-1] * 10 + [0] * 3 + [1] * 5 + [2] * 5 + [-1] * 18
    assert plan.frame_id[13:23].tolist() == [3, 4, 5, 6, 7] * 2


def test_what_a_law_draws_does_not_depend_on_the_others(track_csv):
    alone = _plan(PoseOptions(uniform=4)).rotmats
    assert np.array_equal(_plan(PoseOptions(tracks=(track_csv,), uniform=4, biwi_like=9)).rotmats[3:7], alone)
    assert np.array_equal(_plan(PoseOptions(uniform=9)).rotmats[:4], alone)
    assert not np.allclose(_plan(PoseOptions(uniform=4), seed=4).rotmats, alone)


def test_the_record_names_every_source_and_no_folder(labels, track_csv):
    path, _ = labels
    plan = _plan(PoseOptions(("0", "0", "0"), (track_csv,), (path,), 2, 1, path, 3, "2"))
    record = plan.poses_from
    assert [source["kind"] for source in record["sources"]] == ["grid", "track", "labels", "law", "law", "law"]
    assert [source["poses"] for source in record["sources"]] == [1, 3, 5, 2, 1, 3]
    assert sum(source["poses"] for source in record["sources"]) == len(plan.rotmats)
    text = json.dumps(record)
    assert str(path.parent) not in text
    assert str(track_csv.parent) not in text
    assert record["target_poses"] == (
        "BIWI: ground truth; BIWI: moments of ground truth; law fitted to BIWI: ground truth"
    )


def test_only_what_used_true_labels_says_so(track_csv):
    assert _plan(PoseOptions(("0", "0", "0"), (track_csv,), uniform=3)).poses_from["target_poses"] is None


def test_a_tracks_of_one_number_in_two_sources_stay_two(labels):
    path, _ = labels
    plan = _plan(PoseOptions(poses_from=(path, path), sequences="2"))
    assert sorted(set(plan.track_id.tolist())) == [2, 102]
    assert plan.poses_from["sources"][1]["track_id_added"] == 100


def test_a_million_poses_are_fine_and_one_more_is_refused():
    assert len(_plan(PoseOptions(uniform=1_000_000)).rotmats) == 1_000_000
    with pytest.raises(SynheadError, match="the plan has 1000001 poses, more than 1000000"):
        _plan(PoseOptions(("0", "0", "0"), uniform=1_000_000))


@pytest.mark.real
def test_the_24_tracks_of_biwi_and_a_law_like_them(real_data):
    path = real_data / "biwi_plus" / "Biwi_plus.npz"
    plan = _plan(PoseOptions(poses_from=(path,), like=path, count=20_000))
    assert len(plan.rotmats) == 35_678
    assert sorted(set(plan.track_id.tolist())) == [-1, *range(1, 25)]
