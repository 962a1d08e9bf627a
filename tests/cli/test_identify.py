import csv
import json

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.euler import convert_euler, euler_from_rotmat
from synhead_tools.geometry.landmark_rotations import LANDMARK_AXES
from synhead_tools.geometry.pose_laws import biwi_like_rotations
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat
from synhead_tools.heads.library import load_head

FRAMES = 40
TRUE = biwi_like_rotations(FRAMES, np.random.default_rng(1))
NAMES = np.array([f"frame_{row:02d}.png" for row in range(FRAMES)])


@pytest.fixture
def folder(tmp_path):
    """angles.csv (trg: yaw, pitch, roll), truth.npz in the reverse order and with two frames more."""
    yaw, pitch, roll = euler_from_rotmat(TRUE, "trg").T
    _write_csv(tmp_path / "angles.csv", ("image", "yaw", "pitch", "roll"), NAMES, yaw, pitch, roll)
    more = np.concatenate([TRUE[::-1], TRUE[:2]])
    names = np.concatenate([NAMES[::-1], ["extra_0", "extra_1"]])
    np.savez(tmp_path / "truth.npz", rotmat=more, frame=names)
    return tmp_path


def _write_csv(path, titles, *columns):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(titles)
        writer.writerows(zip(*(column.tolist() for column in columns), strict=True))


def _answer(run, *arguments):
    result = run("identify", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_rows_joined_by_name_and_what_to_write(run, folder):
    result = run("identify", folder / "angles.csv", folder / "truth.npz", "--key", "image=frame")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert "trg" in lines[1]
    assert len(lines) == 1 + 10 + 1 + 3
    assert "certain: trg" in lines
    assert lines[-1] == "give convert-euler: --from trg"


def test_what_it_says_to_write_is_understood_by_convert_euler(run, folder, tmp_path):
    """Columns without a name, in radians: the printed options, taken as they are, restore the rotations."""
    pitch, yaw, roll = np.radians(euler_from_rotmat(TRUE, "biwi+")).T
    _write_csv(folder / "plain.csv", ("image", "a", "b", "c"), NAMES, roll, -pitch, yaw)
    answer = _answer(run, folder / "plain.csv", folder / "truth.npz", "--key", "image=frame", "--columns", "a,b,c")
    assert answer["certainty"] == "certain"
    options = answer["write"].split()
    result = run("convert-euler", folder / "plain.csv", tmp_path / "out.csv", *options, "--to", "hopenet")
    assert result.exit_code == 0, result.output
    with (tmp_path / "out.csv").open() as file:
        rows = [list(row.values())[1:] for row in csv.DictReader(file)]
    restored = np.array(rows, float)[:, [2, 1, 0]]  # the columns stay where they are: roll, pitch, yaw
    assert np.abs(restored - np.radians(euler_from_rotmat(TRUE, "hopenet"))).max() < 1e-9


def test_rows_in_order_with_truth_of_every_kind(run, folder):
    quat = quat_xyzw_from_rotmat(TRUE)
    _write_csv(folder / "quat.csv", ("qx", "qy", "qz", "qw"), *quat.T)
    _write_csv(folder / "matrix.csv", [f"r{i}{j}" for i in range(3) for j in range(3)], *TRUE.reshape(-1, 9).T)
    _write_csv(folder / "euler.csv", ("pitch", "yaw", "roll"), *euler_from_rotmat(TRUE, "biwi+").T)
    for truth, more in (("quat.csv", ()), ("matrix.csv", ()), ("euler.csv", ("--truth-convention", "biwi+"))):
        answer = _answer(run, folder / "angles.csv", folder / truth, *more)
        assert (answer["certainty"], answer["ranked"][0]["names"]) == ("certain", ["trg"])
        assert answer["ranked"][0]["p95_deg"] < 1e-4
        assert len(answer["ranked"]) == 10
        assert answer["frames"] == FRAMES


def test_files_without_titles_and_chosen_columns(run, folder):
    angles = euler_from_rotmat(TRUE, "biwi+")
    bare = "\n".join(";".join(f"{angle:.9f}".replace(".", ",") for angle in row) for row in angles.tolist())
    (folder / "bare.csv").write_text(bare)
    np.savez(folder / "two.npz", before=TRUE[:, ::-1, ::-1], after=TRUE)
    answer = _answer(run, folder / "bare.csv", folder / "two.npz", "--truth-columns", "after", "--decimal", ",")
    assert answer["ranked"][0]["names"] == ["biwi+"]
    assert answer["write"] == "--from biwi+ --columns column_1,column_2,column_3"


def test_a_dataset_is_true_by_itself(run, chain, tmp_path):
    dataset = open_dataset(chain / "synhead")
    angles = convert_euler(dataset.read("euler_deg"), "synhead", "hopenet")
    _write_csv(tmp_path / "labels.csv", ("yaw", "pitch", "roll"), *angles.T)
    answer = _answer(run, tmp_path / "labels.csv", chain / "synhead")
    assert answer["certainty"] == "likely"  # few frames have roll, and some resamplings have none of them
    assert "hopenet" in answer["ranked"][0]["names"]
    answer = _answer(run, chain / "synhead", chain / "synhead")
    assert "synhead" in answer["ranked"][0]["names"]


def test_landmarks_in_the_picture_of_a_dataset(run, chain):
    answer = _answer(run, chain / "synhead", chain / "synhead", "--landmarks", "2d")
    assert "synhead" in answer["ranked"][0]["names"]
    assert answer["certainty"] in ("certain", "likely")
    assert answer["ranked"][0]["constant"] == "head"
    assert answer["ranked"][0]["median_deg"] < 5


@pytest.mark.parametrize("axes", LANDMARK_AXES)
def test_landmarks_in_space(run, folder, axes):
    points = load_head("f01").landmarks68_m @ np.swapaxes(TRUE, 1, 2) @ LANDMARK_AXES[axes]
    np.savez(folder / "points.npz", points=points)
    answer = _answer(
        run, folder / "angles.csv", folder / "points.npz", "--landmarks", axes, "--truth-columns", "points"
    )
    assert (answer["certainty"], answer["ranked"][0]["names"]) == ("certain", ["trg"])
    assert answer["ranked"][0]["p95_deg"] < 1e-4


def test_what_cannot_be_told_apart_is_marked(run, folder):
    labels = np.zeros((FRAMES, 3))
    labels[:, 0] = np.linspace(-60, 60, FRAMES)
    _write_csv(folder / "yaw.csv", ("yaw", "pitch", "roll"), *labels.T)
    arguments = (folder / "yaw.csv", folder / "yaw.csv", "--truth-convention", "biwi+", "--unit", "deg")
    answer = _answer(run, *arguments)
    assert answer["certainty"] == "cannot tell"
    assert answer["still_columns"] == ["pitch", "roll"]
    assert len(answer["cannot_be_excluded"]) == 23
    text = run("identify", *arguments).output
    assert text.count("\n* ") == 10 - 1 + 1  # all rows of the table but the first, and what the mark means
    assert "pitch and roll never move" in text


def test_labels_of_other_frames_and_a_constant_rotation(run, folder):
    np.savez(folder / "others.npz", rotmat=TRUE[::-1])
    answer = _answer(run, folder / "angles.csv", folder / "others.npz")
    assert answer["certainty"] == "none fits"
    assert answer["cannot_be_excluded"] == []
    assert "hint" not in answer
    assert answer["write"] is None
    turned = TRUE @ np.array([[1.0, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])
    np.savez(folder / "turned.npz", rotmat=turned)
    answer = _answer(run, folder / "angles.csv", folder / "turned.npz")
    assert answer["certainty"] == "none fits"
    assert "36.9 deg" in answer["hint"]
    assert "--unknown head" in answer["hint"]
    answer = _answer(run, folder / "angles.csv", folder / "turned.npz", "--unknown", "head")
    assert (answer["certainty"], answer["ranked"][0]["names"]) == ("certain", ["trg"])
    assert np.allclose(answer["ranked"][0]["constant_rotmat"], [[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])
    answer = _answer(run, folder / "angles.csv", folder / "turned.npz", "--unknown", "head", "--unknown", "transposed")
    assert answer["certainty"] == "cannot tell"
    assert [row["transposed"] for row in answer["ranked"][:2]] == [False, True]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("angles.csv", "truth.npz"), 1, "40 rows"),
        (("angles.csv", "truth.npz", "--key", "image"), 1, "'image'"),
        (("angles.csv", "truth.npz", "--key", "=frame"), 2, "--key"),
        (("angles.csv", "truth.npz", "--key", "yaw=frame"), 1, "40 of 40 frames"),
        (("twice.csv", "truth.npz", "--key", "image=frame"), 1, "twice"),
        (("bad.csv", "truth.npz", "--key", "image=frame"), 1, "row 4: roll is 'x'"),
        (("truth.npz", "truth.npz"), 1, "no Euler angles"),
        (("angles.csv", "angles.csv"), 1, "--truth-convention"),
        (("angles.csv", "angles.csv", "--truth-convention", "nope"), 1, "nope"),
        (("angles.csv", "mirrored.npz"), 1, "row 0"),
        (("angles.csv", "truth.npz", "--landmarks", "2d"), 1, "landmarks68"),
        (("angles.csv", "truth.npz", "--landmarks", "2d", "--truth-convention", "biwi"), 2, "--landmarks"),
        (("radians.csv", "truth.npz", "--unit", "deg"), 2, "rad"),
        (("angles.csv", "missing.npz"), 2, "missing.npz"),
        (("angles.csv", "truth.npz", "--unknown", "neck"), 2, "neck"),
    ],
)
def test_what_cannot_be_compared_is_one_line(run, folder, arguments, status, words):
    text = (folder / "angles.csv").read_text().splitlines()
    (folder / "twice.csv").write_text("\n".join([*text[:3], text[2]]))
    (folder / "bad.csv").write_text("\n".join([*text[:3], "frame_02.png,1,2,x", *text[4:]]))
    (folder / "radians.csv").write_text("yaw_rad,pitch_rad,roll_rad\n0.1,0.2,0.3\n")
    np.savez(folder / "mirrored.npz", rotmat=-TRUE)
    result = run("identify", *(folder / name if name.endswith((".csv", ".npz")) else name for name in arguments))
    assert result.exit_code == status
    assert words in result.output
    if status == 1:
        assert len(result.output.splitlines()) == 1


@pytest.mark.real
def test_published_labels_of_biwi_and_aflw2000(run, real_data):
    labels = real_data / "biwi_plus" / "Biwi_plus.npz"
    answer = _answer(run, labels, labels, "--columns", "ypr", "--truth-columns", "pyr")
    assert answer["certainty"] == "certain"
    assert "hopenet" in answer["ranked"][0]["names"]
    assert answer["write"] == "--from hopenet"
    subset = real_data / "biwi_plus" / "Biwi_FSA-Net.npz"
    answer = _answer(run, subset, labels, "--columns", "ypr", "--truth-columns", "pyr", "--key", "images")
    assert "hopenet" in answer["ranked"][0]["names"]
    assert 1 < answer["ranked"][0]["mean_deg"] < 1.5  # the two cameras of BIWI are 1.23 degrees apart
    answer = _answer(run, real_data / "aflw2000_sample", real_data / "aflw2000_sample", "--landmarks", "2d")
    assert answer["certainty"] in ("likely", "certain")
    assert "300w-lp" in answer["ranked"][0]["names"]
