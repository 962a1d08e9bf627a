import shutil

import pytest

from synhead_tools.cli.chain_target import biwi_target, weights_beside
from synhead_tools.errors import LabelFormatError


def test_a_folder_without_frames_is_named_with_what_it_should_hold(tmp_path):
    with pytest.raises(LabelFormatError, match=r"holds no BIWI frames; give the folder with hpdb/NN"):
        biwi_target(tmp_path)
    (tmp_path / "biwi_frames" / "hpdb" / "19").mkdir(parents=True)
    with pytest.raises(LabelFormatError, match=r"Biwi_plus.npz is missing"):
        biwi_target(tmp_path)


@pytest.mark.real
def test_frames_alone_are_read_with_their_pose_files_and_boxes_that_know_the_labels(real_data):
    target = biwi_target(real_data / "biwi_sample")
    assert target.extent.startswith("1 of 15678 frames of BIWI (sequence 01")
    assert target.boxes.endswith("these boxes know the labels")
    assert target.poses is target.pictures
    assert target.reference.shape == (1, 3, 3)


@pytest.mark.real
def test_labels_are_found_beside_the_frames_or_where_they_are_said_to_be(real_data, tmp_path):
    labels = real_data / "biwi_plus" / "Biwi_plus.npz"
    (tmp_path / "hpdb").mkdir()
    (tmp_path / "hpdb" / "19").symlink_to(real_data / "biwi_frames" / "hpdb" / "19")
    given = biwi_target(tmp_path, labels)
    shutil.copy(labels, tmp_path)
    for target in (given, biwi_target(tmp_path), biwi_target(real_data)):
        assert target.extent == "251 of 15678 frames of BIWI (sequence 19, frames 0-250 (251 of 502))"
        assert (len(target.poses), target.boxes) == (15678, "Biwi+ box")


def test_weights_lie_with_the_data_or_not(tmp_path):
    assert weights_beside(None) is None
    assert weights_beside(tmp_path) is None
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "resnet18_any.safetensors").touch()
    assert weights_beside(tmp_path).name == "resnet18_any.safetensors"
