from pathlib import Path

import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.biwi_layout import (
    KINDS,
    KNOWN_FRAMES,
    POSE_BIN,
    SequenceFiles,
    first_and_rest,
    sequence_folders,
)


def test_published_frame_counts():
    assert sum(KNOWN_FRAMES.values()) == 15678
    assert (KNOWN_FRAMES["01"], KNOWN_FRAMES["16"], KNOWN_FRAMES["24"]) == (499, 914, 492)


@pytest.mark.parametrize("layout", ["published", "published, whole", "kaggle", "sequences only"])
def test_every_layout_is_found(make_biwi, layout):
    root = make_biwi({"01": [3, 4], "19": [501]}, layout, pose_bin=True)
    first, second = map(SequenceFiles, sequence_folders(root))
    assert (first.name, second.name) == ("01", "19")
    assert {kind: list(files) for kind, files in first.files.items()} == dict.fromkeys(KINDS, [3, 4])
    assert first.files[POSE_BIN][3] == root / "db_annotations/01/frame_00003_pose.bin"
    assert second.frame_name(501) == "19/frame_00501_rgb.png"
    assert second.mesh.is_file()
    # one of the sequences, or the folder that holds them, may be given itself
    assert sequence_folders(second.folder) == [second.folder]
    assert sequence_folders(second.folder.parent) == [first.folder, second.folder]


def test_annotations_in_the_folder_itself_come_first(make_biwi):
    root = make_biwi({"01": [3]}, pose_bin=True)
    own = root / "hpdb/01/frame_00003_pose.bin"
    own.write_bytes((root / "db_annotations/01/frame_00003_pose.bin").read_bytes())
    assert SequenceFiles(root / "hpdb/01").files[POSE_BIN][3] == own


def test_a_sequence_by_another_name(make_biwi, monkeypatch, tmp_path):
    root = make_biwi({"07": [4]})
    monkeypatch.chdir(root / "hpdb/07")
    (found,) = sequence_folders(Path())
    assert SequenceFiles(found).name == "07"
    (tmp_path / "link").symlink_to(root / "hpdb/07")
    assert SequenceFiles(tmp_path / "link").name == "07"


def test_other_folders_and_files_are_passed_over(make_biwi, tmp_path):
    root = make_biwi({"01": [4]})
    for name in ("25", "00", "1", "masks"):
        (root / "hpdb" / name).mkdir()
    for name in ("frame_00005_rgb.jpg", "frame_5_rgb.png", "frame_00005_rgb.png~", "frame_00005_depth_mask.png"):
        (root / "hpdb/01" / name).touch()
    (sequence,) = map(SequenceFiles, sequence_folders(root))
    assert all(list(files) in ([4], []) for files in sequence.files.values())
    assert sequence_folders(tmp_path) == []


def test_a_folder_that_cannot_be_listed_is_named(tmp_path):
    (tmp_path / "01").touch()
    with pytest.raises(LabelFormatError, match="01 cannot be listed .*; mend its rights"):
        SequenceFiles(tmp_path / "01")


def test_first_and_rest():
    assert first_and_rest(["a"]) == "a"
    assert first_and_rest(["a", "b", "c"]) == "a and 2 more"
