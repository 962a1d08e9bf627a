import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from synhead_tools.cli.predict import DRAWINGS as WORDS
from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.open import open_any
from synhead_tools.learning.load_estimator import load_estimator
from synhead_tools.learning.prediction.picture_file import read_picture
from synhead_tools.learning.prediction.pose_drawing import DRAWINGS


@pytest.fixture(scope="module")
def model(random_checkpoint):
    return random_checkpoint(head="rot6d")


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for name in ("a.png", "sub/b.jpg", "c.bmp"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(len(name)).integers(0, 256, (60, 80, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
    return folder


def _rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_drawings_are_the_library_s():
    assert WORDS == DRAWINGS


def test_a_photo_is_answered_on_stdout(run, model, photos):
    result = run("predict", photos / "a.png", "--model", model, "--boxes", "whole")
    assert result.exit_code == 0, result.output
    (row,) = _rows(result.stdout)
    assert row["image"] == str(photos / "a.png")
    assert [row[name] for name in ("face", "x1", "y1", "x2", "y2")] == ["0", "0.00", "0.00", "80.00", "60.00"]
    assert row["rotation_frame"] == "crop ray"
    assert set(row) >= {"pitch_biwi+_deg", "yaw_biwi+_deg", "roll_biwi+_deg", "qx", "qw"}
    assert "line of sight" in result.stderr
    quiet = run("predict", photos / "a.png", "--model", model, "--boxes", "whole", "-q")
    assert (quiet.stdout, quiet.stderr) == (result.stdout, "")


def test_folders_files_and_drawings_at_once(run, model, photos, tmp_path):
    options = ("--model", model, "--boxes", "10,10,50,50", "--fov", 60, "--convention", "hopenet", "--convention",
               "biwi", "--write", "all", "--draw", tmp_path / "drawn", "--drawing", "cube", "--flip")  # fmt: skip
    result = run("predict", photos, *options, "--out", tmp_path / "out.csv", "--json")
    assert result.exit_code == 0, result.output
    told = {"out": str(tmp_path / "out.csv"), "pictures": 3, "faces": 3, "without_face": 0, "passed_over": 0}
    assert json.loads(result.stdout) == told
    rows = _rows((tmp_path / "out.csv").read_text())
    assert [row["image"] for row in rows] == [str(photos / name) for name in ("a.png", "c.bmp", "sub/b.jpg")]
    assert {row["rotation_frame"] for row in rows} == {"camera"}
    assert {"yaw_hopenet_deg", "yaw_biwi_deg", "qx", "r22"} <= set(rows[0])
    for name in ("a.png", "c.png", "sub/b.jpg"):
        assert read_picture(tmp_path / "drawn" / name).shape == (60, 80, 3)
    assert (read_picture(tmp_path / "drawn" / "a.png") != read_picture(photos / "a.png")).any()
    again = run("predict", photos, *options, "--out", tmp_path / "out.csv")
    assert again.exit_code == 1
    assert "already there" in again.output
    before = (tmp_path / "out.csv").read_bytes()
    assert run("predict", photos, *options, "--out", tmp_path / "out.csv", "--overwrite").exit_code == 0
    assert (tmp_path / "out.csv").read_bytes() == before


@pytest.mark.parametrize("name", ["out.json", "out.jsonl", "out.csv"])
def test_what_is_written_is_read_again_as_boxes(run, model, photos, name, tmp_path):
    first = run("predict", photos, "--model", model, "--boxes", "5,6,40,50", "--out", tmp_path / name, "-q")
    assert first.exit_code == 0, first.output
    second = run("predict", photos, "--model", model, "--boxes", tmp_path / name, "--json", "-q")
    assert second.exit_code == 0, second.output
    document = json.loads(second.stdout)
    assert [answer["face_box_xyxy"] for answer in document["answers"]] == [[5, 6, 40, 50]] * 3
    assert document["boxes"] == f"the boxes of {name}"
    assert document["estimator"]["method"] == "source-only"
    assert document["faces"] == 3


def test_a_bad_picture_among_others_is_passed_over_with_exit_status_1(run, model, photos, tmp_path):
    (photos / "broken.png").write_bytes((photos / "a.png").read_bytes()[:100])
    result = run("predict", photos, "--model", model, "--boxes", "whole", "--out", tmp_path / "out.csv", "-q")
    assert result.exit_code == 1
    assert len(_rows((tmp_path / "out.csv").read_text())) == 3
    lines = result.stderr.splitlines()
    assert lines[0].startswith("passed over: ")
    assert "broken.png" in lines[0]
    assert lines[1] == "1 of the inputs could not be used to their end"


def test_a_bad_picture_alone_is_one_line_and_writes_nothing(run, model, tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    options = ("--model", model, "--boxes", "whole", "-q")
    result = run("predict", tmp_path / "a.png", *options)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    for extra in (("--out", tmp_path / "out.csv"), ("--draw", tmp_path / "drawn"), ("--draw", tmp_path / "b.png")):
        assert run("predict", tmp_path / "a.png", *options, *extra).exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_pictures_without_a_listed_box_are_counted(run, model, photos, tmp_path):
    (tmp_path / "boxes.csv").write_text("image,x1,y1,x2,y2\nsub/b.jpg,1,2,30,40\nsub/b.jpg,11,12,30,40\n")
    result = run("predict", photos, "--model", model, "--boxes", tmp_path / "boxes.csv")
    assert result.exit_code == 0, result.output
    assert [(row["face"], row["x1"]) for row in _rows(result.stdout)] == [("0", "1.00"), ("1", "11.00")]
    assert "2 of 3 pictures have no face by the boxes of boxes.csv" in result.stderr


def test_a_video_is_answered_and_drawn(run, model, tmp_path):
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / "v.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=20)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(8):
            pixels = np.full((48, 64, 3), 20 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    options = ("--model", model, "--boxes", "whole", "--every", 3, "--draw", tmp_path / "drawn.mp4")
    result = run("predict", tmp_path / "v.mp4", *options)
    assert result.exit_code == 0, result.output
    assert [(row["frame_number"], row["time_s"]) for row in _rows(result.stdout)] == [
        ("0", "0.000000"), ("3", "0.150000"), ("6", "0.300000")
    ]  # fmt: skip
    with av.open(str(tmp_path / "drawn.mp4")) as container:
        np.testing.assert_allclose([frame.time for frame in container.decode(video=0)], [0, 0.15, 0.3], atol=1e-3)


@pytest.mark.parametrize(
    ("options", "status", "word"),
    [
        (("--boxes", "nowhere.csv"), 2, "neither whole"),
        (("--boxes", "90,90,95,95"), 1, "no area in a picture"),
        (("--boxes", "30,30,20,20"), 1, "no area in a picture"),
        (("--boxes", "photos/others.csv"), 1, "none of the 1 pictures"),
        (("--intrinsics", "1,2,3"), 2, "neither FX,FY,CX,CY"),
        (("--intrinsics", "0,2,3,4"), 1, "above 0"),
        (("--intrinsics", "5,5,1,1", "--fov", 60), 2, "same thing"),
        (("--fov", 0), 2, "--fov"),
        (("--convention", "nope"), 1, "unknown Euler convention"),
        (("--convention", "mediapipe"), 1, "matrices"),
        (("--out", "a.txt"), 1, ".jsonl"),
        (("--draw", "a.mp4"), 1, "cannot hold"),
        (("--batch-size", 0), 2, "--batch-size"),
        (("--every", 0), 2, "--every"),
        (("--model", "nobody"), 1, "nobody"),
        (("--device", "abacus"), 1, "abacus"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(options, status, word, run, model, photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (photos / "others.csv").write_text("image,x1,y1,x2,y2\nz.png,1,2,3,4\n")
    given = ("predict", photos / "a.png", "--model", model, "--boxes", "whole", "-q", *options)
    result = run(*given)
    assert result.exit_code == status, result.output
    assert word in result.output
    assert status == 2 or len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_inputs_are_needed_and_not_replaced(run, model, photos):
    assert run("predict").exit_code == 2
    assert run("predict", photos / "missing.png").exit_code == 2
    options = ("--model", model, "--boxes", "whole", "--overwrite")
    before = (photos / "a.png").read_bytes()
    result = run("predict", photos / "a.png", *options, "--draw", photos / "a.png")
    assert result.exit_code == 1
    assert "is an input" in result.output
    assert run("predict", photos, *options, "--draw", photos).exit_code == 1
    assert (photos / "a.png").read_bytes() == before


def test_names_with_control_characters_do_not_reach_the_terminal(run, model, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a\x1b[31m.png", "b.png"):
        (tmp_path / "in" / name).write_bytes(b"")
    Image.new("RGB", (8, 8)).save(tmp_path / "in" / "c.png")
    result = run("predict", tmp_path / "in", "--model", model, "--boxes", "whole")
    assert result.exit_code == 1
    assert "\x1b" not in result.stderr


def _start(*arguments, **options):
    command = [sys.executable, "-m", "synhead_tools", "predict", *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)


def test_an_interrupted_run_leaves_nothing(model, tmp_path):
    """Ctrl-C in the middle of many pictures: exit status 130, no file, no folder."""
    folder = tmp_path / "many"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "0.png")
    for number in range(1, 3000):
        os.link(folder / "0.png", folder / f"{number}.png")
    out = tmp_path / "out"
    out.mkdir()
    process = _start(folder, "--model", model, "--boxes", "whole", "--out", out / "a.csv", "--draw", out / "drawn")
    building, deadline = out / ".drawn.tmp", time.monotonic() + 60
    while not (building.is_dir() and any(building.iterdir())):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate()
    assert process.returncode == 130
    assert stderr.splitlines()[-1] == "interrupted"
    assert list(out.iterdir()) == []


@pytest.mark.real
def test_real_frames_and_photos(run, model, real_data, tmp_path):
    """Every BIWI frame with its Biwi+ box, AFLW2000 photos whole: finite rotations, drawn pictures of the same size."""
    frames = real_data / "biwi_frames" / "hpdb"
    result = run(
        "predict", frames, "--model", model, "--boxes", real_data / "biwi_plus" / "Biwi_plus.npz", "--intrinsics",
        "517.679,517.679,320,240.5", "--write", "rotmat", "--out", tmp_path / "out.jsonl", "-q",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    answers = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert len(answers) == len(list(frames.rglob("*.png")))
    rotmat = np.array([answer["rotmat"] for answer in answers])
    np.testing.assert_allclose(rotmat @ rotmat.swapaxes(1, 2), np.broadcast_to(np.eye(3), rotmat.shape), atol=1e-5)
    assert all(np.ptp(answer["face_box_xyxy"][::2]) > 80 for answer in answers)
    labelled = open_any(real_data / "biwi_frames", labels=real_data / "biwi_plus" / "Biwi_plus.npz")
    estimator = load_estimator(model)
    expected = estimator.predict(estimator.read_crops(labelled))  # the very way in which evaluate scores them
    np.testing.assert_allclose(rotmat, expected, atol=1e-5)
    photos = sorted((real_data / "aflw2000_sample").glob("*.jpg"))[:3]
    result = run("predict", *photos, "--model", model, "--boxes", "whole", "--draw", tmp_path / "drawn", "-q")
    assert result.exit_code == 0, result.output
    for photo in photos:
        drawn, plain = read_picture(tmp_path / "drawn" / photo.name), read_picture(photo)
        assert drawn.shape == plain.shape
        changed = np.abs(drawn.astype(int) - plain).max(axis=-1) > 60
        assert 0.002 < changed.mean() < 0.3
    assert Path(tmp_path / "drawn").is_dir()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--write", "quat", "--convention", "hopenet"), "--convention means nothing here"),
        (("--drawing", "cube"), "--drawing means nothing here"),
        (("--boxes", "whole", "--no-close-ups"), "--close-ups means nothing here"),
        (("--boxes", ""), "--boxes ''"),
        (("--intrinsics", ""), "--intrinsics ''"),
    ],
)
def test_options_that_would_do_nothing_are_refused(run, model, photos, options, word):
    result = run("predict", photos / "a.png", "--model", model, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert word in result.stderr


def test_an_empty_model_is_not_the_folder_one_is_in(run, photos):
    result = run("predict", photos / "a.png", "--model", "", "--boxes", "whole")
    assert result.exit_code == 1
    assert "there is no estimator ''" in result.stderr


@pytest.mark.parametrize("out", ["place.csv", "place.csv/poses.csv"])
def test_answers_and_drawings_in_one_place_are_refused_before_anything_is_written(run, model, photos, tmp_path, out):
    place = tmp_path / "place.csv"
    options = ("--model", model, "--boxes", "whole", "--draw", place, "--out", tmp_path / out, "--overwrite")
    result = run("predict", photos / "a.png", *options)
    assert result.exit_code == 1
    assert "go to one place" in result.stderr
    assert not place.exists()


def test_drawn_copies_among_the_inputs_are_no_inputs(run, model, photos):
    options = ("--model", model, "--boxes", "whole", "--draw", photos / "drawn", "-q")
    first = run("predict", photos, *options)
    second = run("predict", photos, *options, "--overwrite")
    assert (first.exit_code, second.exit_code) == (0, 0), second.output
    assert second.stdout == first.stdout
    assert len(_rows(run("predict", photos / "drawn", *options[:4]).stdout)) == 3


def test_quaternions_of_predict_are_restated_by_convert_euler(run, model, photos, tmp_path):
    said = run("predict", photos, "--model", model, "--boxes", "whole", "--convention", "hopenet", "--out",
               tmp_path / "said.csv")  # fmt: skip
    assert said.exit_code == 0, said.output
    options = ("--from", "synhead", "--to", "hopenet", "--write", "euler", "-q")
    result = run("convert-euler", tmp_path / "said.csv", tmp_path / "restated.csv", *options)
    assert result.exit_code == 0, result.output
    for row in _rows((tmp_path / "restated.csv").read_text()):
        for name in ("pitch", "yaw", "roll"):
            assert float(row[f"{name}_deg"]) == pytest.approx(float(row[f"{name}_hopenet_deg"]), abs=1e-3)
        assert row["rotation_frame"] == "crop ray"


def test_rotations_against_the_crop_s_ray_are_no_labels_of_the_camera_frame(run, model, photos, tmp_path):
    options = ("--model", model, "--boxes", "whole")
    assert run("predict", photos, *options, "--out", tmp_path / "ray.csv").exit_code == 0
    assert run("predict", photos, *options, "--out", tmp_path / "camera.csv", "--fov", 60).exit_code == 0
    assert len(open_any(tmp_path / "camera.csv")) == 3
    with pytest.raises(LabelFormatError, match="row 2: rotation_frame is 'crop ray', not camera"):
        open_any(tmp_path / "ray.csv")
