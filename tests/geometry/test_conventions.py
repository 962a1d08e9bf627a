from dataclasses import replace

import pytest

from synhead_tools.errors import ConventionError, UnknownNameError
from synhead_tools.geometry.axis_turns import SEQUENCES
from synhead_tools.geometry.conventions import CONVENTIONS, EulerConvention, get_convention, parse_spec


@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_entry_is_named_sourced_and_survives_its_spec(name):
    convention = CONVENTIONS.load(name)
    assert convention.name == name
    assert convention.source
    if not convention.has_angles:
        return
    again = parse_spec(convention.spec)
    assert (again.sequence, again.signs, again.order, again.unit) == (
        convention.sequence,
        convention.signs,
        convention.order,
        convention.unit,
    )


def test_every_sequence_sign_order_and_unit_can_be_written_as_a_spec():
    for sequence in (*SEQUENCES, *(name.upper() for name in SEQUENCES)):
        order = "gamma,alpha,beta" if sequence[0] == sequence[2] else "roll,pitch,yaw"
        convention = parse_spec(f"{sequence}:-+-:rad:{order}")
        assert (convention.sequence, convention.signs, convention.unit) == (sequence, (-1, 1, -1), "rad")
        assert parse_spec(convention.spec) == replace(convention, name=convention.spec)


def test_ranges_follow_the_sequence():
    assert get_convention("trg").ranges_deg == {"yaw": (-180, 180), "pitch": (-90, 90), "roll": (-180, 180)}
    assert get_convention("zxz").ranges_deg == {"alpha": (-180, 180), "beta": (0, 180), "gamma": (-180, 180)}
    assert get_convention("whenet").ranges_deg["yaw"] == (-180, 180)


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"'hoppenet'.*biwi\+.*hopenet"):
        get_convention("hoppenet")


@pytest.mark.parametrize(
    "spec",
    [
        "xyy:+++:deg",
        "xyz:++:deg",
        "xyz:+*+:deg",
        "xyz:+++:grad",
        "xyz:+++:deg:pitch,yaw",
        "XyZ:+++",
        "zxz:+++:deg:pitch,yaw,roll",
        ":+++",
        "a:b:c:d:e",
    ],
)
def test_malformed_specs_are_refused_in_one_line(spec):
    with pytest.raises(ConventionError) as error:
        parse_spec(spec)
    assert "\n" not in str(error.value)


def test_a_convention_is_a_value():
    assert EulerConvention("a", "xyz") == EulerConvention("a", "xyz")
    with pytest.raises(AttributeError):
        EulerConvention("a", "xyz").unit = "rad"
