import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synhead_tools.heads.assets import load_geometry
from synhead_tools.heads.morph import expression_names, macro_weights, morph, random_details, slider_weights, sliders

share = st.floats(0, 1)


@given(share, st.floats(25, 90), st.tuples(share, share, st.floats(0.01, 1)), share, share)
def test_macro_weights_share_out_one_whole_twice(sex, age_years, parts, muscle, weight):
    ancestry = dict(zip(("african", "asian", "caucasian"), parts, strict=True))
    weights = macro_weights(sex, age_years, ancestry, muscle, weight)
    universal = sum(value for name, value in weights.items() if "universal" in name)
    assert universal == pytest.approx(1)
    assert sum(weights.values()) - universal == pytest.approx(1)
    assert min(weights.values()) > 0


def test_morph_equals_adding_targets_one_by_one():
    geometry = load_geometry()
    rng = np.random.default_rng(2)
    weights = dict(zip(geometry.target_names, rng.normal(size=len(geometry.target_names)), strict=True))
    expected = geometry.vertices_dm.copy()
    for number, name in enumerate(geometry.target_names):
        rows = slice(*geometry.target_indptr[number:number + 2])  # fmt: skip
        expected[geometry.target_indices[rows]] += weights[name] * geometry.target_deltas_dm[rows]
    assert np.allclose(morph(weights), expected)
    assert np.array_equal(morph({}), geometry.vertices_dm)


def test_every_target_is_used_by_something():
    used = {target for slider in sliders().values() for pair in slider.targets for target in pair if target}
    used |= {f"expression/{name}" for name in expression_names()}
    rest = {name for name in load_geometry().target_names if not name.startswith("macrodetails/")}
    assert used == rest
    assert len(expression_names()) == 51


def test_sliders_push_both_ways():
    values = {"nose/nose-hump": (0.5,)}
    assert slider_weights(values) == {"nose/nose-hump-incr": 0.5}
    assert slider_weights({"nose/nose-hump": (-0.5,)}) == {"nose/nose-hump-decr": 0.5}
    ears = slider_weights({"ears/ear-scale": (0.3, -0.2)})
    assert ears == {"ears/l-ear-scale-incr": 0.3, "ears/r-ear-scale-decr": 0.2}
    assert "nose/nose-trans-down-up" in sliders()
    assert max(len(slider.targets) for slider in sliders().values()) == 2


def test_chance_is_the_seeds_alone_and_nearly_symmetric():
    assert random_details(5, 1.0) == random_details(5, 1.0)
    assert random_details(5, 1.0) != random_details(6, 1.0)
    assert all(side == 0 for sides in random_details(5, 0.0).values() for side in sides)
    pairs = np.array([value for value in random_details(5, 1.0).values() if len(value) == 2])
    assert np.abs(pairs[:, 0] - pairs[:, 1]).max() < 0.15
    assert np.abs(pairs).max() <= 0.8
