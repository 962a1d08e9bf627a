import numpy as np

from synhead_tools.rendering.background import Background
from synhead_tools.rendering.clutter import draw_clutter


def test_equal_states_draw_equal_pictures_and_others_others():
    one, same, other = (draw_clutter(80, 50, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.shape == (50, 80, 3)
    assert (one == same).all()
    assert not np.allclose(one, other)
    assert one.min() >= 0
    assert one.max() <= 255


def test_it_has_edges_where_noise_has_none():
    def edges(kind):
        pictures = [Background(kind).draw(160, 120, np.random.default_rng(seed)).astype(float) for seed in range(8)]
        return np.mean([(np.abs(np.diff(picture, axis=1)).max(axis=-1) > 40).mean() for picture in pictures])

    assert edges("clutter") > 0.02 > 4 * edges("noise")
