import json

import numpy as np
import pytest
from PIL import Image

FLAWED = """image,pitch,yaw,roll,x1,y1,x2,y2
a.png,0.1,0.2,0,1,1,9,9
b.png,0.3,-0.2,0,1,1,9,9
c.png,0.5,1.2,0,30,30,39,39
"""


@pytest.fixture
def flawed(tmp_path):
    """A CSV folder of 12 pictures whose angles are radians, whose roll is 0, and with boxes outside of the picture."""
    folder = tmp_path / "flawed"
    folder.mkdir()
    header, *rows = FLAWED.splitlines()
    lines = [f"{copy}{row}" for copy in range(4) for row in rows]
    (folder / "labels.csv").write_text("\n".join([header, *lines]))
    for line in lines:
        Image.new("RGB", (20, 16)).save(folder / line.split(",")[0])
    return folder


def test_our_own_dataset_is_counted_and_verified(run, chain):
    result = run("inspect", chain / "synhead", "--verify", "--strict")
    assert result.exit_code == 0, result.output
    assert "frames: 30" in result.output
    assert "shards_verified: 1" in result.output
    assert "yaw (biwi+): min" in result.output
    assert "head_id: 2 values, 15 to 15 frames each" in result.output
    assert "problems: none found" in result.output


def test_another_convention(run, chain):
    told = json.loads(run("inspect", chain / "synhead", "--convention", "synhead", "--json").output)["labels"]
    assert told["angles_convention"] == "synhead"
    assert told["angles_deg"]["yaw"]["max"] == pytest.approx(30)
    assert told["angles_deg"]["yaw"]["histogram"][0][:2] == [-30, -15]
    for convention, words in (("mediapipe", "no angles"), ("nonesuch", "unknown Euler convention")):
        result = run("inspect", chain / "synhead", "--convention", convention)
        assert result.exit_code == 1
        assert words in result.output
        assert result.output.count("\n") == 1


def test_problems_are_told_and_count_only_when_strict(run, flawed):
    arguments = ("inspect", flawed, "--labels-convention", "biwi+")
    with pytest.warns(UserWarning, match="radians"):
        result = run(*arguments)
    assert result.exit_code == 0, result.output
    in_one_line = " ".join(result.output.split())
    assert "problems: 3 (rows count from 0)" in in_one_line
    assert "face_box_xyxy: outside of the picture of 20 x 16 px (4 rows, first row 2)" in in_one_line
    assert "no angle exceeds 1.20 degrees; were radians taken for degrees?" in in_one_line
    assert "roll (biwi+) is 0 in every row" in in_one_line
    with pytest.warns(UserWarning, match="radians"):
        strict = run(*arguments, "--strict")
    assert strict.exit_code == 1
    assert strict.output == result.output
    with pytest.warns(UserWarning, match="radians"):
        told = json.loads(run(*arguments, "--json").output)
    assert [problem["rows"] for problem in told["problems"]] == [4, None, None]


def test_a_picture_of_the_poses(run, chain, tmp_path):
    arguments = ("inspect", chain / "synhead", "--picture", tmp_path / "s.png", "--convention", "ZXZ")
    assert run(*arguments).exit_code == 0
    assert Image.open(tmp_path / "s.png").width > 1000
    again = run(*arguments)
    assert again.exit_code == 1
    assert "already there" in again.output
    assert run(*arguments, "--overwrite").exit_code == 0


def test_checksums_are_for_our_own_datasets(run, tmp_path):
    np.savez(tmp_path / "b.npz", images=np.array(["01/frame_00004_rgb.png"]), pyr=np.ones((1, 3)), bbox=np.ones((1, 4)))
    result = run("inspect", tmp_path / "b.npz", "--verify")
    assert result.exit_code == 2
    assert "no checksums" in result.output


@pytest.mark.real
def test_the_known_facts_of_biwi_plus(run, real_data):
    result = run("inspect", real_data / "biwi_plus" / "Biwi_plus.npz", "--strict")
    assert result.exit_code == 0, result.output
    for fact in (
        "frames: 15678",
        "pitch (biwi+): min -85.80, mean -12.21, max 52.69",
        "yaw (biwi+): min -77.44, mean -8.35, max 66.42",
        "roll (biwi+): min -64.91, mean 1.75, max 69.90",
        "longer side of face_box_xyxy: min 93.00, mean 142.23, max 190.00",
        "sequence: 24 values, 395 to 946 frames each",
        "0 within 1 deg, 0 within 5 deg",
        "problems: none found",
    ):
        assert fact in result.output
