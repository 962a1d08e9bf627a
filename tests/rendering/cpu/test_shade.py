import numpy as np
import pytest

pytest.importorskip("numba", reason="the cpu backend needs numba")

from synhead_tools.rendering.cpu.mipmap import linear_to_srgb
from synhead_tools.rendering.cpu.shade import encode_srgb
from synhead_tools.rendering.scene import DirectionalLight, Lighting

AT_1_M = np.array([0.0, 0.0, 1.0])


def test_encoding_is_exact_to_a_hundredth_of_a_level():
    linear = np.concatenate([np.linspace(0, 0.01, 3001), np.linspace(0, 1, 3001)]).astype(np.float32)
    encoded = np.array([encode_srgb(value) for value in linear])
    assert np.abs(encoded - 255 * linear_to_srgb(linear)).max() < 0.01


def test_encoding_cuts_off():
    assert encode_srgb(np.float32(-1)) == 0
    assert encode_srgb(np.float32(7)) == 255


def test_encoded_levels_survive_the_way_through_linear_light(cpu, shapes, make_camera, white_light):
    """Each of the 256 levels comes out as it went in."""
    levels = np.zeros((1, 256, 4), np.uint8)
    levels[..., :3], levels[..., 3] = np.arange(256)[:, None], 255
    corners = [(-0.5, -0.5, 0), (0.5, -0.5, 0), (0.5, 0.5, 0), (-0.5, 0.5, 0)]
    head = shapes.make_head(shapes.make_quad(corners, texture=levels, specular=0.0))
    frame = cpu.render(head, np.eye(3), AT_1_M, make_camera(256, 4, span_m=1.0), white_light)
    np.testing.assert_array_equal(frame.image[1, :, 0], np.arange(256))


@pytest.mark.parametrize("gloss", [10.0, 200.0])
def test_highlight_is_where_the_mirror_direction_is(cpu, shapes, make_camera, gloss):
    black = np.zeros((2, 2, 4), np.uint8)
    black[..., 3] = 255
    corners = [(-0.5, -0.5, 0), (0.5, -0.5, 0), (0.5, 0.5, 0), (-0.5, 0.5, 0)]
    quad = shapes.make_quad(corners, texture=black, specular=0.004, gloss=gloss)
    towards = np.array([-0.2, 0.1, -1.0])
    light = Lighting((DirectionalLight(tuple(towards), (1, 1, 1)),), (0,) * 3, (0,) * 3)
    frame = cpu.render(shapes.make_head(quad), np.eye(3), AT_1_M, make_camera(64, span_m=0.8), light)
    # the ray from the camera to (x, y, 1) is mirrored to (x, y, -1): it meets the light where x, y are the light's
    bright = np.argwhere(frame.image[..., 0] == frame.image[..., 0].max())
    centre = (bright.mean(axis=0)[::-1] + 0.5 - 32) / 80
    np.testing.assert_allclose(centre, (-0.2, 0.1), atol=0.15 if gloss < 100 else 0.03)
    spread = (frame.image[..., 0] > frame.image.max() / 2).mean()
    assert (spread < 0.3) == (gloss > 100)
