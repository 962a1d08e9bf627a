import pytest

from synhead_tools.errors import UnknownNameError
from synhead_tools.registry import Table


def test_entries_load_lazily_and_unknown_names_are_explained():
    table = Table("letter", {"a": "string:ascii_letters", "broken": "no_such_module:x"})
    assert table.load("a").startswith("abc")
    assert table.names() == ("a", "broken")
    assert "b" not in table
    with pytest.raises(UnknownNameError, match="unknown letter 'b'; known: a, broken"):
        table.load("b")


def test_what_cannot_be_a_name_is_an_unknown_name():
    with pytest.raises(UnknownNameError, match="unknown letter"):
        Table("letter", {"a": "string:ascii_letters"}).load(["a"])
