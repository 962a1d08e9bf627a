import numpy as np
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.convert import convert_labels_file
from synhead_tools.formats.label_tables.open_table import open_table
from synhead_tools.geometry.euler import euler_from_rotmat


def test_names_boxes_and_rotations_of_a_dataset(tmp_path, make_dataset, small_blocks):
    small_blocks(3)
    names = ("rotmat", "head_id", "frame_id", "face_box_xyxy", "seed", "landmarks68")
    _, columns = make_dataset(tmp_path / "set", (4, 3), names, convention="hopenet")
    done = convert_labels_file(tmp_path / "set", tmp_path / "a.npz")
    assert (done.rows, done.source, done.assumed) == (7, "hopenet", False)
    labels = np.load(tmp_path / "a.npz")
    assert set(labels.files) == {"head_id", "frame_id", "euler_deg", "face_box_xyxy", "convention", "unit", "camera"}
    assert np.allclose(labels["euler_deg"], euler_from_rotmat(columns["rotmat"], "biwi+"), atol=1e-9)
    assert np.array_equal(labels["face_box_xyxy"], columns["face_box_xyxy"])
    assert labels["head_id"].tolist() == [name.decode() for name in columns["head_id"].tolist()]


def test_a_dataset_without_rotations(tmp_path, make_dataset):
    make_dataset(tmp_path / "set", (4,), ("head_id",))
    with pytest.raises(LabelFormatError, match="no rotations"):
        open_table(tmp_path / "set")


def test_a_folder_of_something_else(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(LabelFormatError, match="is no dataset"):
        open_table(tmp_path / "empty")


def test_a_matlab_file_of_300w_lp(tmp_path, triples):
    savemat = pytest.importorskip("scipy.io").savemat
    pose_rad = triples(1, "300w-lp")
    savemat(tmp_path / "one.mat", {"Pose_Para": np.hstack([pose_rad, [[1, 2, 3, 0.1]]]), "pt2d": np.ones((2, 68))})
    done = convert_labels_file(tmp_path / "one.mat", tmp_path / "a.csv", target="300w-lp")
    assert (done.rows, done.source) == (1, "300w-lp")
    title, row = (tmp_path / "a.csv").read_text().splitlines()
    assert title == "target_id,pitch_deg,yaw_deg,roll_deg"
    assert row.startswith("one,")
    assert np.allclose([float(cell) for cell in row.split(",")[1:]], np.degrees(pose_rad[0]), atol=1e-9)


@pytest.mark.real
def test_aflw2000_and_its_files(real_data, tmp_path):
    folder = real_data / "aflw2000_sample"
    assert convert_labels_file(folder, tmp_path / "all.npz", target="hopenet").rows == 15
    whole = np.load(tmp_path / "all.npz")
    for row, path in enumerate(sorted(folder.glob("*.mat"))):
        convert_labels_file(path, tmp_path / "one.npz", target="hopenet", overwrite=True)
        one = np.load(tmp_path / "one.npz")
        assert whole["target_id"][row] == one["target_id"][0] == path.stem
        assert np.allclose(whole["euler_deg"][row], one["euler_deg"][0], atol=1e-9)
