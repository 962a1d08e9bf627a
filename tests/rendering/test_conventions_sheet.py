"""Words and pixels of a convention's sheet: the drawn head turns the way the text above it says."""

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import OutputExistsError
from synhead_tools.geometry.conventions import EulerConvention
from synhead_tools.geometry.conventions.looks import looks, single_turn
from synhead_tools.heads.library import load_head
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.conventions_sheet import ANGLES_DEG, HEAD, conventions_sheet, tile_corner
from synhead_tools.rendering.preview import AXES
from synhead_tools.rendering.scene import studio_lighting

pytest.importorskip("numba", reason="heads are drawn by the cpu backend here")

TILE_PX = 112
CONVENTIONS = ["biwi+", "hopenet", "ZXZ:+-+:rad", EulerConvention("only", "", frame="opengl", source="test")]
GREEN, BLUE = AXES[1][1], AXES[2][1]

#: For the words of a turn: whether a movement (x right, y down) of the face's axis, of the axis that points down, and
#: of the nose and the top of the head is the one that is told.
TOLD = {
    "face turns down": lambda blue, green, nose, top: blue[1] > 9 and nose[1] > 3,
    "face turns up": lambda blue, green, nose, top: blue[1] < -9 and nose[1] < -3,
    "face turns to image right": lambda blue, green, nose, top: blue[0] > 9 and nose[0] > 3,
    "face turns to image left": lambda blue, green, nose, top: blue[0] < -9 and nose[0] < -3,
    "head tilts clockwise: top of the head to image right": lambda blue, green, nose, top: green[0] < -9 and top > 6,
    "head tilts counter-clockwise: top of the head to image left": lambda blue, green, nose, top: (
        green[0] > 9 and top < -6
    ),
}


def _end(tile, colour):
    """The pixel of that colour, x and y, farthest from where the axes begin; there if the axis points at the camera."""
    origin = np.array([TILE_PX / 2, TILE_PX * 0.45])
    rows, columns = np.nonzero((tile == colour).all(axis=-1))
    places = np.stack([columns, rows], axis=1) + 0.5
    away = np.linalg.norm(places - origin, axis=1)
    return places[away.argmax()] - origin if len(places) and away.max() > 3 else np.zeros(2)


def _nose_and_top(cpu, camera, rotmat):
    """Mean place of the drawn nose, and mean column of the highest drawn pixels."""
    frame = cpu.render(load_head(HEAD), rotmat, np.array([0, 0, 1.0]), camera, studio_lighting())
    rows, columns = np.nonzero(frame.region == Region.NOSE)
    top_rows, top_columns = np.nonzero(frame.alpha)
    return np.array([columns.mean(), rows.mean()]), top_columns[top_rows <= top_rows.min() + 2].mean()


@pytest.mark.parametrize("convention", CONVENTIONS, ids=lambda convention: getattr(convention, "name", convention))
def test_heads_turn_as_the_words_say(convention, cpu, make_camera, tmp_path):
    conventions_sheet(convention, tmp_path / "sheet.png", tile_px=TILE_PX)
    sheet = np.asarray(Image.open(tmp_path / "sheet.png").convert("RGB"))
    camera = make_camera(192, span_m=0.5)
    nose0, top0 = _nose_and_top(cpu, camera, np.eye(3))
    for row, look in enumerate(looks(convention)):
        told, opposite = TOLD[look.words], TOLD[_opposite(look.words)]
        for column, angle_deg in enumerate(ANGLES_DEG):
            x, y = tile_corner(row, column, TILE_PX)
            tile = sheet[y : y + TILE_PX, x : x + TILE_PX]
            nose, top = _nose_and_top(cpu, camera, single_turn(convention, look.angle, angle_deg))
            movement = (_end(tile, BLUE), _end(tile, GREEN), nose - nose0, top - top0)
            assert told(*movement) == (angle_deg > 0), (look, angle_deg)
            assert opposite(*movement) == (angle_deg < 0), (look, angle_deg)


def _opposite(words):
    return next(other for other in TOLD if other != words and _kind(other) == _kind(words))


def _kind(words):
    return "tilts" if "tilts" in words else "sideways" if "image" in words else "nods"


def test_the_drawn_head_is_the_one_of_the_axes(tmp_path):
    """The tiles of opposite yaw are different pictures, and hair takes the side away from the nose."""
    conventions_sheet("biwi+", tmp_path / "sheet.png", tile_px=TILE_PX)
    sheet = np.asarray(Image.open(tmp_path / "sheet.png").convert("RGB")).astype(int)
    assert sheet.shape == (tile_corner(2, 0, TILE_PX)[1] + TILE_PX, 3 * TILE_PX, 3)
    tiles = {}
    for column, angle_deg in enumerate(ANGLES_DEG):
        x, y = tile_corner(1, column, TILE_PX)
        tiles[angle_deg] = sheet[y : y + TILE_PX, x : x + TILE_PX]
    outline = {angle: np.flatnonzero((np.abs(t[35:70] - 150) > 12).any(axis=(0, 2))) for angle, t in tiles.items()}
    # turned to image right, the back of the head reaches farther to image left than the frontal head does
    assert outline[30.0].min() < outline[0.0].min() - 2
    assert outline[-30.0].max() > outline[0.0].max() + 2


def test_nothing_is_replaced_unasked(tmp_path):
    (tmp_path / "sheet.png").write_bytes(b"mine")
    with pytest.raises(OutputExistsError, match="sheet.png is already there"):
        conventions_sheet("biwi+", tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").read_bytes() == b"mine"
    conventions_sheet("biwi+", tmp_path / "sheet.png", tile_px=64, overwrite=True)
    assert Image.open(tmp_path / "sheet.png").width == 3 * 64
