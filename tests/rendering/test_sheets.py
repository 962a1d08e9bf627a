import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import OutputExistsError
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.rendering.heads_sheet import heads_sheet
from synhead_tools.rendering.prediction_sheet import PREDICTED, TRUE, prediction_sheet


class _Pictures:
    """Two grey pictures with a face box and a pose."""

    columns = ("image", "face_box_xyxy", "rotmat")

    def __init__(self):
        self._columns = {
            "image": np.full((2, 60, 80, 3), 90, np.uint8),
            "face_box_xyxy": np.array([[10, 5, 60, 55], [-20, -20, 30, 30]], "f4"),
            "rotmat": rotmat_from_euler([[0.0, 40.0, 0.0], [0.0, 0.0, 0.0]], "biwi+"),
        }

    def __len__(self):
        return 2

    def read(self, name, rows=None):
        return self._columns[name] if rows is None else self._columns[name][rows]


def _columns_of(picture, colour):
    return np.flatnonzero((picture == np.array(colour)).all(axis=-1).any(axis=0))


def test_axes_point_where_the_face_looks(tmp_path):
    """The face of the first picture is turned to image right, the predictor says image left."""
    wrong = rotmat_from_euler([[0.0, -40.0, 0.0], [0.0, 0.0, 0.0]], "biwi+")
    prediction_sheet(_Pictures(), np.array([0, 1]), {"p": wrong}, tmp_path / "s.png", tile_px=100)
    sheet = np.asarray(Image.open(tmp_path / "s.png").convert("RGB"))
    assert sheet.shape == (114, 200, 3)
    first = sheet[14:, :100]
    assert _columns_of(first, PREDICTED[2]).min() < 30
    assert _columns_of(first, TRUE).max() > 70
    with pytest.raises(OutputExistsError):
        prediction_sheet(_Pictures(), np.array([0]), {"p": wrong}, tmp_path / "s.png")


def test_heads_are_drawn_side_by_side(tmp_path):
    heads_sheet(("m03", "f01", "f03"), tmp_path / "h.png", size_px=40)
    sheet = np.asarray(Image.open(tmp_path / "h.png").convert("RGB")).astype(int)
    assert sheet.shape == (80, 240, 3)
    middle = sheet[10:30, 15:25].mean(), sheet[10:30, 135:145].mean()
    assert middle[0] < middle[1]  # dark skin on the left, light on the right
    assert (sheet[40:, 120:] == 150).all()  # no fourth head
