import numpy as np
import pytest

from synhead_tools.errors import LabelFormatError, UnknownNameError
from synhead_tools.formats.tracks import read_track, read_track_deg
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
