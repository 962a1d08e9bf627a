import csv
import io
import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from synhead_tools.cli.main import synhead
from synhead_tools.cli.train_retinaface import PRECISIONS, PRESET_NAMES
from synhead_tools.errors import PictureError
from synhead_tools.learning.detection import checkpoint, detect_files
from synhead_tools.learning.detection.checkpoint import DetectorCheckpoint, DetectorRecord, save_detector_checkpoint
from synhead_tools.learning.detection.config import PRESETS, DetectionLossConfig, DetectorConfig
from synhead_tools.learning.detection.face_detector import LONGEST_PX
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
    assert document["longest_px"] == LONGEST_PX == 512
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
    drawn = Image.open(tmp_path / "drawn" / "deep" / "b.jpg")
    assert drawn.size == (32, 64)
    face = json.loads(found.stdout)["pictures"][0]["faces"][0]
    assert face["rotation_frame"] == "camera"
    assert np.array(face["mesh"]).shape == (1024, 3)
    alone = run(tmp_path / "no.png", "--model", place / "model")
    assert alone.exit_code == 1
    assert len(alone.stderr.strip().splitlines()) == 1
    assert alone.stdout == ""


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


@pytest.fixture
def bundled(place, tmp_path, monkeypatch):
    """The little detector as the bundled one."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "detector").symlink_to(place / "model")
    monkeypatch.setenv("SYNHEAD_MODELS", str(tmp_path / "models"))


def test_the_bundled_detector_is_asked_if_none_is_named(place, bundled, tmp_path):
    options = ("--score", "0.3", "--longest-px", "64")
    named = run(place / "photos", "--model", place / "model", *options)
    assert named.exit_code == 0, named.output
    assert len(named.stdout.splitlines()) > 3
    for model in ((), ("--model", "detector")):
        assert run(place / "photos", *options, *model).stdout == named.stdout
    told = json.loads(run(place / "photos", *options, "--json").stdout)
    assert told["model"] == "detector"
    assert (told["border"], told["second_border"]) == (0.0, 0.5)
    assert json.loads(run(place / "photos", "--border", "0.2", "--json").stdout)["second_border"] is None
    written = CliRunner().invoke(synhead, ["boxes", str(place / "photos"), str(tmp_path / "boxes.csv"), "-q"])
    assert written.exit_code == 0, written.output
    assert (tmp_path / "boxes.csv").read_text().startswith("image,x1,y1,x2,y2,score\n")


def test_a_missing_or_a_wrong_detector_is_one_line(place, tmp_path, monkeypatch, random_checkpoint):
    monkeypatch.setenv("SYNHEAD_MODELS", str(tmp_path))
    for model, complaint in (
        ((), "no face detector is bundled here; name one by --model"),
        (("--model", "nobody"), "no face detector 'nobody'"),
        (("--model", tmp_path), "give the folder of a synhead face detector"),
        (("--model", random_checkpoint()), "of a head-pose estimator, which synhead predict takes"),
        (("--model", tmp_path / "none.onnx"), "none.onnx cannot be read"),
    ):
        found = run(place / "photos" / "a.png", *model)
        assert (found.exit_code, found.stdout, found.stderr.count("\n")) == (1, "", 1), found.output
        assert complaint in found.stderr
        taken = CliRunner().invoke(synhead, ["boxes", str(place), str(tmp_path / "b.csv"), *map(str, model)])
        assert (taken.exit_code, taken.output.count("\n")) == (1, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_is_looked_at_upright(place, tmp_path):
    """What EXIF data say has been turned is found where it is after turning back; grey and alpha do not matter."""
    picture = Image.open(place / "photos" / "a.png").convert("L").convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.rotate(90, expand=True).save(tmp_path / "1.png", exif=exif)
    picture.save(tmp_path / "0.png")
    picture.convert("L").save(tmp_path / "2.png")
    picture.convert("RGBA").save(tmp_path / "3.png")
    Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257).save(tmp_path / "4.png")
    options = ("--model", place / "model", "--score", "0.3", "--longest-px", "64", "--json")
    pictures = json.loads(run(tmp_path, *options).stdout)["pictures"]
    assert [(each["width_px"], each["height_px"]) for each in pictures] == [(60, 40)] * 5
    assert len(pictures[0]["faces"]) > 0
    assert all(each["faces"] == pictures[0]["faces"] for each in pictures)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (2000, 3)])
def test_pictures_of_odd_shapes_are_answered(place, tmp_path, size):
    Image.new("RGB", size, (90, 120, 30)).save(tmp_path / "a.png")
    found = run(tmp_path / "a.png", "--model", place / "model", "--json", "--draw", tmp_path / "drawn")
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["pictures"][0]["width_px"] == size[0]
    assert Image.open(tmp_path / "drawn" / "a.png").size == size


def test_a_picture_too_large_for_its_own_size_is_passed_over(place, tmp_path):
    Image.new("L", (6000, 6000)).save(tmp_path / "a.png")
    Image.new("L", (60, 60)).save(tmp_path / "b.png")
    found = run(tmp_path, "--model", place / "model", "--original-size", "--json", "--border", "0")
    assert found.exit_code == 1
    assert "a.png: an input of 6016 x 6016 px is larger" in found.stderr
    assert [each["width_px"] for each in json.loads(found.stdout)["pictures"]] == [60]
    assert run(tmp_path / "a.png", "--model", place / "model").exit_code == 0


def test_names_that_a_spreadsheet_would_take_for_formulas(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "=a.png").write_bytes((place / "photos" / "a.png").read_bytes())
    found = run("=a.png", "--model", place / "model", "--score", "0.3", "--longest-px", "64")
    assert [row["image"] for row in csv.DictReader(io.StringIO(found.stdout))][0] == "./=a.png"


def test_videos_alone_have_no_boxes_file_and_bad_pictures_end_with_1(place, tmp_path):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "a.mp4").write_bytes(b"")
    options = ("--model", str(place / "model"), "--device", "cpu", "-q")
    alone = CliRunner().invoke(synhead, ["boxes", str(tmp_path / "films"), str(tmp_path / "b.csv"), *options])
    assert (alone.exit_code, alone.output.count("\n")) == (1, 1)
    assert "only 1 videos" in alone.output
    assert not (tmp_path / "b.csv").exists()
    (tmp_path / "films" / "b.png").write_bytes(b"no")
    (tmp_path / "films" / "c.png").write_bytes((place / "photos" / "a.png").read_bytes())
    mixed = CliRunner().invoke(synhead, ["boxes", str(tmp_path / "films"), str(tmp_path / "b.csv"), *options, "--json"])
    assert mixed.exit_code == 1
    assert "passed over" in mixed.stderr
    assert json.loads(mixed.stdout)["passed_over"] == 1


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


def test_a_film_with_what_was_found_is_a_film_again(place, tmp_path):
    pytest.importorskip("av")
    from fractions import Fraction

    from synhead_tools.learning.prediction.video_file import open_video
    from synhead_tools.learning.prediction.video_writer import VideoWriter

    rows, columns = np.mgrid[:40, :60]
    ramp = np.stack([90 + columns, 80 + rows, 0 * rows + 100], axis=-1).astype(np.uint8)
    with (tmp_path / "film.mp4").open("w+b") as file:
        video = VideoWriter(file, 60, 40, Fraction(10))
        for number in range(6):
            video.write(Image.fromarray(ramp), number / 10)
        video.close()
    options = ("--model", place / "model", "--score", "0.3", "--longest-px", "64", "--every", "2", "--json")
    found = run(tmp_path / "film.mp4", *options, "--draw", tmp_path / "drawn.mp4")
    assert found.exit_code == 0, found.output
    pictures = json.loads(found.stdout)["pictures"]
    assert len(pictures) == 3
    assert pictures[0]["faces"]
    with open_video(tmp_path / "drawn.mp4") as video:
        frames = list(video.read())
    np.testing.assert_allclose([frame.time_s for frame in frames], [0.0, 0.2, 0.4], atol=1e-3)
    assert np.abs(frames[0].picture.astype(int) - ramp).max() > 60  # something is drawn
    with open_video(tmp_path / "film.mp4") as video:
        assert np.abs(next(iter(video.read())).picture.astype(int) - ramp).max() < 20
    again = run(tmp_path / "film.mp4", *options, "--draw", tmp_path / "film.mp4", "--overwrite")
    assert (again.exit_code, "is an input" in again.output) == (1, True)


def test_drawn_copies_replace_nothing_else(place, tmp_path):
    options = ("--model", place / "model", "--score", "0.3", "--longest-px", "64")
    photo, mine = place / "photos" / "a.png", tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.png").write_bytes(b"mine")
    refused = run(photo, *options, "--draw", mine, "--overwrite")
    assert (refused.exit_code, (mine / "thesis.png").read_bytes()) == (1, b"mine")
    for _ in range(2):
        assert run(photo, *options, "--draw", tmp_path / "drawn", "--overwrite").exit_code == 0
    one = run(photo, *options, "--out", tmp_path / "new" / "faces.csv", "--draw", tmp_path / "new")
    assert (one.exit_code, "go to one place" in one.output) == (1, True)


@pytest.mark.parametrize("good", [0, 3])
def test_what_comes_before_a_film_breaks_off_is_told(place, tmp_path, monkeypatch, good):
    from contextlib import contextmanager
    from fractions import Fraction
    from types import SimpleNamespace

    def frames(every):
        for number in range(good):
            yield SimpleNamespace(picture=np.full((40, 60, 3), 90, np.uint8), number=number, time_s=number / 10)
        raise PictureError(f"film.mp4 is damaged after {good} frames; what follows is left out")

    @contextmanager
    def open_video(path):
        yield SimpleNamespace(rate=Fraction(10), read=frames)

    monkeypatch.setattr(detect_files, "open_video", open_video)
    (tmp_path / "film.mp4").write_bytes(b"a film")
    found = run(tmp_path / "film.mp4", "--model", place / "model", "--out", tmp_path / "faces.jsonl")
    assert found.exit_code == 1
    assert f"damaged after {good} frames" in found.stderr
    assert (tmp_path / "faces.jsonl").exists() == bool(good)
    if good:
        assert len((tmp_path / "faces.jsonl").read_text().splitlines()) == good
