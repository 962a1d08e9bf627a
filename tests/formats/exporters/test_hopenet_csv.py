"""Read back by our reader, and as Hopenet's own code reads it."""

import csv
import os

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import ExportError
from synhead_tools.formats.datasets.hopenet_csv import HopenetCsv
from synhead_tools.formats.exporters.hopenet_csv import export
from synhead_tools.formats.exporters.pictures import PictureStyle
from synhead_tools.formats.open import open_any
from synhead_tools.geometry.euler import euler_from_rotmat


def _rows(folder):
    with (folder / "hopenet.csv").open(newline="") as file:
        return list(csv.reader(file))


def test_it_reads_back(faces, tmp_path):
    dataset, columns = faces
    export(dataset, tmp_path / "out")
    back = open_any(tmp_path / "out")
    assert isinstance(back, HopenetCsv)
    np.testing.assert_array_equal(back.read("image"), columns["image"])
    np.testing.assert_array_equal(back.read("face_box_xyxy"), columns["face_box_xyxy"])
    np.testing.assert_allclose(back.read("rotmat"), columns["rotmat"], rtol=0, atol=1e-9)


def test_hopenets_reader_gets_hopenets_angles_and_opens_the_pictures(faces, tmp_path):
    """What its class Synhead does with a row, step by step: the name, then the sign of yaw."""
    dataset, columns = faces
    export(dataset, tmp_path / "out")
    expected = euler_from_rotmat(columns["rotmat"], "hopenet")  # yaw, pitch, roll
    for row, (path, *numbers) in enumerate(_rows(tmp_path / "out")):
        file = os.path.join(tmp_path / "out", path).strip(".jpg") + ".png"  # noqa: PTH118, B005
        np.testing.assert_array_equal(np.asarray(Image.open(file).convert("RGB")), columns["image"][row])
        yaw, pitch, roll = map(float, numbers[4:])
        np.testing.assert_allclose([-yaw, pitch, roll], expected[row], rtol=0, atol=1e-9)
        np.testing.assert_array_equal(np.array(numbers[:4], "f4"), columns["face_box_xyxy"][row])


def test_no_cell_is_a_formula_and_a_frontal_face_has_no_minus_zero(faces, tmp_path):
    export(faces[0], tmp_path / "out")
    rows = _rows(tmp_path / "out")
    for path, *numbers in rows:
        assert path.startswith("images/")
        for number in numbers:
            assert number[0] in "-0123456789"
            float(number)
    assert rows[0][5:] == ["0.0", "0.0", "0.0"]


def test_pictures_its_reader_cannot_open_are_refused(faces, tmp_path):
    with pytest.raises(ExportError, match="PNG pictures only"):
        export(faces[0], tmp_path / "out", pictures=PictureStyle("jpg"))
    assert list(tmp_path.iterdir()) == []


def test_a_box_that_is_none_is_named(endless, tmp_path):
    dataset = endless(70)
    good = dataset.read

    def read(name, rows=None):
        column = good(name, rows).copy()
        if name == "face_box_xyxy":
            column[rows == 69] = np.nan
        return column

    dataset.read = read
    with pytest.raises(ExportError, match="sample 69: face_box_xyxy"):
        export(dataset, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
