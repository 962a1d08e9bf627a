import re

import numpy as np
import pytest

from synhead_tools.formats.datasets.biwi_frames import BiwiFrames
from synhead_tools.formats.datasets.biwi_layout import SequenceFiles, sequence_folders
from synhead_tools.formats.datasets.biwi_problems import find_problems


def _problems(root):
    return find_problems(list(map(SequenceFiles, sequence_folders(root))))


def test_a_partial_copy_lists_what_is_not_there(make_biwi):
    root = make_biwi({"01": [3, 4], "02": [501]}, pose_bin=True)
    listed = ", ".join(f"{number:02d}" for number in range(3, 25))
    assert _problems(root) == [
        f"sequences {listed} are not here",
        "01: 2 of 499 published pictures",
        "02: 1 of 511 published pictures",
    ]
    assert BiwiFrames(root).problems() == _problems(root)
    assert _problems(root / "hpdb/01") == ["01: 2 of 499 published pictures"]


def test_every_missing_file_is_listed(make_biwi):
    root = make_biwi({"01": [3, 4, 501]})
    folder = root / "hpdb/01"
    for name in ("frame_00003_pose.txt", "frame_00004_rgb.png", "frame_00501_depth.bin", "rgb.cal", "depth.cal"):
        (folder / name).unlink()
    (root / "hpdb/01.obj").unlink()
    assert _problems(root)[1:] == [
        "01: 1 picture without pose, first frame_00003",
        "01: 1 pose without picture, first frame_00004",
        "01: 1 picture without depth.bin, first frame_00501",
        "01: no rgb.cal",
        "01: no depth.cal",
        "01: no 01.obj",
    ]


def test_a_missing_pose_bin_is_no_problem_beside_a_pose_txt(make_biwi):
    root = make_biwi({"01": [3, 4]}, pose_bin=True)
    (root / "db_annotations/01/frame_00003_pose.bin").unlink()
    assert _problems(root) == ["01: 2 of 499 published pictures"]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (
            (156.6, 94.6106, 893.541, 41.52, -62.06395, -12.80173),
            "disagree in 1 frame, first frame_00501, there by 0.01",
        ),
        (
            (156.7, 94.6106, 893.541, 41.50347, -62.06395, -12.80173),
            "first frame_00501, there by .*e-05 degrees and 0.1 mm",
        ),
        ((1, 1, 1, 0, 0, 0), "1 damaged pose files, the first: .*frame_00501_pose.bin: head centre 1, 1, 1 is not"),
    ],
)
def test_pose_files_that_disagree_are_named(make_biwi, values, complaint):
    root = make_biwi({"01": [4, 501]}, pose_bin=True)
    (root / "db_annotations/01/frame_00501_pose.bin").write_bytes(np.array(values, "<f4").tobytes())
    _, found = _problems(root)
    assert re.search(complaint, found), found


def test_transposed_matrices_are_found_out(make_biwi):
    root = make_biwi({"01": [4, 501]}, pose_bin=True)
    path = root / "hpdb/01/frame_00501_pose.txt"
    rows = [line.split() for line in path.read_text().splitlines()[:3]]
    path.write_text("\n".join(" ".join(row) for row in zip(*rows, strict=True)) + "\n\n156.6 94.6106 893.541\n")
    assert _problems(root)[1] == "01: pose.txt is transposed against pose.bin in 1 frame, first frame_00501"


def test_calibrations_that_cannot_be_used_as_they_are(make_biwi):
    root = make_biwi({"01": [4]})
    rgb, depth = root / "hpdb/01/rgb.cal", root / "hpdb/01/depth.cal"
    rgb.write_text(rgb.read_text().replace("0 0 0 0", "0.1 0 0 0"))
    depth.write_text("575.816 0\n")
    found = _problems(root)[1:]
    assert found[0] == "01: rgb.cal states a lens distortion, which projection leaves out"
    assert "01: damaged calibration: " in found[1]
    assert "depth.cal: line 1: 2 numbers" in found[1]
