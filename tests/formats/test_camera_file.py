import json

import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.camera_file import read_camera_file

MATRIX = [[517.7, 0.0, 319.5], [0.0, 518.0, 239.5], [0.0, 0.0, 1.0]]
FLAT = [value for row in MATRIX for value in row]


@pytest.mark.parametrize(
    "fields",
    [
        {"camera_matrix": MATRIX, "image_width": 640, "image_height": 480},
        {"K": FLAT, "width": 640, "height": 480},
        {
            "camera_matrix": {"type_id": "opencv-matrix", "rows": 3, "cols": 3, "dt": "d", "data": FLAT},
            "distortion_coefficients": {"rows": 1, "cols": 5, "data": [0, 0, 0, 0, 0.0]},
            "image_width": 640,
            "image_height": 480,
        },
    ],
)
def test_json_in_its_usual_spellings(tmp_path, fields):
    (tmp_path / "c.json").write_text(json.dumps(fields))
    camera = read_camera_file(tmp_path / "c.json")
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (517.7, 518.0, 320.0, 240.0), "from corner, not from centre"
    assert camera.intrinsics_at(320, 240) == (258.85, 259.0, 160.0, 120.0)
    with pytest.raises(LabelFormatError, match="shape"):
        camera.intrinsics_at(320, 320)


@pytest.mark.parametrize("separator", [",", ";", " ", "\t"])
def test_csv(tmp_path, separator):
    (tmp_path / "c.csv").write_text("\n".join(separator.join(map(str, row)) for row in MATRIX) + "\n")
    camera = read_camera_file(tmp_path / "c.csv")
    assert (camera.fx, camera.cy, camera.width_px) == (517.7, 240.0, None)
    assert camera.intrinsics_at(77, 33)[0] == 517.7


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.json", "{"),
        ("c.json", "[1, 2]"),
        ("c.json", "{}"),
        ("c.json", json.dumps({"K": MATRIX[:2]})),
        ("c.json", json.dumps({"K": [[1, 2], [3]]})),
        ("c.json", json.dumps({"K": [["x"] * 3] * 3})),
        ("c.json", json.dumps({"K": FLAT, "width": 1.5})),
        ("c.json", json.dumps({"K": FLAT, "width": True})),
        ("c.json", json.dumps({"K": FLAT, "dist": [0.1, 0, 0, 0]})),
        ("c.json", '{"K": [NaN, 0, 1, 0, 1, 1, 0, 0, 1]}'),
        ("c.json", "[" * 100_000),
        ("c.csv", ""),
        ("c.csv", "1,2,3"),
        ("c.csv", "1,0,0\n0,-1,0\n0,0,1"),
        ("c.csv", "1,0,0\n0,1,0\n0,0,2"),
    ],
)
def test_what_is_no_camera_is_refused_in_one_line(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(LabelFormatError) as caught:
        read_camera_file(tmp_path / name)
    assert "\n" not in str(caught.value)
