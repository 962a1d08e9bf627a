import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

from tests.learning.detection.random_detectors import picture, random_network, write_detector


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("detector")
    write_detector(folder / "model", random_network(mesh_vertices=1024, mesh_rank=3, finest_stride=8))
    (folder / "photos").mkdir()
    for number, size in enumerate([(90, 120), (64, 50)]):
        Image.fromarray(picture(size, number)).save(folder / "photos" / f"{number}.png")
    return folder


def test_a_detector_is_exported_and_finds_what_it_found(run, place, tmp_path):
    result = run("export", place / "model", tmp_path / "a.onnx", "--licence", "CC0", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["parity"]["largest_px"] < 1e-3
    assert told["parity"]["largest_score"] < 1e-5
    assert [entry["width_px"] for entry in told["latency"]] == [640, 320]
    assert all(entry["median_ms"] > 0 for entry in told["latency"])
    assert told["bytes"] == (tmp_path / "a.onnx").stat().st_size
    tables = []
    for model in (place / "model", tmp_path / "a.onnx", tmp_path / "a.toml"):
        found = run("detect", place / "photos", "--model", model, "--longest-px", 128, "--device", "cpu", "-q")
        assert found.exit_code == 0, found.output
        rows = [[float(cell) for cell in row[3:19]] for row in list(csv.reader(io.StringIO(found.stdout)))[1:]]
        tables.append(np.array(rows))
    assert len(tables[0]) > 3
    np.testing.assert_allclose(tables[1], tables[0], atol=5e-3)
    np.testing.assert_array_equal(tables[1], tables[2])
    again = run("export", place / "model", tmp_path / "a.onnx")
    assert again.exit_code == 1
    assert len(again.output.splitlines()) == 1
    plain = run("export", place / "model", tmp_path / "a.onnx", "--overwrite", "--no-latency")
    assert plain.exit_code == 0
    assert [line.split(":")[0] for line in plain.output.splitlines()][1].startswith("largest difference from")
    taken = run("predict", place / "photos", "--model", tmp_path / "a.toml", "--boxes", "whole", "-q")
    assert taken.exit_code == 1
    assert "declares a face detector" in taken.output


@pytest.mark.parametrize(
    ("options", "status", "word"),
    [(("--uint8",), 2, "--uint8 means nothing here"), (("--format", "coco"), 2, "--format means nothing here")],
)
def test_options_that_mean_nothing(options, status, word, run, place, tmp_path):
    result = run("export", place / "model", tmp_path / "a.onnx", *options)
    assert result.exit_code == status
    assert word in result.output
    assert list(tmp_path.iterdir()) == []


def test_no_bundled_detector_is_said_in_a_line(run, tmp_path, monkeypatch):
    monkeypatch.setenv("SYNHEAD_MODELS", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    result = run("export", "detector", "a.onnx")
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "no face detector 'detector'" in result.output
    assert list(tmp_path.iterdir()) == []
