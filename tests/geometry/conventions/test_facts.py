"""What is said about conventions, against formulas evaluated from the very text."""

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synhead_tools.geometry.axis_turns import SEQUENCES
from synhead_tools.geometry.conventions import CONVENTIONS, EulerConvention, get_convention, parse_spec
from synhead_tools.geometry.conventions.facts import EXAMPLE_ROTMAT, composition, facts
from synhead_tools.geometry.euler import euler_from_rotmat, rotmat_from_euler, triples_of_angles

OPENGL = EulerConvention("only", "", frame="opengl", scaled=True, source="test")
UPRIGHT = EulerConvention("up", "zxy", branch="upright", source="test")
TRANSPOSED = EulerConvention("rows", "XYZ", (-1, 1, 1), transposed=True, source="test")

sequences = st.sampled_from([*SEQUENCES, *(sequence.upper() for sequence in SEQUENCES)])
signs = st.tuples(*[st.sampled_from("+-")] * 3).map("".join)
angle = st.floats(-170.0, 170.0)


def _evaluated(formula, angles_deg):
    """The product a formula such as R = Rz(-roll) Ry(yaw) Rx(pitch) stands for, by matrices of its factors."""
    product = np.eye(3)
    factors = re.findall(r"R([xyz])\((-?)(\w+)\)", formula)
    assert len(factors) == 3
    for axis, sign, name in factors:
        turn = np.radians(angles_deg[name]) * (-1 if sign else 1)
        c, s, k = np.cos(turn), np.sin(turn), "xyz".index(axis)
        matrix = np.zeros((3, 3))
        a, b = (k + 1) % 3, (k + 2) % 3
        matrix[k, k], matrix[a, a], matrix[b, b], matrix[b, a], matrix[a, b] = 1, c, c, s, -s
        product = product @ matrix
    return product


@given(sequences, signs, st.tuples(angle, angle, angle))
def test_the_formula_is_the_rotation(sequence, signs, angles_deg):
    convention = get_convention(f"{sequence}:{signs}:rad")
    named = dict(zip(convention.angles, angles_deg, strict=True))
    rotmat = rotmat_from_euler(triples_of_angles(angles_deg, convention), convention)
    assert np.abs(_evaluated(composition(convention), named) - rotmat).max() < 1e-12


@pytest.mark.parametrize(
    ("name", "formula", "intrinsic", "extrinsic"),
    [
        ("biwi+", "R = Rz(-roll) Ry(-yaw) Rx(pitch)", "z-y'-x''", "x, y, z"),
        ("hopenet", "R = Rx(-pitch) Ry(yaw) Rz(roll)", "x-y'-z''", "z, y, x"),
        ("ZXZ:+-+", "R = Rz(alpha) Rx(-beta) Rz(gamma)", "z-x'-z''", "z, x, z"),
    ],
)
def test_the_same_sequence_in_three_wordings(name, formula, intrinsic, extrinsic):
    told = facts(name)
    assert (told["composition"], told["intrinsic"], told["extrinsic"]) == (formula, intrinsic, extrinsic)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_facts_of_every_entry_are_complete_and_json(name):
    told = json.loads(json.dumps(facts(name)))
    assert told["name"] == name
    assert told["source"]
    assert told["notes"]
    assert len(told["positive"]) == 3
    if told["composition"]:
        assert set(told["ranges_deg"]) == set(told["order"]) == set(told["positive"])
        row = np.array([told["example"]["row"][angle] for angle in told["order"]])
        assert np.abs(rotmat_from_euler(row, name) - EXAMPLE_ROTMAT).max() < 2e-5
    if told["spec"]:
        again = parse_spec(told["spec"])
        assert np.allclose(euler_from_rotmat(EXAMPLE_ROTMAT, again), euler_from_rotmat(EXAMPLE_ROTMAT, name))


def test_the_example_is_the_published_one():
    assert np.allclose(list(facts("biwi")["example"]["row"].values()), [41.50347, -62.06395, -12.80173], atol=5e-5)
    assert list(facts("hopenet")["example"]["row"]) == ["yaw", "pitch", "roll"]


@given(sequences, signs, st.sampled_from([0, 1]), angle, angle)
def test_gimbal_lock_is_where_it_is_said_to_be(sequence, signs, which, first, last):
    convention = get_convention(f"{sequence}:{signs}")
    told = facts(convention)["gimbal_lock"]
    middle, low, high, written = re.match(r"at (\w+) (\S+?)(?: and (\S+))? degrees.*; (\w+) is then", told).groups()
    bounds = (float(low), float(high)) if high else (-float(low[2:]), float(low[2:]))
    assert bounds == convention.ranges_deg[middle]
    outer = [name for name in convention.angles if name != middle]
    angles = {middle: bounds[which], outer[0]: first, outer[1]: last}
    rotmat = _evaluated(composition(convention), angles)
    # there the outer angles are one degree of freedom: moving both by as much, or against each other, changes nothing
    moved = [_evaluated(composition(convention), {**angles, outer[0]: first + 9, outer[1]: last + s}) for s in (9, -9)]
    assert min(np.abs(m - rotmat).max() for m in moved) < 1e-12
    assert euler_from_rotmat(rotmat, convention)[list(convention.order).index(written)] == 0
    assert ("frontal face" in told) == (np.ptp(bounds) == 180 and 0 in bounds)


def test_an_upright_convention_says_what_is_written_at_gimbal_lock():
    assert facts(UPRIGHT)["gimbal_lock"].startswith("at pitch +-90 degrees")
    assert "yaw is then written as 0 or 180" in facts(UPRIGHT)["gimbal_lock"]
    assert "upright" in facts(UPRIGHT)["branch"]


@pytest.mark.parametrize("name", ["biwi+", "ZYX:+++", "ZXZ:+++", "XYZ:+++", "zyx:+-+"])
def test_turning_the_picture_changes_one_angle_alone_where_that_is_said(name):
    convention = get_convention(name)
    told = [angle for angle, words in facts(name)["turns_about"].items() if "turning the picture" in words]
    start = np.array([12.0, 20.0, 7.0])
    picture = Rotation.from_euler("z", 15, degrees=True).as_matrix()
    moved = euler_from_rotmat(picture @ rotmat_from_euler(start, convention), convention) - start
    changed = [angle for angle, by in zip(convention.order, moved, strict=True) if abs(by) > 1e-9]
    assert told == (changed if len(changed) == 1 else [])
    assert len(told) == (composition(convention).startswith("R = Rz"))


def test_matrices_of_another_frame():
    told = facts(OPENGL)
    turn = np.diag([1.0, -1, -1])
    assert np.allclose(told["example"]["own_matrix"], turn @ EXAMPLE_ROTMAT @ turn, atol=1e-5)
    assert told["matrices"] == "M = C R C with C = diag(1, -1, -1) and a uniform scale, which is divided out"
    assert told["frame"] == "opengl: x right, y up, z towards the viewer"
    assert not any(told[key] for key in ("spec", "composition", "gimbal_lock", "ranges_deg", "order", "unit"))


def test_matrices_for_row_vectors():
    told = facts(TRANSPOSED)
    assert np.allclose(told["example"]["own_matrix"], EXAMPLE_ROTMAT.T, atol=1e-5)
    assert told["matrices"].startswith("M = R^T")
    assert told["spec"] == "XYZ:-++:deg:pitch,yaw,roll"
