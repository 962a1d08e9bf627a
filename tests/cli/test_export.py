import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.exporters import EXPORTERS
from synhead_tools.formats.open import open_any


@pytest.mark.parametrize("name", EXPORTERS)
def test_a_rendered_dataset_goes_into_every_format(name, run, chain, tmp_path):
    result = run("export", chain / "synhead+", tmp_path / "out", "--format", name, "--json", "-q")
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert told["frames"] == len(open_dataset(chain / "synhead+"))
    assert told["out"] == str(tmp_path / "out")
    assert json.loads((tmp_path / "out" / "export.json").read_text())["convention"] == told["convention"]
    again = run("export", chain / "synhead+", tmp_path / "out", "--format", name)
    assert again.exit_code == 1
    assert "--overwrite" in again.output
    assert len(again.output.splitlines()) == 1
    assert run("export", chain / "synhead+", tmp_path / "out", "--format", name, "--overwrite").exit_code == 0


def test_the_labels_survive_a_detour_through_a_foreign_format(run, chain, tmp_path):
    """SynHead+ -> Hopenet's CSV -> 300W-LP -> read again: the rotations are the same."""
    steps = [
        ("export", chain / "synhead+", tmp_path / "csv", "--format", "hopenet-csv"),
        ("export", chain / "synhead+", tmp_path / "w300lp", "--format", "300w-lp"),
        ("export", tmp_path / "w300lp", tmp_path / "again", "--format", "hopenet-csv"),
    ]
    for step in steps:
        result = run(*step)
        assert result.exit_code == 0, result.output
        assert "Euler convention" in result.output
    expected = open_dataset(chain / "synhead+").read("rotmat")
    for folder in ("csv", "w300lp", "again"):
        np.testing.assert_allclose(open_any(tmp_path / folder).read("rotmat"), expected, rtol=0, atol=1e-9)


def test_options_reach_the_exporter(run, chain, tmp_path):
    options = ("--format", "webdataset", "--split", "val", "--shard-mb", 0.05, "--convention", "hopenet", "--also",
               "alpha", "--also", "region", "--picture-format", "jpg", "--jpg-quality", 80)  # fmt: skip
    result = run("export", chain / "synhead", tmp_path / "out", *options, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    wanted = {"convention": "hopenet", "jpg_quality": 80, "split": "val", "also": ["alpha", "region"]}
    assert told.items() >= wanted.items()
    assert told["shards"] == len(list((tmp_path / "out").glob("val-*.tar"))) > 1


def test_a_background_is_put_behind(run, chain, tmp_path):
    result = run("export", chain / "synhead+", tmp_path / "out", "--format", "coco", "--background", "200,0,50")
    assert result.exit_code == 0, result.output
    alpha = open_dataset(chain / "synhead+").read("alpha", [0])[0]
    picture = np.asarray(Image.open(tmp_path / "out" / "images" / "000000.png"))
    assert (picture[alpha == 0] == (200, 0, 50)).all()
    assert (picture[alpha == 255] == open_dataset(chain / "synhead+").read("image", [0])[0][alpha == 255]).all()


@pytest.mark.parametrize(
    ("options", "status", "word"),
    [
        ((), 2, "--format"),
        (("--format", "tfrecord"), 2, "tfrecord"),
        (("--format", "coco", "--background", "red"), 1, "R,G,B"),
        (("--format", "coco", "--split", "val"), 1, "no option 'split'"),
        (("--format", "coco", "--jpg-quality", 50), 1, "choose jpg"),
        (("--format", "coco", "--convention", "nope"), 1, "unknown Euler convention"),
        (("--format", "300w-lp", "--convention", "biwi"), 1, "no option 'convention'"),
        (("--format", "webdataset", "--shard-mb", 0), 2, "--shard-mb"),
        (("--format", "coco", "--labels-convention", "biwi"), 1, "leave out"),
    ],
)
def test_what_cannot_be_is_said_in_a_line_and_nothing_is_written(options, status, word, run, chain, tmp_path):
    result = run("export", chain / "synhead+", tmp_path / "out", *options)
    assert result.exit_code == status
    assert word in result.output
    assert status == 2 or len(result.output.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def _start_and_wait_for_pictures(source, out):
    command = [sys.executable, "-m", "synhead_tools", "export", source, out, "--format", "coco"]
    process = subprocess.Popen([str(part) for part in command], stderr=subprocess.PIPE, text=True)
    pictures = out.with_name(f".{out.name}.tmp") / "images"
    deadline = time.monotonic() + 60
    while not (pictures.is_dir() and any(pictures.iterdir())):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return process


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A folder of CSV labels whose rows all name one picture: enough for an interrupt to come in time."""
    folder = tmp_path_factory.mktemp("large")
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "a.png")
    (folder / "hopenet.csv").write_text("a.png,1,2,40,50,10,20,30\n" * 40_000)
    return folder


def test_a_killed_export_leaves_no_output_and_does_not_hinder_the_next(large, run, chain, tmp_path):
    process = _start_and_wait_for_pictures(large, tmp_path / "out")
    process.kill()
    process.communicate()
    assert [path.name for path in tmp_path.iterdir()] == [".out.tmp"]
    result = run("export", chain / "synhead+", tmp_path / "out", "--format", "coco")
    assert result.exit_code == 0, result.output
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert len(list((tmp_path / "out" / "images").iterdir())) == len(open_dataset(chain / "synhead+"))


def test_ctrl_c_leaves_nothing(large, tmp_path):
    process = _start_and_wait_for_pictures(large, tmp_path / "out")
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate()
    assert process.returncode == 130
    assert stderr.strip() == "interrupted"
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_exported_and_scores_as_before(run, chain, random_checkpoint, tmp_path):
    """What the command writes is read by evaluate, and every figure of the checkpoint comes back."""
    model = random_checkpoint(head="rot6d")
    result = run("export", model, tmp_path / "a.onnx", "--licence", "CC0", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["parity"]["largest_deg"] < 0.01
    assert [entry["batch"] for entry in told["latency"]] == [1, 32]
    assert told["bytes"] == (tmp_path / "a.onnx").stat().st_size
    scores = []
    for estimator in (model, tmp_path / "a.toml", tmp_path / "a.onnx"):
        scored = run("evaluate", estimator, chain / "synhead+", "--json", "-q")
        assert scored.exit_code == 0, scored.output
        scores.append(json.loads(scored.stdout)["scores"][0])
    assert scores[1] == scores[2]
    for key, value in scores[0].items():
        if isinstance(value, float):  # to one rounded pixel here and there, which a network nobody trained takes amiss
            assert scores[1][key] == pytest.approx(value, abs=0.1)
    again = run("export", model, tmp_path / "a.onnx")
    assert again.exit_code == 1
    assert len(again.output.splitlines()) == 1
    answers = [run("predict", tmp_path / "p.png", "--model", m, "--boxes", "whole", "-q").stdout
               for m in (_noise(tmp_path / "p.png", model), tmp_path / "a.toml")]  # fmt: skip
    assert answers[0].split(",")[:12] == answers[1].split(",")[:12]


def _noise(path, model):
    pixels = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return model


@pytest.mark.parametrize(
    ("source", "out", "options", "status", "word"),
    [
        ("nobody", "a.onnx", (), 1, "nobody"),
        ("nobody", "a", ("--format", "coco"), 2, "does not exist"),
        ("nobody", "a.onnx", ("--format", "coco"), 2, "--format means nothing here"),
        ("nobody", "a.onnx", ("--split", "val"), 2, "--split means nothing here"),
        ("nobody", "a", ("--uint8",), 2, "--uint8 means nothing here"),
        ("nobody", "a", ("--licence", "x"), 2, "--licence means nothing here"),
        ("nobody", "a.onnx", ("--threads", 0), 2, "--threads"),
    ],
)
def test_a_model_or_a_dataset(source, out, options, status, word, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("export", source, out, *options)
    assert result.exit_code == status, result.output
    assert word in result.output
    assert list(tmp_path.iterdir()) == []
