import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synhead_tools.errors import HeadError
from synhead_tools.rendering.cpu.mipmap import FULL, build_mip_chain, linear_to_srgb, srgb_to_linear


def level(chain, index):
    width, height = chain.sizes[index]
    return chain.texels[chain.starts[index] :][: width * height].reshape(height, width, 4) / FULL


def test_srgb_round_trip():
    encoded = np.arange(256) / 255
    np.testing.assert_allclose(linear_to_srgb(srgb_to_linear(encoded)), encoded, atol=1e-7)
    assert srgb_to_linear(0.5) == pytest.approx(0.21404114)  # IEC 61966-2-1


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 37), st.integers(1, 37), st.integers(0, 2**32 - 1))
def test_every_level_has_the_mean_of_the_first(width, height, seed):
    texture = np.random.default_rng(seed).integers(0, 256, (height, width, 4), dtype=np.uint8)
    chain = build_mip_chain(texture, opaque=True)
    mean = srgb_to_linear(texture[..., :3] / 255).mean(axis=(0, 1))
    assert tuple(chain.sizes[-1]) == (1, 1)
    for index in range(len(chain.sizes)):
        np.testing.assert_allclose(level(chain, index)[..., :3].mean(axis=(0, 1)), mean, atol=2e-5)
    assert (chain.texels[:, 3] == FULL).all()


def test_transparent_texels_lend_no_colour():
    texture = np.zeros((8, 8, 4), np.uint8)
    texture[..., 0] = 255  # red that nobody should see
    texture[:, ::2] = (0, 255, 0, 255)
    chain = build_mip_chain(texture, opaque=False)
    smallest = level(chain, len(chain.sizes) - 1)[0, 0]
    np.testing.assert_allclose(smallest, (0, 0.5, 0, 0.5), atol=1e-4)


@pytest.mark.parametrize("texture", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 4)), np.zeros((0, 4, 4), np.uint8)])
def test_refuses_what_is_no_texture(texture):
    with pytest.raises(HeadError, match="texture is"):
        build_mip_chain(texture, opaque=True)
