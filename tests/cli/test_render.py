import json

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.euler import euler_from_rotmat


def test_grid_and_track_become_frames(chain):
    dataset = open_dataset(chain / "synhead")
    assert len(dataset) == 2 * (3 * 4 + 3)
    assert dataset.manifest.kind == "SynHead"
    track = dataset.read("track_id") >= 0
    angles = euler_from_rotmat(dataset.read("rotmat"), "synhead")[track]
    assert np.allclose(angles, np.tile([[0, 0, 0], [5, -20, 3], [-10, 25, -4]], (2, 1)), atol=1e-9)
    for name in ("preview.png", "stats.png", "README.md", "labels.parquet", "dataset.json"):
        assert (chain / "synhead" / name).stat().st_size > 100


def test_dry_run_writes_nothing(run, tmp_path):
    few = ("--grid", "--heads", "f01,m01", "--size", 32)
    result = run("render", tmp_path / "out", *few, "--dry-run", "--json")
    told = json.loads(result.output)
    counts = {"heads": 2, "poses": 9 * 11 * 3, "frames": 2 * 9 * 11 * 3, "shards": 10}
    assert {name: told[name] for name in counts} == counts
    assert told["plan"]["poses"] == 9 * 11 * 3
    assert min(told["bytes"], told["seconds"], told["free_bytes"]) > 0
    result = run("render", tmp_path / "out", *few, "--dry-run", "--workers", 2)
    assert "2 heads x 297 poses = 594 frames of 32 x 32 px, in 10 shards" in result.output
    assert "nothing was written" in result.output
    assert not any(tmp_path.iterdir())


def test_nothing_is_overwritten_unasked(run, chain):
    before = (chain / "synhead" / "dataset.json").read_bytes()
    result = run("render", chain / "synhead", "--grid", "--heads", "f01", "--size", 32)
    assert result.exit_code == 1
    assert "--overwrite" in result.output
    assert (chain / "synhead" / "dataset.json").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "status", "word"),
    [
        ((), 2, "--grid"),
        (("--grid", "--yaw", "1:2"), 1, "1:2"),
        (("--grid", "--heads", "zz"), 1, "zz"),
        (("--grid", "--heads", ","), 1, "head"),
        (("--grid", "--convention", "nope"), 1, "nope"),
        (("--grid", "--lighting", "nope"), 1, "nope"),
        (("--grid", "--expressions", "smiling"), 1, "smiling"),
        (("--grid", "--expressions", "."), 1, "CSV"),
        (("--grid", "--backend", "nope"), 1, "nope"),
        (("--grid", "--size", "4"), 2, "size"),
        (("--track", "missing.csv"), 2, "missing.csv"),
        (("--grid", "--workers", "0"), 2, "workers"),
    ],
)
def test_bad_options_are_refused_before_anything_is_written(run, tmp_path, options, status, word):
    result = run("render", tmp_path / "out", *options)
    assert result.exit_code == status, result.output
    assert word in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["pitch,yaw\n1,2\n", "1,2,nan\n", "pitch,yaw,roll\n1,x,3\n", "", "a\0b"])
def test_bad_tracks_are_refused(run, tmp_path, text):
    (tmp_path / "bad.csv").write_text(text)
    result = run("render", tmp_path / "out", "--track", tmp_path / "bad.csv")
    assert result.exit_code == 1
    assert "bad.csv" in result.output
    assert not (tmp_path / "out").exists()


def test_expressions_of_a_file_and_drawn_ones(run, tmp_path):
    table = tmp_path / "face.csv"
    table.write_text("jawOpen,eyeBlinkLeft\n0,0\n0.5,1\n")
    few = ("--grid", "--pitch", "0", "--yaw", "-20,20", "--roll", "0", "--heads", "f01", "--size", 32)
    for name, law in (("given", table), ("drawn", "random")):
        result = run("render", tmp_path / name, *few, "--expressions", law)
        assert result.exit_code == 0, result.output
    with open_dataset(tmp_path / "given") as given, open_dataset(tmp_path / "drawn") as drawn:
        assert given.read("expression").tolist() == [b"neutral", b"given"]
        assert given.read("expression_coefficients").sum() == 1.5
        assert (drawn.read("expression_coefficients").sum(axis=1) > 0).all()
