import os

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.hopenet_csv import HopenetCsv
from synhead_tools.formats.open import open_any
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.euler import rotmat_from_euler

ROW = "a.png,1,2,5,6,10,20,30\n"


def _folder(tmp_path, text=ROW, pictures=("a.png", "sub/b.png"), name="synhead.csv"):
    for shade, picture in enumerate(pictures):
        (tmp_path / picture).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 7), (shade, 0, 0)).save(tmp_path / picture)
    (tmp_path / name).write_text(text)
    return tmp_path / name


def test_rows_in_order_with_yaw_negated(tmp_path):
    path = _folder(tmp_path, "sub/b.jpg,0.5,1,3.25,4,-10,20,30\na.png,1,2,5,6,10,-20,-30\n")
    source = open_any(path)
    assert isinstance(source, HopenetCsv)
    assert isinstance(source, SampleSource)
    assert source.columns == ("image", "rotmat", "quat_xyzw", "euler_deg", "face_box_xyxy", "target_id")
    assert source.read("image")[:, 0, 0, 0].tolist() == [1, 0]
    assert source.read("euler_deg").tolist() == [[10, 20, 30], [-10, -20, -30]]
    assert source.read("face_box_xyxy", [0]).tolist() == [[0.5, 1, 3.25, 4]]
    assert source.read("target_id").tolist() == [b"sub/b.jpg", b"a.png"]
    assert source.describe()["convention"] == "hopenet"
    assert source.describe()["crop"] == "box of the CSV file, not widened"


def test_numbers_as_written_are_in_the_synhead_convention(tmp_path):
    rng = np.random.default_rng(0)
    yaw_pitch_roll = rng.uniform(-80, 80, (20, 3))
    text = "".join(f"a.png,1,2,5,6,{y!r},{p!r},{r!r}\n" for y, p, r in yaw_pitch_roll.tolist())
    source = HopenetCsv(_folder(tmp_path, text))
    as_written = rotmat_from_euler(yaw_pitch_roll[:, [1, 0, 2]], "synhead")
    assert np.allclose(source.read("rotmat"), as_written, atol=1e-12)
    negated = rotmat_from_euler(yaw_pitch_roll * [-1, 1, 1], "hopenet")
    assert np.allclose(source.read("rotmat"), negated, atol=1e-12)
    assert not np.allclose(source.read("rotmat"), rotmat_from_euler(yaw_pitch_roll, "hopenet"), atol=0.1)


def test_pictures_are_found_as_written_then_as_png(tmp_path):
    text = "x.jpg,1,2,5,6,0,0,0\nimg.jpg,1,2,5,6,0,0,0\nplain,1,2,5,6,0,0,0\nv1.5,1,2,5,6,0,0,0\n"
    source = HopenetCsv(_folder(tmp_path, text, ("x.png", "x.jpg", "img.png", "plain.png", "v1.5.png")))
    assert source.read("image", [0])[0, 0, 0, 0] <= 1  # x.jpg, not x.png
    assert [path.name for path in source._files] == ["x.jpg", "img.png", "plain.png", "v1.5.png"]


def test_folder_and_file_in_any_form(tmp_path):
    path = _folder(tmp_path / "pictures")
    for given in ((path,), (path.parent,), (path.parent, path)):
        assert open_any(*given).read("target_id").tolist() == [b"a.png"]
    elsewhere = path.rename(tmp_path / "elsewhere.csv")
    assert open_any(tmp_path / "pictures", elsewhere).read("image").shape == (1, 7, 8, 3)
    with pytest.raises(LabelFormatError, match=r"pictures is no dataset"):
        open_any(tmp_path / "pictures")
    with pytest.raises(LabelFormatError, match="picture .*a.png is missing, as .png too"):
        open_any(elsewhere)
    with pytest.raises(LabelFormatError, match="states its own Euler convention"):
        open_any(tmp_path / "pictures", elsewhere, "biwi+")
    with pytest.raises(LabelFormatError, match="holds 0 CSV files of Hopenet's kind; say which"):
        HopenetCsv(tmp_path / "pictures")
    for name in ("1.csv", "2.csv"):
        _folder(tmp_path / "pictures", name=name)
    with pytest.raises(LabelFormatError, match=r"holds 2 CSV files of Hopenet's kind: 1.csv, 2.csv; say which"):
        HopenetCsv(tmp_path / "pictures")
    with pytest.raises(LabelFormatError, match="is not a folder"):
        HopenetCsv(elsewhere, elsewhere)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("path,x_min,y_min,x_max,y_max,yaw,pitch,roll\n" + ROW, "row 1: x_min is 'x_min'; expected a number"),
        (ROW + "a.png,1,2,5,6,10,20\n", "row 2: 7 cells; expected path, x_min"),
        (ROW + "a.png,1,2,5,6,10,nan,30\n", "row 2: pitch is 'nan'"),
        (ROW + "a.png,1,2,5,6,400,20,30\n", "row 2: yaw is '400'"),
        (ROW + "a.png,1,2,5,6,1_0,20,30\n", "row 2: yaw is '1_0'"),
        ("a.png,5,2,1,6,10,20,30\n", "row 1: box 5, 2, 1, 6 is not"),
        ("a.png,1,2,inf,6,10,20,30\n", "row 1: box 1, 2, inf, 6 is not"),
        ("a.png,1,2,nan,6,10,20,30\n", "row 1: box 1, 2, nan, 6 is not"),
        ("../a.png,1,2,5,6,10,20,30\n", "row 1: picture '../a.png' must be a path inside"),
        ("sub/../../a.png,1,2,5,6,10,20,30\n", "row 1: .* must be a path inside"),
        ("/etc/passwd,1,2,5,6,10,20,30\n", "row 1: picture '/etc/passwd' must be a path inside"),
        (",1,2,5,6,10,20,30\n", "row 1: picture '' must be"),
        (".,1,2,5,6,10,20,30\n", "row 1: picture '.' must be"),
        ("a\0.png,1,2,5,6,10,20,30\n", "row 1: "),
        (ROW + "\n\nc.jpg,1,2,5,6,10,20\n", "row 4: 7 cells"),
        (f"{'c' * 5000}.jpg,1,2,5,6,10,20,30\n", "row 1: picture .*ccc.* is missing"),
        (ROW + "\nc.jpg,1,2,5,6,10,20,30\n", "row 3: picture .*c.jpg is missing, as .png too"),
        ("c.jpg,1,2,5,6,10,20,30\n", "row 1: picture .*c.jpg is missing, as .png too"),
        ('"a.png,1,2,5,6,10,20,30\n', "row 1: unexpected end of data"),
    ],
)
def test_bad_tables_are_refused_by_row(tmp_path, text, message):
    with pytest.raises(LabelFormatError, match=message):
        HopenetCsv(_folder(tmp_path, text))


def test_bad_files_are_named(tmp_path):
    path = _folder(tmp_path)
    path.write_bytes(ROW.encode() + b"\xff\xfe\n")
    with pytest.raises(LabelFormatError, match="row 2: not UTF-8"):
        HopenetCsv(path)
    path.write_bytes(b"\xef\xbb\xbf" + ROW.replace("\n", "\r\n").encode() * 2)
    assert HopenetCsv(path).read("target_id").tolist() == [b"a.png"] * 2
    with pytest.raises(LabelFormatError, match="No such file"):
        HopenetCsv(tmp_path / "missing.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    assert not HopenetCsv.recognises(tmp_path / "pipe.csv")
    with pytest.raises(LabelFormatError, match="not a regular file"):
        HopenetCsv(tmp_path / "pipe.csv")


@pytest.mark.parametrize(
    "text", ["1,2,3\n", "image,pitch,yaw,roll\na.png,1,2,3\n", "1,2,3,4,5,6,7,8\n", "a," * 4000, "", "\n" + ROW]
)
def test_other_tables_are_not_taken_for_it(tmp_path, text):
    path = _folder(tmp_path, text)
    assert not HopenetCsv.recognises(path)
    assert not HopenetCsv.recognises(tmp_path)


def test_problems(tmp_path):
    text = ROW * 2 + "img.jpg,-1,2,5,6,0,0,0\nok7.jpg,1,2,5,9,0,0,0\n"
    source = HopenetCsv(_folder(tmp_path, text, ("a.png", "img.png", "ok7.png")))
    assert source.problems() == [
        "1 rows repeat the picture of another row",
        "3 names lose letters in Hopenet's own reader (a.png is the first)",
        "2 face boxes reach beyond the picture",
    ]
    assert HopenetCsv(_folder(tmp_path, "ok7.jpg,1,2,5,6,0,0,0\n")).problems() == []
    (tmp_path / "ok7.png").write_bytes(b"")
    assert "ok7.png cannot be read" in HopenetCsv(tmp_path / "synhead.csv").problems()[0]
