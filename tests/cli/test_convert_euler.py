import csv

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.euler import convert_euler


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
    [((), 2, "--from"), (("--from", "nope"), 1, "nope"), (("--from", "biwi", "--to", "zzz:+++"), 1, "zzz")],
)
def test_bad_conventions_write_nothing(run, track_csv, tmp_path, options, status, word):
    result = run("convert-euler", track_csv, tmp_path / "out.csv", *options)
    assert result.exit_code == status
    assert word in result.output
    assert not (tmp_path / "out.csv").exists()


def test_a_dataset_without_a_face_is_said(run, tmp_path):
    back = ("--heads", "f01", "--grid", "--pitch", "0", "--yaw", "180", "--roll", "0", "--size", 48, "-q")
    assert run("render", tmp_path / "backs", *back).exit_code == 0
    result = run("convert-euler", tmp_path / "backs", tmp_path / "out")
    assert result.exit_code == 1
    assert "loosen the rule" in result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backs"]
