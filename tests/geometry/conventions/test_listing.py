import pytest

from synhead_tools.geometry.conventions import CONVENTIONS, EulerConvention
from synhead_tools.geometry.conventions.facts import facts
from synhead_tools.geometry.conventions.listing import WIDTH, full_text, rows_of, short_text

MATRICES_ONLY = EulerConvention("only-matrices", "", frame="opengl", source="test")


@pytest.mark.parametrize("convention", [*CONVENTIONS, "ZXZ:+-+:rad", MATRICES_ONLY])
def test_texts_are_narrow_and_tell_formula_senses_and_source(convention):
    told = facts(convention)
    short = short_text(told)
    assert max(map(len, short.splitlines())) <= WIDTH
    assert short.startswith(told["name"])
    in_one_line = " ".join(short.split())
    for expected in (told["composition"], told["source"], *told["positive"].values()):
        assert " ".join(expected.split()) in in_one_line
    full = full_text({**told, "notes": ""})
    assert max(map(len, full.splitlines()[1:])) <= WIDTH
    in_one_line = " ".join(full.split())
    assert all(" ".join(text.split()) in in_one_line for _, text in rows_of(told))


def test_what_is_not_there_is_left_out():
    titles = [title for title, _ in rows_of(facts(MATRICES_ONLY))]
    assert titles == ["written", "+ x", "+ y", "+ z", "matrices in", "matrices", "example"]
    assert "None" not in full_text(facts(MATRICES_ONLY))
    assert "no angles" in short_text(facts(MATRICES_ONLY))


def test_radians_are_said():
    assert "written in radians, ranges in degrees: pitch -180..180" in short_text(facts("300w-lp"))
