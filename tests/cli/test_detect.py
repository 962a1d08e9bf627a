import csv
import io
import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from synhead_tools.cli.main import synhead
from synhead_tools.cli.train_retinaface import PRECISIONS, PRESET_NAMES
from synhead_tools.learning.detection import checkpoint
from synhead_tools.learning.detection.checkpoint import DetectorCheckpoint, DetectorRecord, save_detector_checkpoint
from synhead_tools.learning.detection.config import PRESETS, DetectionLossConfig, DetectorConfig
from synhead_tools.learning.detection.train_config import DetectorTraining
from synhead_tools.learning.detection.train_loop import DetectorPlan, initial_network

LITTLE = DetectorConfig(
    backbone="mobilenet0.25", backbone_width=2, channels=8, deformable=False, finest_stride=16, mesh_rank=2
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A detector that finds nothing sure, and pictures."""
    folder = tmp_path_factory.mktemp("detect")
    network = initial_network(DetectorPlan(LITTLE, DetectionLossConfig(), DetectorTraining(seed=1)))
    save_detector_checkpoint(folder / "model", DetectorCheckpoint(network, DetectorRecord(LITTLE, 64, 0, 1)))
    (folder / "photos" / "deep").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name, size in (("a.png", (40, 60)), ("deep/b.jpg", (64, 32))):
        Image.fromarray(rng.integers(0, 255, (*size, 3), np.uint8)).save(folder / "photos" / name)
    return folder


def run(*arguments):
    return CliRunner().invoke(synhead, ["detect", *map(str, arguments), "-q", "--device", "cpu"])


def test_pictures_without_faces_are_empty_lists(place):
    found = run(place / "photos", "--model", place / "model", "--score", "1", "--json")
    assert found.exit_code == 0, found.output
    document = json.loads(found.stdout)
    assert [picture["faces"] for picture in document["pictures"]] == [[], []]
    assert [picture["width_px"] for picture in document["pictures"]] == [60, 32]
    assert document["longest_px"] == 640
    assert document["convention"] == "biwi+"


def test_csv_has_one_row_per_face_and_json_lines_one_per_picture(place, tmp_path):
    options = (
        "--model",
        place / "model",
        "--score",
        "0.3",
        "--longest-px",
        "64",
        "--nms",
        "0.1",
        "--convention",
        "hopenet",
    )
    out = tmp_path / "faces.jsonl"
    assert run(place / "photos", *options, "--out", out).exit_code == 0
    pictures = [json.loads(line) for line in out.read_text().splitlines()]
    table = run(place / "photos", *options)
    rows = list(csv.DictReader(io.StringIO(table.stdout)))
    faces = [face for picture in pictures for face in picture["faces"]]
    assert len(rows) == len(faces) > 2
    assert "yaw_hopenet_deg" in rows[0]
    assert rows[0]["rotation_frame"] == "face ray"
    assert float(rows[0]["right_eye_x"]) == pytest.approx(faces[0]["points"]["right_eye"][0], abs=1e-3)
    assert np.array(faces[0]["rotmat"]).shape == (3, 3)
    assert np.array(faces[0]["landmarks68"]).shape == (68, 3)
    assert "mesh" not in faces[0]
    again = run(place / "photos", *options, "--out", out)
    assert again.exit_code == 1
    assert "already there" in again.output


def test_drawn_copies_and_inputs_that_cannot_be_used(place, tmp_path):
    (tmp_path / "no.png").write_bytes(b"no picture")
    found = run(
        place / "photos", tmp_path / "no.png", "--model", place / "model", "--score", "0.3", "--longest-px", "64",
        "--draw", tmp_path / "drawn", "--fov", "60", "--json", "--mesh",
    )  # fmt: skip
    assert found.exit_code == 1
    assert "passed over" in found.stderr
    drawn = Image.open(tmp_path / "drawn" / "deep" / "b.jpg.png")
    assert drawn.size == (32, 64)
    face = json.loads(found.stdout)["pictures"][0]["faces"][0]
    assert face["rotation_frame"] == "camera"
    assert np.array(face["mesh"]).shape == (1024, 3)
    alone = run(tmp_path / "no.png", "--model", place / "model")
    assert alone.exit_code == 1
    assert len(alone.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--out", "faces.txt"), "end its name with .csv"),
        (("--convention", "mediapipe"), "mediapipe"),
        (("--longest-px", "3"), "3 is not in the range"),
    ],
)
def test_wrong_options_are_one_line(place, arguments, complaint):
    found = run(place / "photos" / "a.png", "--model", place / "model", *arguments)
    assert found.exit_code in (1, 2)
    assert complaint in found.output


def test_names_on_the_command_line_are_those_of_the_library():
    assert set(PRESET_NAMES) == set(PRESETS)
    assert set(PRECISIONS) == set(checkpoint.PRECISIONS)


def test_boxes_are_squares_that_other_commands_take(place, tmp_path):
    from synhead_tools.formats.open import open_any
    from synhead_tools.learning.prediction.box_table import read_box_table

    out = tmp_path / "boxes.csv"
    options = ("--model", place / "model", "--score", "0.3", "--longest-px", "64", "--device", "cpu", "--json")
    made = CliRunner().invoke(synhead, ["boxes", *map(str, (place / "photos", out, *options))])
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["pictures"] == 2
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [row["image"] for row in rows] == ["a.png", "deep/b.jpg"]  # the surest face of each
    box = open_any(place / "photos", labels=out).read("face_box_xyxy")
    np.testing.assert_allclose(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1], atol=0.03)
    assert read_box_table(out) is not None
    sure = CliRunner().invoke(
        synhead, ["boxes", *map(str, (place / "photos", tmp_path / "none.csv", *options)), "--score", "1"]
    )
    assert "2 of 2 pictures show no face: a.png, deep/b.jpg" in sure.stderr
