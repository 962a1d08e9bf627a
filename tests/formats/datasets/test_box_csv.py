import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.box_csv import BoxCsv
from synhead_tools.formats.datasets.csv_folder import CsvFolder
from synhead_tools.formats.open import open_any

TEXT = "image,score,x1,y1,x2,y2\na.png,0.9,1,2,9.5,10\nsub/b.png,0.8,-3,0,8,8\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    for k, name in enumerate(("a.png", "sub/b.png")):
        Image.new("RGB", (12, 8), (50 * k, 10, 0)).save(tmp_path / name)
    (tmp_path / "boxes.csv").write_text(TEXT)
    return tmp_path


def test_it_is_a_dataset_of_pictures_and_boxes_alone(folder):
    found = open_any(folder)
    assert isinstance(found, BoxCsv)
    assert found.columns == ("image", "face_box_xyxy", "target_id")
    np.testing.assert_array_equal(found.read("face_box_xyxy"), np.array([[1, 2, 9.5, 10], [-3, 0, 8, 8]], "f4"))
    assert found.read("image", [1]).shape == (1, 8, 12, 3)
    assert found.read("image", [1])[0, 0, 0].tolist() == [50, 10, 0]
    assert found.describe()["frames"] == 2


def test_a_file_elsewhere_is_given_as_labels_and_one_with_angles_is_another_kind(folder, tmp_path):
    other = tmp_path / "mine.csv"
    (folder / "boxes.csv").rename(other)
    assert isinstance(open_any(folder, labels=other), BoxCsv)
    angles = tmp_path / "angles.csv"
    angles.write_text("image,pitch,yaw,roll,x1,y1,x2,y2\na.png,1,2,3,0,0,5,5\n")
    assert isinstance(open_any(folder, labels=angles, convention="biwi+"), CsvFolder)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("image,x1,y1,x2\n", "row 1: there is no column y2"),
        ("image,x1,y1,x2,y2\n", "lists no boxes"),
        ("image,x1,y1,x2,y2\na.png,1,2,3\n", "row 2: box 1, 2, 3, "),
        ("image,x1,y1,x2,y2\na.png,5,2,3,9\n", "row 2: box 5, 2, 3, 9 is not"),
        ("image,x1,y1,x2,y2\n\nno.png,1,2,3,9\n", "row 3: image 'no.png' is no file"),
        ("image,x1,y1,x2,y2\n../a.png,1,2,3,9\n", "is no file inside"),
        ('image,x1,y1,x2,y2\n"a.png,1,2,3,9\n', "no CSV file"),
    ],
)
def test_bad_rows_are_named(folder, text, complaint):
    (folder / "boxes.csv").write_text(text)
    with pytest.raises(LabelFormatError, match=complaint):
        BoxCsv(folder)
