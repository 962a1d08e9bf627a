import hashlib

import numpy as np
import pytest

from synhead_tools.errors import ConventionError, LabelFormatError, SynheadError
from synhead_tools.formats.label_poses import parse_numbers, read_label_poses
from synhead_tools.formats.manifest import Manifest, ShardEntry, write_manifest
from synhead_tools.formats.shards import write_shard
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.pose_laws import uniform_rotations

FRAMES = [(1, 3), (1, 4), (3, 3), (4, 7), (4, 8), (24, 1)]
PYR = np.array([[-8.0, -3, 2], [-7, -2, 1], [10, 20, 30], [0, 89.9999, 5], [0, -90, 5], [40, 0, -60.0]])


@pytest.fixture
def biwi_plus(tmp_path):
    path = tmp_path / "Biwi_plus.npz"
    names = np.array([f"{sequence:02d}/frame_{frame:05d}_rgb.png" for sequence, frame in FRAMES])
    np.savez(path, images=names, pyr=PYR, bbox=np.tile([100, 100, 80, 80], (len(FRAMES), 1)))
    return path


def _own(folder, **extra):
    """A dataset of ours: two heads at the same three poses."""
    rotmats = np.tile(uniform_rotations(3, np.random.default_rng(0)), (2, 1, 1))
    columns = {
        "rotmat": rotmats,
        "head_id": np.repeat(np.array([b"f01", b"m01"], "S16"), 3),
        "track_id": np.tile(np.array([-1, 5, 5], "i4"), 2),
        "frame_id": np.tile(np.array([0, 0, 1], "i4"), 2),
    }
    (folder / "shards").mkdir(parents=True)
    digest = write_shard(folder / "shards" / "00000.h5", columns, {"kind": "SynHead", "convention": "synhead"})
    write_manifest(folder, Manifest("SynHead", "synhead", (ShardEntry("shards/00000.h5", 6, digest),), **extra))
    return folder, rotmats[:3]


def test_biwis_sequences_become_tracks_and_its_frames_frames(biwi_plus):
    poses = read_label_poses(biwi_plus)
    assert list(zip(poses.track_id.tolist(), poses.frame_id.tolist(), strict=True)) == FRAMES
    assert np.array_equal(poses.rotmats, rotmat_from_euler(PYR, "biwi+"))
    (source,) = poses.sources
    assert source["file"] == "Biwi_plus.npz"
    assert source["sha256"] == hashlib.sha256(biwi_plus.read_bytes()).hexdigest()
    assert source["target_poses"] == "BIWI: ground truth"
    assert str(biwi_plus.parent) not in str(source)


@pytest.mark.parametrize(
    ("sequences", "expected"),
    [("1", [1, 1]), ("3-4", [3, 4, 4]), ("24,1-1", [1, 1, 24]), ("1-24", [1, 1, 3, 4, 4, 24])],
)
def test_sequences_are_chosen_in_the_files_order(biwi_plus, sequences, expected):
    poses = read_label_poses(biwi_plus, sequences)
    assert poses.track_id.tolist() == expected
    assert poses.sources[0]["sequences"] == sequences
    assert poses.sources[0]["poses"] == len(expected)


@pytest.mark.parametrize("sequences", ["2", "1,5-23", "25"])
def test_a_sequence_that_is_not_there_is_named(biwi_plus, sequences):
    with pytest.raises(LabelFormatError, match=r"has no sequence (2|5-23|25); it has 1, 3-4, 24"):
        read_label_poses(biwi_plus, sequences)


@pytest.mark.parametrize("text", ["", "a", "1-", "3-1", "1;2", "1,,2", "-1", "1-99999999999", "1 2", "1," * 1001 + "1"])
def test_lists_of_numbers_that_are_none_are_refused(text):
    with pytest.raises(LabelFormatError, match="as in 1,3-5") as error:
        parse_numbers(text)
    assert len(str(error.value)) < 200


def test_lists_of_numbers():
    assert parse_numbers("1, 3-5 ,7 - 7") == [(1, 1), (3, 5), (7, 7)]


def test_the_heads_of_a_dataset_share_its_poses(tmp_path):
    folder, rotmats = _own(tmp_path / "synhead")
    poses = read_label_poses(folder)
    assert np.array_equal(poses.rotmats, rotmats)
    assert poses.track_id.tolist() == [-1, 5, 5]
    assert poses.frame_id.tolist() == [0, 0, 1]
    (source,) = poses.sources
    assert (source["rows"], source["poses"]) == (6, 3)
    assert source["manifest_sha256"] == hashlib.sha256((folder / "dataset.json").read_bytes()).hexdigest()
    assert "target_poses" not in source
    assert read_label_poses(folder, "5").frame_id.tolist() == [0, 1]


@pytest.mark.parametrize(("said", "told"), [("BIWI: ground truth", "BIWI: ground truth"), (None, "not recorded")])
def test_a_dataset_that_used_target_labels_hands_it_on(tmp_path, said, told):
    folder, _ = _own(tmp_path / "synhead", target_labels_used=True, target_poses=said)
    assert read_label_poses(folder).sources[0]["target_poses"] == told


def test_a_csv_needs_its_convention_and_others_do_not_mind_it(tmp_path, biwi_plus):
    path = tmp_path / "labels.csv"
    path.write_text("name,pitch,yaw,roll\na,10,20,30\nb,-90,180,0\n")
    with pytest.raises(LabelFormatError, match="does not say their convention"):
        read_label_poses(path)
    poses = read_label_poses(path, convention="hopenet")
    assert np.allclose(poses.rotmats, rotmat_from_euler(np.array([[20, 10, 30], [180, -90, 0.0]]), "hopenet"))
    assert poses.track_id.tolist() == [-1, -1]
    assert poses.frame_id.tolist() == [0, 1]
    assert len(read_label_poses(biwi_plus, convention="hopenet")) == 6
    with pytest.raises(LabelFormatError, match="knows no sequences"):
        read_label_poses(path, "1", "hopenet")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        ("pitch,yaw,roll\n", "no rows"),
        ("pitch,yaw,roll\n1,2,3\n1,nan,3\n", "row 3"),
        ("pitch,yaw\n1,2\n", ""),
        ("a,b,c,d\n1,2,3,4\n", ""),
    ],
)
def test_bad_label_files_are_named_in_one_line(tmp_path, text, word):
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(SynheadError, match=r"bad\.csv") as error:
        read_label_poses(tmp_path / "bad.csv", convention="biwi+")
    assert word in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_no_rotation_is_named(tmp_path):
    matrices = np.tile(np.eye(3), (4, 1, 1))
    matrices[2, 0, 0] = -1
    np.savez(tmp_path / "mirror.npz", rotmat=matrices)
    with pytest.raises(SynheadError, match=r"mirror\.npz.*\b2\b"):
        read_label_poses(tmp_path / "mirror.npz")


def test_a_missing_file_and_a_folder_of_nothing(tmp_path):
    for path in (tmp_path / "no.npz", tmp_path):
        with pytest.raises(LabelFormatError, match=path.name):
            read_label_poses(path)


def test_more_samples_than_can_be_drawn_are_refused_or_thinned(biwi_plus, monkeypatch):
    for module in ("geometry.poses", "formats.label_poses"):
        monkeypatch.setattr(f"synhead_tools.{module}.POSES_LIMIT", 3)
    with pytest.raises(ConventionError, match=r"Biwi_plus\.npz has 6 poses, more than 3; choose some with --sequences"):
        read_label_poses(biwi_plus)
    assert read_label_poses(biwi_plus, thin=True).frame_id.tolist() == [3, 3, 1]


@pytest.mark.real
def test_the_24_tracks_of_biwi(real_data):
    poses = read_label_poses(real_data / "biwi_plus" / "Biwi_plus.npz")
    assert len(poses) == 15678
    assert sorted(set(poses.track_id.tolist())) == list(range(1, 25))
    assert (
        len(read_label_poses(real_data / "biwi_plus" / "Biwi_plus.npz", "1,3-5"))
        == np.isin(poses.track_id, [1, 3, 4, 5]).sum()
    )


@pytest.mark.real
def test_the_pose_files_of_biwis_folder(real_data):
    poses = read_label_poses(real_data / "biwi_sample")
    assert set(poses.track_id.tolist()) == {1}
    assert "rotmats_sha256" in poses.sources[0]
