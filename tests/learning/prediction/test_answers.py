import csv
import io
import json

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from synhead_tools.errors import ConventionError, PictureError, UnknownNameError
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.learning.prediction.answer_files import CsvAnswers, JsonAnswers, JsonLinesAnswers, writer_of
from synhead_tools.learning.prediction.answers import CAMERA, CROP_RAY, Answer, AnswerStyle

ROTMATS = Rotation.random(4, random_state=3).as_matrix()


def _answers(names=("a.png", "b.png", "c.mp4", "c.mp4")):
    frames = [(7, 0.28) if name.endswith("mp4") else (None, None) for name in names]
    box = np.array([1.0, 2.25, 30, 40])
    return [Answer(name, *frame, place, box, ROTMATS[place], CAMERA)
            for place, (name, frame) in enumerate(zip(names, frames, strict=True))]  # fmt: skip


def _written(writer_type, style, *parts, facts=None, counts=None):
    file = io.BytesIO()
    writer = writer_type(file, style, facts or {})
    for part in parts:
        writer.write(part)
    writer.finish(counts or {})
    return file.getvalue()


ALL = AnswerStyle(("biwi+", "hopenet", "zyx:+--:rad"), ("euler", "quat_xyzw", "rotmat"), with_frames=True)


def test_every_form_of_a_row_says_the_same_rotation():
    """Titles name angle, convention and unit; each triple is read back by its own convention."""
    rows = list(csv.DictReader(io.StringIO(_written(CsvAnswers, ALL, _answers()).decode())))
    for row, rotmat in zip(rows, ROTMATS, strict=True):
        found = {
            "biwi+": [float(row[f"{name}_biwi+_deg"]) for name in ("pitch", "yaw", "roll")],
            "hopenet": [float(row[f"{name}_hopenet_deg"]) for name in ("yaw", "pitch", "roll")],
            "zyx:+--:rad": [float(row[f"{name}_zyx:+--:rad_rad"]) for name in ("pitch", "yaw", "roll")],
        }
        for convention, triple in found.items():
            np.testing.assert_allclose(rotmat_from_euler([triple], convention)[0], rotmat, atol=5e-6)
        quaternion = [float(row[f"q{part}"]) for part in "xyzw"]
        np.testing.assert_allclose(Rotation.from_quat(quaternion).as_matrix(), rotmat, atol=1e-6)
        matrix = [[float(row[f"r{i}{j}"]) for j in range(3)] for i in range(3)]
        np.testing.assert_allclose(matrix, rotmat, atol=1e-6)
    assert [(row["frame_number"], row["time_s"]) for row in rows] == [("", ""), ("", ""), ("7", "0.280000")] + [
        ("7", "0.280000")
    ]
    assert [row["face"] for row in rows] == ["0", "1", "2", "3"]
    assert (rows[0]["x1"], rows[0]["y2"], rows[0]["rotation_frame"]) == ("1.00", "40.00", "camera")


def test_json_and_json_lines_say_what_the_table_says():
    document = json.loads(_written(JsonAnswers, ALL, _answers()[:3], [], _answers()[3:], facts={"model": "m"},
                                   counts={"faces": 4}))  # fmt: skip
    assert (document["model"], document["faces"], len(document["answers"])) == ("m", 4, 4)
    lines = [json.loads(line) for line in _written(JsonLinesAnswers, ALL, _answers()).splitlines()]
    assert lines == document["answers"]
    for told, rotmat in zip(lines, ROTMATS, strict=True):
        np.testing.assert_allclose(told["rotmat"], rotmat, atol=1e-6)
        angles = told["euler"]["hopenet"]
        triple = [angles[f"{name}_deg"] for name in ("yaw", "pitch", "roll")]
        np.testing.assert_allclose(rotmat_from_euler([triple], "hopenet")[0], rotmat, atol=5e-6)
        assert told["face_box_xyxy"] == [1.0, 2.25, 30.0, 40.0]
    assert "frame_number" not in lines[0]
    assert (lines[2]["frame_number"], lines[2]["time_s"]) == (7, 0.28)


@pytest.mark.parametrize("facts", [{}, {"model": "m"}])
def test_no_answers_are_a_whole_document_too(facts):
    assert json.loads(_written(JsonAnswers, AnswerStyle(), facts=facts, counts={"faces": 0}))["answers"] == []
    assert _written(CsvAnswers, AnswerStyle()).decode().startswith("image,face,")
    assert _written(CsvAnswers, AnswerStyle()).count(b"\n") == 1
    assert _written(JsonLinesAnswers, AnswerStyle()) == b""


def test_nothing_is_written_before_there_is_something_to_say():
    for writer_type in (CsvAnswers, JsonAnswers, JsonLinesAnswers):
        file = io.BytesIO()
        writer_type(file, AnswerStyle(), {"model": "m"})
        assert file.getvalue() == b""


def test_names_cannot_break_a_table_or_be_taken_for_formulas():
    names = ("=cmd.png", 'a,"b"\n.png', "\udcff.png", "@x.png")
    text = _written(CsvAnswers, AnswerStyle(), _answers(names)).decode("utf-8")
    rows = list(csv.reader(io.StringIO(text)))
    assert [row[0] for row in rows[1:]] == ["./=cmd.png", 'a,"b"\n.png', "\\udcff.png", "./@x.png"]
    lines = _written(JsonLinesAnswers, AnswerStyle(), _answers(names)).splitlines()
    assert [json.loads(line)["image"] for line in lines] == list(names)


def test_no_minus_zero_and_no_rounding_noise():
    answer = Answer("a", None, None, 0, np.array([-0.001, 0, 1, 1]), np.eye(3), CROP_RAY)
    row = _written(CsvAnswers, AnswerStyle(kinds=("euler", "rotmat")), [answer]).decode().splitlines()[1]
    assert row.startswith("a,0,0.00,0.00,1.00,1.00,crop ray,0.0000,0.0000,0.0000,1.0000000,0.0000000,")


def test_styles_and_names_that_do_not_exist():
    with pytest.raises(UnknownNameError):
        AnswerStyle(("nope",))
    with pytest.raises(ConventionError, match="matrices"):
        AnswerStyle(("mediapipe",))
    assert AnswerStyle(("mediapipe",), ("rotmat",)).titles[-1] == "r22"
    with pytest.raises(PictureError, match="kind"):
        AnswerStyle(kinds=("angles",))
    with pytest.raises(PictureError, match=r"\.csv, \.json, \.jsonl"):
        writer_of("a.txt")
