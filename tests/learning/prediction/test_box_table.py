from pathlib import Path

import numpy as np
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.learning.prediction.box_table import read_box_table

PICTURE = np.zeros((48, 64, 3), np.uint8)
CSV = "image,frame_number,x1,y1,x2,y2,score\n01/a.png,,1,2,30,40,0.9\n02/a.png,,3,4,30,40,0.9\n01/a.png,,5,6,20,20,1\n"
CSV += "b.mp4,7,8,9,20,30,\nb.mp4,,0,0,10,10,\n"


def test_a_picture_is_known_by_the_longest_ending_that_is_listed(tmp_path):
    (tmp_path / "boxes.csv").write_text(CSV)
    table = read_box_table(tmp_path / "boxes.csv")
    first = table.find(PICTURE, tmp_path / "x" / "01" / "a.png", None)
    np.testing.assert_array_equal(first, [[1, 2, 30, 40], [5, 6, 20, 20]])
    np.testing.assert_array_equal(table.find(PICTURE, tmp_path / "02" / "a.png", None), [[3, 4, 30, 40]])
    assert table.find(PICTURE, tmp_path / "03" / "a.png", None).shape == (0, 4)
    assert table.find(PICTURE, tmp_path / "a.png", None).shape == (0, 4)


def test_boxes_of_one_frame_go_before_those_of_the_video(tmp_path):
    (tmp_path / "boxes.csv").write_text(CSV)
    table = read_box_table(tmp_path / "boxes.csv")
    np.testing.assert_array_equal(table.find(PICTURE, tmp_path / "b.mp4", 7), [[8, 9, 20, 30]])
    np.testing.assert_array_equal(table.find(PICTURE, tmp_path / "b.mp4", 8), [[0, 0, 10, 10]])


def test_a_name_is_found_from_within_its_folder(tmp_path, monkeypatch):
    (tmp_path / "01").mkdir()
    (tmp_path / "boxes.csv").write_text(CSV)
    table = read_box_table(tmp_path / "boxes.csv")
    monkeypatch.chdir(tmp_path / "01")
    assert len(table.find(PICTURE, Path("a.png"), None)) == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '[{"image": "a.png", "x1": 1, "y1": 2, "x2": 30, "y2": 40}]'),
        ("a.json", '{"faces": [{"image": "a.png", "face_box_xyxy": [1, 2, 30, 40]}], "more": 1}'),
        ("a.json", '{"answers": [{"image": "./a.png", "face_box_xyxy": [1, 2, 30, 40]}]}'),
        ("a.jsonl", '{"image": "a.png", "x1": 1, "y1": 2, "x2": 30, "y2": 40}\n\n'),
        (
            "a.json",
            '{"pictures": [{"file": "a.png", "faces": [{"box_xyxy": [1, 2, 30, 40]}]}, {"file": "b", "faces": []}]}',
        ),
        ("a.jsonl", '{"file": "a.png", "frame": null, "faces": [{"box_xyxy": [1, 2, 30, 40], "score": 1}]}\n'),
        ("a.csv", "file,frame,time_s,face,score,x1,y1,x2,y2\na.png,,,0,0.9,1,2,30,40\n"),
        ("a.csv", "\ufeffIMAGE;X1;Y1;X2;Y2\r\na.png;1;2;30;40\r\n"),
    ],
)
def test_every_form_is_read(name, text, tmp_path):
    (tmp_path / name).write_text(text)
    np.testing.assert_array_equal(read_box_table(tmp_path / name).find(PICTURE, tmp_path / "a.png", None),
                                  [[1, 2, 30, 40]])  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", ""),
        ("a.csv", "image,x1,y1,x2,y2\n"),
        ("a.csv", "image,x1,y1,x2\na.png,1,2,3\n"),
        ("a.csv", "image,x1,y1,x2,y2\na.png,1,2,x,4\n"),
        ("a.csv", "image,x1,y1,x2,y2\na.png,1,2,1,4\n"),
        ("a.csv", "image,x1,y1,x2,y2\na.png,1,2,inf,4\n"),
        ("a.csv", "image,x1,y1,x2,y2\na.png,1,2\n"),
        ("a.csv", "image,x1,y1,x2,y2\n,1,2,3,4\n"),
        ("a.json", "{"),
        ("a.json", "[" * 100_000),
        ("a.json", "3"),
        ("a.json", "[3]"),
        ("a.json", '[{"image": 3, "x1": 1, "y1": 2, "x2": 3, "y2": 4}]'),
        ("a.json", '[{"image": "a", "face_box_xyxy": [1, 2, 3]}]'),
        ("a.json", '[{"image": "a", "face_box_xyxy": [1, 2, 3, 1e999]}]'),
        ("a.json", '[{"image": "a", "face_box_xyxy": [1, 2, 3, null]}]'),
        ("a.json", '[{"image": "a", "frame_number": "x", "face_box_xyxy": [1, 2, 3, 4]}]'),
        ("a.json", '[{"image": "a", "faces": 3}]'),
        ("a.json", '[{"image": "a", "faces": [3]}]'),
        ("a.npz", "PK"),
        ("a.txt", "image,x1,y1,x2,y2\na.png,1,2,3,4\n"),
    ],
)
def test_tables_that_are_none_are_named_in_a_line(name, text, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(LabelFormatError, match=name.replace(".", r"\.")) as caught:
        read_box_table(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".csv", ".json", ".jsonl"])
def test_what_the_detector_writes_is_read(suffix, tmp_path):
    from synhead_tools.learning.detection.detection_files import DetectionFile, FoundIn
    from synhead_tools.learning.detection.detections import Detections

    boxes = np.array([[1.0, 2, 30, 40], [5, 6, 20, 20]])
    found = Detections(boxes, np.array([0.9, 0.8]), np.zeros((2, 5, 2)), None)
    with (tmp_path / f"faces{suffix}").open("wb") as file:
        writer = DetectionFile(file, suffix)
        writer.add(FoundIn("in/a.png", None, None, 64, 48, found))
        writer.add(FoundIn("v.mp4", 3, 0.1, 64, 48, found))
        writer.finish()
    table = read_box_table(tmp_path / f"faces{suffix}")
    np.testing.assert_allclose(table.find(PICTURE, Path("in/a.png"), None), boxes)
    np.testing.assert_allclose(table.find(PICTURE, Path("v.mp4"), 3), boxes)
    assert table.find(PICTURE, Path("v.mp4"), 4).shape == (0, 4)
