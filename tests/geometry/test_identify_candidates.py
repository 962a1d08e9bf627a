"""Readings of three columns, told apart by the rotations they make."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.axis_turns import SEQUENCES
from synhead_tools.geometry.conventions import CONVENTIONS, EulerConvention, get_convention
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.identify.candidates import (
    alike_names,
    candidate_conventions,
    names_of,
    reading_of,
    spelled_as_named,
    transposed_reading,
)

TRIPLES = np.array([[0.7, -0.4, 1.1], [-1.3, 0.2, 0.5], [2.1, 0.9, -0.8]])
ALL = candidate_conventions()
NAMED = [name for name in CONVENTIONS if CONVENTIONS.load(name).has_angles]
candidates = st.sampled_from(ALL)


@pytest.mark.parametrize(
    ("order", "units", "count"),
    [
        (None, ("deg", "rad"), 12 * 8 * 6 * 2),
        (None, ("deg",), 12 * 8 * 6),
        (("yaw", "pitch", "roll"), ("deg",), 6 * 8),
        (("beta", "alpha", "gamma"), ("rad",), 6 * 8),
    ],
)
def test_candidates_are_all_readings_and_no_two_are_the_same(order, units, count):
    found = candidate_conventions(order, units)
    assert len(found) == count
    assert len({reading_of(convention) for convention in found}) == count
    rotations = np.array([rotmat_from_euler(TRIPLES, convention).ravel() for convention in found])
    assert len(np.unique(rotations.round(9), axis=0)) == count
    assert order is None or {convention.order for convention in found} == {order}


@given(st.sampled_from([*SEQUENCES, *map(str.upper, SEQUENCES)]), candidates)
def test_whatever_can_be_spelled_is_a_candidate(sequence, like):
    angles = ("alpha", "beta", "gamma") if sequence[0] == sequence[2] else ("pitch", "yaw", "roll")
    names = dict(zip(sorted(like.order), angles, strict=True))
    spelled = EulerConvention("", sequence, like.signs, tuple(names[name] for name in like.order), like.unit)
    (same,) = [candidate for candidate in ALL if reading_of(candidate) == reading_of(spelled)]
    assert np.abs(rotmat_from_euler(TRIPLES, same) - rotmat_from_euler(TRIPLES, spelled)).max() < 1e-14


def test_extrinsic_and_reversed_intrinsic_are_one_reading():
    assert reading_of(get_convention("xyz:+--")) == reading_of(get_convention("ZYX:+--"))
    assert reading_of(get_convention("xyz:+--")) != reading_of(get_convention("XYZ:+--"))


@pytest.mark.parametrize("name", NAMED)
def test_every_named_convention_is_found_by_name(name):
    named = CONVENTIONS.load(name)
    (same,) = [candidate for candidate in ALL if reading_of(candidate) == reading_of(named)]
    assert name in names_of(same)
    other_unit = replace(named, unit="rad" if named.unit == "deg" else "deg")
    assert name not in names_of(other_unit)
    assert name in alike_names(other_unit)


def test_named_columns_make_the_order_of_a_convention_no_matter():
    swapped = get_convention("XYZ:-++:deg:roll,pitch,yaw")
    assert "hopenet" not in names_of(swapped)
    assert "hopenet" in names_of(swapped, swapped.order)
    assert "hopenet" not in names_of(get_convention("XYZ:+++:deg:roll,pitch,yaw"), swapped.order)


@given(candidates)
def test_spelled_as_named_is_the_same_reading(convention):
    names = names_of(convention) or alike_names(convention)
    assert reading_of(spelled_as_named(convention, names)) == reading_of(convention)


def test_a_named_reading_is_spelled_as_its_name_is():
    named = CONVENTIONS.load("hopenet")
    (same,) = [candidate for candidate in ALL if reading_of(candidate) == reading_of(named)]
    assert same.spec == "zyx:-++:deg:yaw,pitch,roll"
    assert spelled_as_named(same, ("hopenet",)).spec == named.spec == "XYZ:-++:deg:yaw,pitch,roll"
    assert spelled_as_named(same, ()) is same


@given(candidates)
def test_transposed_makes_transposed_rotations(convention):
    twin = transposed_reading(convention)
    made, wanted = rotmat_from_euler(TRIPLES, twin), rotmat_from_euler(TRIPLES, convention)
    assert np.abs(made - np.swapaxes(wanted, 1, 2)).max() < 1e-14
    assert reading_of(transposed_reading(twin)) == reading_of(convention)


def test_hopenet_is_biwi_plus_transposed():
    twin = transposed_reading(get_convention("hopenet"))
    assert "biwi+" in names_of(twin, ("yaw", "pitch", "roll"))
    assert "biwi+" in alike_names(twin)


@pytest.mark.parametrize(
    ("order", "units"), [(("pitch", "yaw"), ("deg",)), (("a", "b", "c"), ("deg",)), (None, ("grad",)), (None, ())]
)
def test_unknown_columns_and_units_are_refused(order, units):
    with pytest.raises(ConventionError):
        candidate_conventions(order, units)


def test_a_reading_is_a_product_of_turns_about_single_axes():
    factors, unit = reading_of(get_convention("hopenet"))
    product = np.eye(3)
    for axis, sign, column in factors:
        product = product @ Rotation.from_euler(axis, sign * np.array([20.0, 10, 30])[column], degrees=True).as_matrix()
    assert unit == "deg"
    assert np.allclose(product, rotmat_from_euler([20.0, 10, 30], "hopenet"))
