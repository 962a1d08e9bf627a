import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.csv_folder import CsvFolder
from synhead_tools.formats.open import open_any
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.euler import rotmat_from_euler


def _folder(tmp_path, text, pictures=("a.png", "sub/b.png"), size=(5, 4)):
    for shade, name in enumerate(pictures):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, (shade, 0, 0)).save(tmp_path / name)
    (tmp_path / "labels.csv").write_text(text)
    return tmp_path


def test_pictures_poses_and_boxes(tmp_path):
    text = "image,pitch,yaw,roll,x1,y1,x2,y2\nsub/b.png,10,20,30,1,1,3.5,4\na.png,-5,6,7,0,0,2,2\n"
    source = CsvFolder(_folder(tmp_path, text), convention="hopenet")
    assert isinstance(source, SampleSource)
    assert source.columns == ("image", "rotmat", "quat_xyzw", "euler_deg", "face_box_xyxy", "target_id")
    assert source.read("image", [0, 1])[:, 0, 0, 0].tolist() == [1, 0]
    assert source.read("euler_deg", [0]).tolist() == [[20, 10, 30]]  # hopenet writes yaw first
    assert np.allclose(source.read("rotmat", [0]), rotmat_from_euler(np.array([[20.0, 10, 30]]), "hopenet"))
    assert source.read("face_box_xyxy", [0]).tolist() == [[1, 1, 3.5, 4]]
    assert source.describe()["crop"] == "box of the CSV file"
    assert source.describe()["convention"] == "hopenet"


def test_without_boxes_and_with_a_label_file_elsewhere(tmp_path):
    _folder(tmp_path, "image;pitch;yaw;roll\na.png;10;20;30\n")
    (tmp_path / "labels.csv").rename(tmp_path / "mine.csv")
    source = CsvFolder(tmp_path, tmp_path / "mine.csv", "300w-lp")
    assert "face_box_xyxy" not in source.columns
    assert source.describe()["crop"] == "whole picture"
    assert source.read("euler_deg").tolist() == [[10, 20, 30]]
    radians = np.deg2rad([[10.0, 20, 30]])
    assert np.allclose(source.read("rotmat"), rotmat_from_euler(radians, "300w-lp"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pitch,yaw,roll\n10,2,3\n", "no column 'image'"),
        ("image,pitch,yaw,roll\na.png,10,2,3\nc.png,1,2,3\n", "row 3: image .*c.png is missing"),
        ("image,pitch,yaw,roll\n../a.png,10,2,3\n", "row 2: image '../a.png' must be a path inside"),
        ("image,pitch,yaw,roll\n/etc/passwd,10,2,3\n", "row 2: image '/etc/passwd' must be"),
        ("image,pitch,yaw,roll\n,10,2,3\n", "row 2: image '' must be"),
        ("image,pitch,yaw,roll,x1\na.png,10,2,3,4\n", "only x1 of x1, y1, x2, y2"),
        ("image,pitch,yaw,roll,x1,y1,x2,y2\na.png,10,2,3,4,4,4,9\n", "row 2: box 4, 4, 4, 9"),
        ("image,pitch,yaw,roll,x1,y1,x2,y2\na.png,10,2,3,4,4,x,9\n", "row 2: box 4, 4, x, 9"),
    ],
)
def test_bad_tables_are_refused_by_row(tmp_path, text, message):
    with pytest.raises(LabelFormatError, match=message):
        CsvFolder(_folder(tmp_path, text), convention="biwi+")


def test_pictures_of_several_sizes(tmp_path):
    _folder(tmp_path, "image,pitch,yaw,roll\na.png,10,2,3\nsub/b.png,1,2,3\n")
    Image.new("RGB", (6, 6)).save(tmp_path / "sub/b.png")
    source = CsvFolder(tmp_path, convention="biwi+")
    assert source.read("image", [0]).shape == (1, 4, 5, 3)
    with pytest.raises(LabelFormatError, match="b.png is 6 x 6 px; expected 5 x 4"):
        source.read("image")


def test_label_file_elsewhere_is_enough_to_open_the_folder(tmp_path):
    pictures = _folder(tmp_path / "pictures", "", ("a.png",))
    (pictures / "labels.csv").rename(tmp_path / "mine.csv")
    (tmp_path / "mine.csv").write_bytes(b"\xef\xbb\xbfroll_deg;Image;pitch;yaw\r\n1;a.png;20;3\r\n")
    source = open_any(pictures, tmp_path / "mine.csv", "biwi+")
    assert isinstance(source, CsvFolder)
    assert source.read("euler_deg").tolist() == [[20, 3, 1]]
    (tmp_path / "mine.csv").write_text("pitch,yaw,roll\n1,2,3\n")
    with pytest.raises(LabelFormatError, match="is no dataset"):
        open_any(pictures, tmp_path / "mine.csv", "biwi+")
