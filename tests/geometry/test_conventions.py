import pytest

from synhead_tools.errors import ConventionError, UnknownNameError
from synhead_tools.geometry.conventions import CONVENTIONS, EulerConvention, get_convention, parse_spec


@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_entry_is_named_sourced_and_survives_its_spec(name):
    convention = CONVENTIONS.load(name)
    assert convention.name == name
    assert convention.source
    again = parse_spec(convention.spec)
    assert (again.sequence, again.signs, again.order, again.unit) == (
        convention.sequence,
        convention.signs,
        convention.order,
        convention.unit,
    )


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"'hoppenet'.*biwi\+.*hopenet"):
        get_convention("hoppenet")


@pytest.mark.parametrize(
    "spec",
    ["xyy:+++:deg", "xyz:++:deg", "xyz:+*+:deg", "xyz:+++:grad", "xyz:+++:deg:pitch,yaw", "XyZ:+++", "a:b:c:d:e"],
)
def test_malformed_specs_are_refused_in_one_line(spec):
    with pytest.raises(ConventionError) as error:
        parse_spec(spec)
    assert "\n" not in str(error.value)


def test_a_convention_is_a_value():
    assert EulerConvention("a", "xyz") == EulerConvention("a", "xyz")
    with pytest.raises(AttributeError):
        EulerConvention("a", "xyz").unit = "rad"
