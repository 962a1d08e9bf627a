"""Faces that ``synhead predict`` finds by itself."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.learning.detection.random_detectors import picture, random_network, write_detector


@pytest.fixture(scope="module")
def place(tmp_path_factory, random_checkpoint):
    """Detectors that find faces everywhere and nowhere, two pictures, and an estimator."""
    folder = tmp_path_factory.mktemp("faces")
    for name, certain in (("everywhere", True), ("nowhere", False)):
        network = random_network(mesh_vertices=0, finest_stride=32)
        write_detector(folder / name / "detector", network, certain)
    (folder / "photos").mkdir()
    for number, size in enumerate([(90, 120), (64, 50)]):
        Image.fromarray(picture(size, number)).save(folder / "photos" / f"{number}.png")
    return folder, random_checkpoint(head="rot6d")


def answers(run, photos, model, *options):
    result = run("predict", photos, "--model", model, "--json", "--device", "cpu", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout), result.stderr


def test_one_row_for_every_face_that_the_bundled_detector_finds(run, place, monkeypatch):
    folder, model = place
    monkeypatch.setenv("SYNHEAD_MODELS", str(folder / "everywhere"))
    told, said = answers(run, folder / "photos", model)
    assert told["boxes"] == "the bundled detector"
    assert "faces: the bundled detector; --boxes says otherwise" in said
    assert told["faces"] == len(told["answers"]) > 2
    numbers = [answer["face"] for answer in told["answers"] if answer["image"].endswith("0.png")]
    assert numbers == list(range(len(numbers)))
    assert told["pictures_without_face"] == []
    box = np.array([answer["face_box_xyxy"] for answer in told["answers"]])
    np.testing.assert_allclose(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1], atol=0.03)
    named, _ = answers(run, folder / "photos", model, "--boxes", folder / "everywhere" / "detector")
    assert named["answers"] == told["answers"]


def test_pictures_without_a_face_are_told(run, place, monkeypatch):
    folder, model = place
    monkeypatch.setenv("SYNHEAD_MODELS", str(folder / "nowhere"))
    told, said = answers(run, folder / "photos", model)
    assert (told["answers"], told["faces"], told["without_face"]) == ([], 0, 2)
    assert told["pictures_without_face"] == [str(folder / "photos" / name) for name in ("0.png", "1.png")]
    assert "2 of 2 pictures have no face by the bundled detector" in said
    table = run("predict", folder / "photos", "--model", model, "-q", "--device", "cpu")
    assert (table.exit_code, len(table.stdout.splitlines()), table.stderr) == (0, 1, "")


def test_frames_of_a_video_without_a_face_are_told_by_number(run, place, tmp_path, monkeypatch):
    av = pytest.importorskip("av")
    folder, model = place
    with av.open(str(tmp_path / "v.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=20)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(3):
            pixels = np.full((48, 64, 3), 20 * number, np.uint8)
            pixels[:, :32] = 200  # nothing is found in pictures of one colour
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    monkeypatch.setenv("SYNHEAD_MODELS", str(folder / "nowhere"))
    told, _ = answers(run, tmp_path / "v.mp4", model, "--every", 2)
    assert told["pictures_without_face"] == [[str(tmp_path / "v.mp4"), 0], [str(tmp_path / "v.mp4"), 2]]
    monkeypatch.setenv("SYNHEAD_MODELS", str(folder / "everywhere"))
    told, _ = answers(run, tmp_path / "v.mp4", model, "--every", 2)
    assert {answer["frame_number"] for answer in told["answers"]} == {0, 2}


def test_without_a_bundled_detector_the_picture_is_the_face(run, place, tmp_path, monkeypatch):
    folder, model = place
    monkeypatch.setenv("SYNHEAD_MODELS", str(tmp_path))
    told, said = answers(run, folder / "photos", model)
    assert "faces: the whole picture" in said
    assert [answer["face_box_xyxy"] for answer in told["answers"]] == [[0, 0, 120, 90], [0, 0, 50, 64]]


def test_a_detector_in_place_of_an_estimator_and_the_other_way_round(run, place):
    folder, model = place
    taken = run("predict", folder / "photos", "--model", folder / "nowhere" / "detector", "--boxes", "whole", "-q")
    assert (taken.exit_code, taken.output.count("\n")) == (1, 1)
    assert "of a face detector, which finds faces: synhead detect takes it" in taken.output
    taken = run("predict", folder / "photos", "--model", model, "--boxes", model, "-q")
    assert (taken.exit_code, taken.output.count("\n")) == (1, 1)
    assert "which synhead predict takes" in taken.output
