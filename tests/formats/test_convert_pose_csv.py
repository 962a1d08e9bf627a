import numpy as np
import pytest

from synhead_tools.errors import LabelFormatError, OutputExistsError
from synhead_tools.formats.convert_pose_csv import convert_pose_csv
from synhead_tools.formats.pose_csv import read_pose_csv


def test_known_frame_of_biwi_and_other_columns(tmp_path):
    """01/frame_00501, not calibrated: the same rotation in pose.bin's and Biwi+'s and Hopenet's numbers."""
    (tmp_path / "a.csv").write_text("yaw;image;pitch;roll\n62.06397;01/frame_00501;41.50347;12.80173\n")
    assert convert_pose_csv(tmp_path / "a.csv", tmp_path / "b.csv", "biwi+", "hopenet") == 1
    table = read_pose_csv(tmp_path / "b.csv")
    assert table.header == ("yaw", "image", "pitch", "roll")
    assert table.column("image") == ["01/frame_00501"]
    assert np.allclose(table.angles_deg, [[-54.91994, -52.37569, 41.55426]], atol=1e-4)
    convert_pose_csv(tmp_path / "b.csv", tmp_path / "c.csv", "hopenet", "biwi")
    assert np.allclose(read_pose_csv(tmp_path / "c.csv").angles_deg, [[41.50347, -62.06395, -12.80173]], atol=1e-4)


def test_angles_stay_degrees_in_a_convention_of_radians(tmp_path):
    (tmp_path / "a.csv").write_text("10,20,30\n")
    convert_pose_csv(tmp_path / "a.csv", tmp_path / "b.csv", "hopenet", "300w-lp")
    assert np.allclose(read_pose_csv(tmp_path / "b.csv").angles_deg, [[10, 20, 30]])


def test_nothing_is_written_over_or_of_a_bad_table(tmp_path):
    (tmp_path / "a.csv").write_text("10,20,30\n1,x,3\n")
    with pytest.raises(LabelFormatError, match="row 2"):
        convert_pose_csv(tmp_path / "a.csv", tmp_path / "b.csv", "biwi", "biwi+")
    assert not (tmp_path / "b.csv").exists()
    (tmp_path / "a.csv").write_text("10,20,30\n")
    with pytest.raises(OutputExistsError):
        convert_pose_csv(tmp_path / "a.csv", tmp_path / "a.csv", "biwi", "biwi+")
