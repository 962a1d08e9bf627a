import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from synhead_tools.errors import ExportError
from synhead_tools.formats.exporters.pictures import PictureStyle, over_background, parse_colour

byte = st.integers(0, 255)


@given(alpha=byte, share=st.floats(0, 1), background=st.tuples(byte, byte, byte))
def test_a_background_fills_what_the_head_leaves(alpha, share, background):
    image = np.full((1, 1, 1, 3), int(share * alpha), np.uint8)
    got = over_background(image, np.full((1, 1, 1), alpha, np.uint8), background)[0, 0, 0]
    exact = image[0, 0, 0] + (1 - alpha / 255) * np.array(background)
    assert np.abs(got - exact).max() <= 0.5 + 1e-9


def test_brighter_than_its_alpha_allows_does_not_wrap_around():
    got = over_background(np.full((1, 1, 1, 3), 250, np.uint8), np.zeros((1, 1, 1), np.uint8), (250, 250, 250))
    assert (got == 255).all()


def test_png_is_exact_and_jpg_is_near_with_full_colour():
    image = np.zeros((32, 32, 3), np.uint8)
    image[:, ::2, 0] = 255  # red columns one pixel wide: subsampled colour would smear them
    assert (np.asarray(Image.open(io.BytesIO(PictureStyle("png").encode(image)))) == image).all()
    back = np.asarray(Image.open(io.BytesIO(PictureStyle("jpg").encode(image)))).astype(int)
    assert np.abs(back - image).max() < 30
    assert len(PictureStyle("jpg", 50).encode(image)) < len(PictureStyle("jpg").encode(image))


def test_what_is_left_open_is_settled_by_the_exporter():
    assert PictureStyle().settled("jpg").format == "jpg"
    assert PictureStyle("png").settled("jpg").format == "png"
    assert PictureStyle(quality=80).settled("jpg").facts() == {
        "picture_format": "jpg", "jpg_quality": 80, "background": None,
    }  # fmt: skip
    with pytest.raises(ExportError, match="choose jpg"):
        PictureStyle(quality=80).settled("png")


def test_colours_are_read_or_refused():
    assert parse_colour(" 0, 128,255 ") == (0, 128, 255)
    for bad in ("1,2", "1,2,3,4", "256,0,0", "-1,0,0", "red", "1e2,0,0", "١,0,0", "", "1;2;3", "1.5,2,3"):
        with pytest.raises(ExportError, match="R,G,B"):
            parse_colour(bad)


@pytest.mark.parametrize("bad", [{"format": "gif"}, {"quality": 0}, {"quality": 101}, {"background": (1, 2)}])
def test_impossible_styles_are_refused(bad):
    with pytest.raises(ExportError):
        PictureStyle(**bad)
