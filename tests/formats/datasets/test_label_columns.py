import os

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import LabelFormatError, ShardError
from synhead_tools.formats.datasets.label_columns import LabelColumns, load_picture, load_pictures


def _save(path, array, **options):
    Image.fromarray(array).save(path, **options)
    return path


def test_labels_by_row(tmp_path):
    labels = LabelColumns(tmp_path, {"frame_id": np.arange(4, dtype="i4"), "seed": np.arange(4, dtype="u8")})
    assert labels.columns == ("frame_id", "seed")
    assert labels.read("frame_id", [3, 0, 3]).tolist() == [3, 0, 3]
    assert list(labels.labels([1])) == ["frame_id", "seed"]
    with pytest.raises(ShardError, match="no column 'image'; it has frame_id, seed"):
        labels.read("image")
    with pytest.raises(ShardError, match="row 4"):
        labels.read("seed", [4])


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "I;16"])
def test_any_picture_mode_becomes_rgb(tmp_path, mode):
    picture = Image.new("L", (5, 4), 77).convert("I;16" if mode == "I;16" else mode)
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    picture.save(path)
    loaded = load_picture(path)
    assert loaded.shape == (4, 5, 3)
    assert loaded.dtype == np.uint8


def test_colours_are_rgb_in_this_order(tmp_path):
    array = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype="u1")
    assert np.array_equal(load_picture(_save(tmp_path / "a.png", array)), array)


def test_transparency_is_kept_if_wanted(tmp_path):
    array = np.random.default_rng(0).integers(0, 256, (4, 5, 4), dtype="u1")
    assert np.array_equal(load_picture(_save(tmp_path / "a.png", array), "RGBA"), array)
    assert load_picture(_save(tmp_path / "b.png", array[..., :3].copy()), "RGBA")[..., 3].min() == 255


def test_bad_pictures_are_named(tmp_path):
    good = _save(tmp_path / "a.png", np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype="u1"))
    data = good.read_bytes()
    for content in (b"", data[:60], data[: len(data) // 2], b"pitch,yaw,roll\n"):
        good.write_bytes(content)
        with pytest.raises(LabelFormatError, match="a.png"):
            load_picture(good)
    with pytest.raises(LabelFormatError, match="No such file"):
        load_picture(tmp_path / "b.png")
    with pytest.raises(LabelFormatError, match="Is a directory"):
        load_picture(tmp_path)


def test_huge_picture_is_refused(tmp_path):
    Image.new("1", (9000, 9000)).save(tmp_path / "a.png")
    with pytest.raises(LabelFormatError, match="9000 x 9000 pixels"):
        load_picture(tmp_path / "a.png")


def test_pictures_of_another_size_are_named(tmp_path):
    paths = [_save(tmp_path / f"{w}.png", np.zeros((4, w, 3), "u1")) for w in (5, 6)]
    assert load_pictures([paths[0], paths[0]], (4, 5)).shape == (2, 4, 5, 3)
    with pytest.raises(LabelFormatError, match="6.png is 6 x 4 px; expected 5 x 4"):
        load_pictures(paths, (4, 5))


def test_a_pipe_among_the_pictures_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "frame.png")
    with pytest.raises(LabelFormatError, match=r"frame\.png is not a regular file"):
        load_picture(tmp_path / "frame.png")
