from dataclasses import replace

import numpy as np

from synhead_tools.heads.library import load_recipe
from synhead_tools.heads.skin import skin_texture
from synhead_tools.heads.textures import eyes, lashes, strands


def test_gain_scales_the_channels():
    recipe = replace(load_recipe("f01"), pores=0.0, scalp=0.0, skin_gain=(1.0, 1.0, 1.0))
    plain = skin_texture(recipe).astype(float)
    tinted = skin_texture(replace(recipe, skin_gain=(0.5, 1.0, 0.8))).astype(float)
    assert np.abs(tinted[..., 0] - 0.5 * plain[..., 0]).max() <= 1.5
    assert np.array_equal(tinted[..., 1], plain[..., 1])
    assert (tinted[..., 3] == 255).all()


def test_pores_are_grain_without_a_shift_of_colour():
    recipe = replace(load_recipe("f01"), pores=0.0)
    smooth, rough = (skin_texture(replace(recipe, pores=pores)).astype(float)[..., :3] for pores in (0.0, 1.0))
    assert abs(rough.mean() - smooth.mean()) < 2
    assert 2 < (rough - smooth).std() < 20


def test_beard_and_scalp_are_painted_where_they_belong_and_nowhere_else():
    recipe = replace(load_recipe("m01"), pores=0.0, beard=0.0, scalp=0.0, hair_rgb=(0.0, 0.0, 0.0))
    bare = skin_texture(recipe).astype(int)
    for painted in (replace(recipe, beard=1.0), replace(recipe, scalp=1.0)):
        changed = np.abs(skin_texture(painted).astype(int) - bare).max(axis=-1) > 20
        assert 0.02 < changed.mean() < 0.45


def test_hair_takes_the_colour_it_is_given():
    for kind, name in (("hair", "short01"), ("hair", "long01"), ("brows", "eyebrow008")):
        picture = strands(kind, name, (0.8, 0.4, 0.2))
        seen = picture[picture[..., 3] > 200][:, :3].astype(float)
        ratio = seen.mean(axis=0) / seen.mean()
        assert np.allclose(ratio, np.array([0.8, 0.4, 0.2]) / np.mean([0.8, 0.4, 0.2]), atol=0.06)
        assert 0.3 < np.median(seen[:, 0]) / (0.8 * 255) < 0.95


def test_clear_texels_carry_the_colour_of_their_neighbours():
    picture = strands("brows", "eyebrow008", (1.0, 1.0, 1.0))
    clear, seen = picture[picture[..., 3] == 0][:, 0], picture[picture[..., 3] > 200][:, 0]
    assert np.median(clear) > 0.7 * np.median(seen)  # black borders would show when filtered


def test_lashes_thin_out_and_eyes_are_opaque():
    thick, thin = lashes("eyelashes02", 1.0), lashes("eyelashes02", 0.5)
    assert (thin[..., 3] > 127).sum() < (thick[..., 3] > 127).sum()
    assert (eyes("brown")[..., 3] == 255).all()
