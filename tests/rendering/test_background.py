import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import PlanError
from synhead_tools.rendering.background import Background, composite


@pytest.mark.parametrize("text", ["solid", "solid:#102030", "gradient", "noise"])
def test_draws_repeat(text):
    law = Background.parse(text)
    assert str(law) == text
    one, two = (law.draw(20, 10, np.random.default_rng(3)) for _ in range(2))
    assert one.shape == (10, 20, 3)
    assert one.dtype == np.uint8
    np.testing.assert_array_equal(one, two)
    if not text.startswith("solid"):
        assert len(np.unique(one)) > 10
        assert (one != law.draw(20, 10, np.random.default_rng(4))).any()


def test_solid_colour():
    assert (Background.parse("solid:#0a141e").draw(2, 2, np.random.default_rng(0)) == (10, 20, 30)).all()


@pytest.mark.parametrize("text", ["plaid", "solid:red", "solid:#12345", "folder", "noise:3"])
def test_refuses(text):
    with pytest.raises(PlanError):
        Background.parse(text)


def test_folder_fills_the_picture(tmp_path):
    Image.new("RGB", (7, 30), (10, 200, 30)).save(tmp_path / "green.png")
    (tmp_path / "notes.txt").write_text("not a picture")
    picture = Background("folder", str(tmp_path)).draw(40, 25, np.random.default_rng(0))
    assert picture.shape == (25, 40, 3)
    assert (picture == (10, 200, 30)).all()


def test_folder_without_pictures(tmp_path):
    with pytest.raises(PlanError, match="holds no"):
        Background("folder", str(tmp_path)).draw(4, 4, np.random.default_rng(0))
    (tmp_path / "broken.png").write_bytes(b"nothing")
    with pytest.raises(PlanError, match="broken.png"):
        Background("folder", str(tmp_path)).draw(4, 4, np.random.default_rng(0))


def test_composite_of_every_alpha_and_level():
    alpha, level = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    image = np.floor(alpha[..., None] * np.array([1.0, 0.5, 0.0])).astype(np.uint8)
    mixed = composite(image, alpha, level[..., None].repeat(3, axis=2))
    exact = image + (1 - alpha[..., None] / 255) * level[..., None]
    assert np.abs(mixed - exact).max() <= 0.5 + 1e-9
