import csv
import json

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.euler import convert_euler, rotmat_from_euler


def test_synhead_becomes_synhead_plus_without_copying_a_picture(chain):
    whole, plus = open_dataset(chain / "synhead"), open_dataset(chain / "synhead+")
    assert plus.manifest.kind == "SynHead+"
    assert plus.manifest.convention == "biwi+"
    assert not list((chain / "synhead+").rglob("*.h5"))
    yaw = np.abs(convert_euler(whole.read("euler_deg"), "synhead", "biwi+")[:, 1])
    backs = np.abs(whole.read("rotmat")[:, 2, 2]) * np.sign(whole.read("rotmat")[:, 2, 2]) < 0
    assert len(plus) == (~backs).sum()  # at yaw -150 the back of the head is seen; everything else shows a face
    assert yaw.max() > 29


def test_a_csv_becomes_another_csv(run, tmp_path):
    (tmp_path / "in.csv").write_text("name,yaw,pitch,roll\na,10,20,30\nb,-5,0,2\n")
    result = run("convert-euler", tmp_path / "in.csv", tmp_path / "out.csv", "--from", "hopenet", "--to", "biwi+")
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader((tmp_path / "out.csv").open()))
    assert [row["name"] for row in rows] == ["a", "b"]
    got = [[float(row[key]) for key in ("pitch", "yaw", "roll")] for row in rows]
    assert np.allclose(got, convert_euler([[10, 20, 30], [-5, 0, 2]], "hopenet", "biwi+"), atol=1e-9)


@pytest.mark.parametrize(
    ("options", "status", "word"),
    [
        (("--unit", "grad"), 2, "--unit"),
        (("--from", "nope"), 1, "nope"),
        (("--from", "biwi", "--to", "zzz:+++"), 1, "zzz"),
    ],
)
def test_bad_conventions_write_nothing(run, track_csv, tmp_path, options, status, word):
    result = run("convert-euler", track_csv, tmp_path / "out.csv", *options)
    assert result.exit_code == status
    assert word in result.output
    assert not (tmp_path / "out.csv").exists()


def test_a_csv_needs_no_option_and_what_was_assumed_is_said(run, track_csv, tmp_path):
    result = run("convert-euler", track_csv, tmp_path / "out.csv")
    assert result.exit_code == 0, result.output
    assert f"out {tmp_path / 'out.csv'}, rows 3, from synhead, to biwi+, assumed True\n" in result.output
    assert "does not say its convention: synhead was assumed" in result.output
    result = run("convert-euler", track_csv, tmp_path / "out2.csv", "--from", "synhead")
    assert "assumed" not in result.output
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "out2.csv").read_bytes()


def test_bad_rows_can_be_set_aside(run, tmp_path):
    (tmp_path / "in.csv").write_text("name,yaw,pitch,roll\na,10,20,30\nb,-5,x,2\n")
    result = run("convert-euler", tmp_path / "in.csv", tmp_path / "out.npz", "--from", "hopenet")
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "in.csv: row 3: pitch is 'x'" in result.output
    assert not (tmp_path / "out.npz").exists()
    result = run("convert-euler", tmp_path / "in.csv", tmp_path / "out.npz", "--from", "hopenet", "--on-error", "skip",
                 "--json")  # fmt: skip
    assert json.loads(result.stdout) == {
        "out": str(tmp_path / "out.npz"), "rows": 1, "from": "hopenet", "to": "biwi+", "assumed": False, "rejected": 1,
        "rejects": str(tmp_path / "out.npz.rejects.csv"),
    }  # fmt: skip


def test_columns_kinds_units_and_decimals(run, tmp_path):
    (tmp_path / "in.csv").write_text("x.png;0,5;0,1;-0,25\ny.png;1;-0,2;0\n")
    result = run("convert-euler", tmp_path / "in.csv", tmp_path / "out.parquet", "--columns", "3,2,4", "--unit", "rad",
                 "--decimal", ",", "--write", "quat", "--from", "hopenet", "--to", "hopenet")  # fmt: skip
    assert result.exit_code == 0, result.output
    result = run("convert-euler", tmp_path / "out.parquet", tmp_path / "back.csv", "--to", "hopenet",
                 "--write", "euler", "--to-unit", "rad")  # fmt: skip
    assert result.exit_code == 0, result.output
    header, *rows = list(csv.reader((tmp_path / "back.csv").open()))
    assert header == ["column_1", "yaw_rad", "pitch_rad", "roll_rad"]
    assert np.allclose(np.array([row[1:] for row in rows], float), [[0.5, 0.1, -0.25], [1, -0.2, 0]], atol=1e-9)


def test_labels_of_a_dataset_become_a_file(run, chain, tmp_path):
    result = run("convert-euler", chain / "synhead", tmp_path / "out.csv", "--to", "hopenet")
    assert result.exit_code == 0, result.output
    header, *rows = list(csv.reader((tmp_path / "out.csv").open()))
    whole = open_dataset(chain / "synhead")
    got = np.array([[float(row[header.index(f"{name}_deg")]) for name in ("yaw", "pitch", "roll")] for row in rows])
    assert np.allclose(rotmat_from_euler(got, "hopenet"), whole.read("rotmat"), atol=1e-9)
    assert [row[header.index("head_id")] for row in rows] == [name.decode() for name in whole.read("head_id").tolist()]


def test_other_camera(run, tmp_path):
    (tmp_path / "in.csv").write_text("image,pitch,yaw,roll\n01/frame_00003_rgb.png,-7.70527,-3.05309,1.99114\n")
    rows = "0.999947 0.004324 0.009294\n-0.004463 0.999877 0.015044\n-0.009228 -0.015085 0.999844"
    cal = f"517.679 0 320\n0 517.679 240.5\n0 0 1\n\n0 0 0 0\n\n{rows}\n\n0 0 0\n\n640 480\n"
    (tmp_path / "hpdb" / "01").mkdir(parents=True)
    (tmp_path / "hpdb" / "01" / "rgb.cal").write_text(cal)
    for number, place in enumerate((tmp_path / "hpdb", tmp_path / "hpdb" / "01" / "rgb.cal")):
        there, back = tmp_path / f"there{number}.npz", tmp_path / f"back{number}.npz"
        assert run("convert-euler", tmp_path / "in.csv", there, "--from", "biwi+", "--rgb-cal", place).exit_code == 0
        assert np.allclose(np.load(there)["euler_deg"], [[-8.58916, -3.55111, 2.29379]], atol=2e-4)
        assert run("convert-euler", there, back, "--rgb-cal", place, "--to-camera", "depth").exit_code == 0
        assert np.allclose(np.load(back)["euler_deg"], [[-7.70527, -3.05309, 1.99114]], atol=1e-4)
        assert run("convert-euler", there, tmp_path / "twice.npz", "--rgb-cal", place).exit_code == 1


@pytest.mark.parametrize(
    ("kind", "options", "word"),
    [
        ("dataset", ("--write", "quat"), "--write"), ("dataset", ("--from", "biwi"), "--from"),
        ("dataset", ("--on-error", "skip"), "--on-error"), ("dataset", ("--scalar-first",), "--scalar-first"),
        ("file", ("--min-visible-points", "2"), "--min-visible-points"),
        ("file", ("--min-visible-fraction", "0.5"), "--min-visible-fraction"),
        ("file", ("--to-camera", "rgb"), "--to-camera"), ("file", ("--decimal", ";"), "--decimal"),
    ],
)  # fmt: skip
def test_options_that_mean_nothing_are_refused(run, chain, track_csv, tmp_path, kind, options, word):
    source, out = (chain / "synhead", "plus") if kind == "dataset" else (track_csv, "out.csv")
    result = run("convert-euler", source, tmp_path / out, *options)
    assert result.exit_code == 2
    assert word in result.output
    assert not list(tmp_path.iterdir())


def test_a_dataset_without_a_face_is_said(run, tmp_path):
    back = ("--heads", "f01", "--grid", "--pitch", "0", "--yaw", "180", "--roll", "0", "--size", 48, "-q")
    assert run("render", tmp_path / "backs", *back).exit_code == 0
    result = run("convert-euler", tmp_path / "backs", tmp_path / "out")
    assert result.exit_code == 1
    assert "loosen the rule" in result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backs"]
