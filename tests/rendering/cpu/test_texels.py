import numpy as np

from synhead_tools.rendering.cpu.mipmap import build_mip_chain, linear_to_srgb
from synhead_tools.rendering.cpu.texels import packed_alphas, packed_colours, unpacked_colours


def levels(texture, opaque):
    """Linear colours and alphas of each level."""
    chain = build_mip_chain(texture, opaque)
    colours, alphas = unpacked_colours(packed_colours(chain)), packed_alphas(chain) / 255
    for (width, height), start in zip(chain.sizes, chain.starts, strict=True):
        texels = slice(start, start + width * height)
        yield colours[texels].reshape(height, width, 3), alphas[texels].reshape(height, width)


def test_stored_levels_are_exact_to_a_sixth_of_one():
    texture = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 4, axis=2)
    colours, alphas = next(levels(texture, opaque=True))
    assert np.abs(255 * linear_to_srgb(colours[0, :, 0]) - np.arange(256)).max() < 0.17
    assert (alphas == 1).all()


def test_transparent_texels_lend_no_colour():
    texture = np.zeros((8, 8, 4), np.uint8)
    texture[..., 0] = 255  # red that nobody should see
    texture[:, ::2] = (0, 255, 0, 255)
    for colours, alphas in levels(texture, opaque=False):
        np.testing.assert_allclose(colours, np.broadcast_to((0, 1, 0), colours.shape), atol=1e-3)
        np.testing.assert_allclose(alphas.mean(), 0.5, atol=3e-3)


def test_nothing_but_transparent_texels():
    for colours, alphas in levels(np.full((3, 5, 4), (9, 9, 9, 0), np.uint8), opaque=False):
        assert not colours.any()
        assert not alphas.any()
