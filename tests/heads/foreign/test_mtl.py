import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.mtl import read_mtl
from synhead_tools.heads.foreign.pictures import PictureShelf


@pytest.mark.parametrize(
    "line",
    [
        "map_Kd skin one.png",
        "map_kd -s 1 1 1 -o 0 0 skin one.png",
        "map_Kd -bm 0.5 -clamp on skin one.png",
        "\tmap_Kd   skin one.png  ",
        "map_Kd .\\skin one.png",
    ],
)
def test_a_picture_is_found_behind_options_and_with_blanks_in_its_name(files, tmp_path, make, line):
    (tmp_path / "a.mtl").write_text(f"newmtl my skin\n{line}\n")
    (tmp_path / "skin one.png").write_bytes(make.png())
    shelf = PictureShelf()
    assert read_mtl("a.mtl", "s.obj", files, shelf)["my skin"].picture == 0
    assert shelf.pictures[0].shape == (16, 16, 4)


def test_pictures_lie_beside_their_library(files, tmp_path, make):
    (tmp_path / "look").mkdir()
    (tmp_path / "look" / "a.mtl").write_text("newmtl m\nmap_Kd skin.png\nnewmtl n\nmap_Kd skin.png\n")
    (tmp_path / "look" / "skin.png").write_bytes(make.png())
    shelf = PictureShelf()
    materials = read_mtl("look\\a.mtl", "s.obj", files, shelf)
    assert materials["m"].picture == materials["n"].picture == 0
    assert len(shelf.pictures) == 1


def test_a_mask_cuts_out(files, tmp_path, make):
    (tmp_path / "a.mtl").write_text("newmtl m\nmap_Kd c.png\nmap_d d.png\n")
    (tmp_path / "c.png").write_bytes(make.png())
    (tmp_path / "d.png").write_bytes(make.png(Image.fromarray(np.tile(np.uint8([[0, 255]]), (2, 1)))))
    shelf = PictureShelf()
    assert read_mtl("a.mtl", "s.obj", files, shelf)["m"].alpha_mode == "cutout"
    assert shelf.pictures[0][0, 0, 3] == 0
    assert shelf.pictures[0][0, 15, 3] == 255


@pytest.mark.parametrize("kd", ["red", "1 0", "nan 0 0", "-1 0 0", "inf 0 0"])
def test_a_colour_that_is_none_is_named(files, tmp_path, kd):
    (tmp_path / "a.mtl").write_text(f"newmtl m\nKd {kd}\n")
    with pytest.raises(HeadError, match="a.mtl, line 2"):
        read_mtl("a.mtl", "s.obj", files, PictureShelf())
