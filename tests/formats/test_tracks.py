import hashlib

import numpy as np
import pytest

from synhead_tools.errors import ConventionError, LabelFormatError, UnknownNameError
from synhead_tools.formats.tracks import read_track, read_track_deg, read_tracks
from synhead_tools.geometry.euler import rotmat_from_euler


def test_headerless_and_headed_tracks_agree(tmp_path):
    (tmp_path / "00.csv").write_text("10,20,30\n-5,0.5,7\n")
    (tmp_path / "01.csv").write_text("yaw,roll,frame,pitch\n20,30,0,10\n0.5,7,1,-5\n")
    expected = [[10, 20, 30], [-5, 0.5, 7]]
    assert read_track_deg(tmp_path / "00.csv").tolist() == expected
    assert read_track_deg(tmp_path / "01.csv").tolist() == expected


@pytest.mark.parametrize("convention", ["biwi+", "synhead", "hopenet", "300w-lp"])
def test_rotations_follow_the_convention_by_name_of_the_angle(tmp_path, convention):
    (tmp_path / "00.csv").write_text("10,20,30\n")
    triple = {"hopenet": [20, 10, 30], "300w-lp": np.deg2rad([10, 20, 30])}.get(convention, [10, 20, 30])
    expected = rotmat_from_euler(np.array([triple], float), convention)
    assert np.allclose(read_track(tmp_path / "00.csv", convention), expected)


def test_bad_row_and_unknown_convention(tmp_path):
    (tmp_path / "00.csv").write_text("10,20,30\n1,2\n")
    with pytest.raises(LabelFormatError, match="row 2: 2 cells"):
        read_track(tmp_path / "00.csv", "synhead")
    (tmp_path / "00.csv").write_text("10,20,30\n")
    with pytest.raises(UnknownNameError, match="biwi"):
        read_track(tmp_path / "00.csv", "nvidia")


def _write(folder, name, rows):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{row},{row + 0.5},0\n" for row in range(10, 10 + rows)))
    return path


def test_tracks_of_files_are_numbered_as_they_come(tmp_path):
    files = [_write(tmp_path, name, rows) for name, rows in (("b.csv", 2), ("a.csv", 3))]
    poses = read_tracks(files, "synhead")
    assert poses.track_id.tolist() == [0, 0, 1, 1, 1]
    assert poses.frame_id.tolist() == [0, 1, 0, 1, 2]
    assert np.array_equal(poses.rotmats[2:], read_track(files[1], "synhead"))
    assert [source["file"] for source in poses.sources] == ["b.csv", "a.csv"]
    assert poses.sources[0]["sha256"] == hashlib.sha256(files[0].read_bytes()).hexdigest()
    assert not any(str(tmp_path) in str(source) for source in poses.sources)


def test_a_folder_is_all_its_tracks(tmp_path):
    for name in ("10.csv", "02.csv", "walk.csv", ".hidden.csv", "notes.txt"):
        _write(tmp_path / "mine", name, 1)
    poses = read_tracks([tmp_path / "mine"], "synhead")
    assert [source["file"] for source in poses.sources] == ["02.csv", "10.csv", "walk.csv"]
    assert poses.track_id.tolist() == [2, 10, 11]


def test_the_groups_of_nvidias_synhead_keep_the_numbers_its_reader_gives(tmp_path):
    for name in ("kinect/00.csv", "softkinect/07.csv", "BIWI/00.csv", "BIWI/01.csv", "breitenstein/03.csv"):
        _write(tmp_path, name, 1)
    (tmp_path / "background").mkdir()
    poses = read_tracks([tmp_path], "synhead")
    assert poses.track_id.tolist() == [0, 1, 103, 200, 307]
    assert [source["file"] for source in poses.sources][2:] == [
        "breitenstein/03.csv",
        "kinect/00.csv",
        "softkinect/07.csv",
    ]
    assert read_tracks([tmp_path / "kinect", tmp_path / "kinect"], "synhead").track_id.tolist() == [200, 201]


def test_a_folder_without_tracks_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(LabelFormatError, match="holds no tracks"):
        read_tracks([tmp_path], "synhead")
    with pytest.raises(LabelFormatError, match="holds no tracks"):
        read_tracks([tmp_path / "empty"], "synhead")


def test_too_many_frames_are_refused_at_the_first_file_that_is_too_much(tmp_path, monkeypatch):
    monkeypatch.setattr("synhead_tools.geometry.poses.POSES_LIMIT", 5)
    files = [_write(tmp_path, name, 3) for name in ("0.csv", "1.csv")]
    with pytest.raises(ConventionError, match=r"1\.csv has 6 poses, more than 5"):
        read_tracks([*files, tmp_path / "not-there.csv"], "synhead")
