"""A folder appears whole, and nothing that anybody needs goes away for it."""

import os

import pytest

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.new_folder import new_folder


def _allow(out):
    """A check that has nothing against replacing what is there."""


def _listing(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_folder_appears_when_the_block_ends(tmp_path):
    with new_folder(tmp_path / "deep" / "out", check=_allow) as folder:
        (folder / "new").touch()
        assert not (tmp_path / "deep" / "out").exists()
    assert _listing(tmp_path) == ["deep", "deep/out", "deep/out/new"]


def test_what_a_killed_run_has_left_goes_away(tmp_path):
    leftover = tmp_path / ".out.tmp" / "synbiwi+" / "shards"
    leftover.mkdir(parents=True)
    (leftover / "00000.h5").touch()
    with new_folder(tmp_path / "out", check=_allow) as folder:
        assert list(folder.iterdir()) == []
        (folder / "new").touch()
    assert _listing(tmp_path) == ["out", "out/new"]


def test_two_runs_into_one_folder_the_second_is_refused(tmp_path):
    def second_run():
        with new_folder(tmp_path / "out", check=_allow):
            raise AssertionError

    with new_folder(tmp_path / "out", check=_allow) as folder:
        (folder / "first").touch()
        with pytest.raises(OutputExistsError, match="by another run"):
            second_run()
    assert _listing(tmp_path) == ["out", "out/first"]


def test_what_appeared_meanwhile_is_not_replaced_unasked(tmp_path):
    def run():
        with new_folder(tmp_path / "out", check=_allow) as folder:
            (folder / "mine").touch()
            (tmp_path / "out").mkdir()
            (tmp_path / "out" / "other").touch()

    with pytest.raises(OutputExistsError, match="already there"):
        run()
    assert _listing(tmp_path) == ["out", "out/other"]


def test_a_run_killed_between_its_two_renames_loses_nothing(tmp_path):
    (tmp_path / ".out.old").mkdir()
    (tmp_path / ".out.old" / "dear").touch()
    with pytest.raises(OutputExistsError, match="already there"), new_folder(tmp_path / "out", check=_allow):
        pass
    assert _listing(tmp_path) == ["out", "out/dear"]


def test_the_check_decides_what_may_be_replaced(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "dear").touch()

    def refuse(out):
        raise OutputExistsError(f"{out} is dear")

    with pytest.raises(OutputExistsError, match="is dear"), new_folder(tmp_path / "out", True, check=refuse):
        pass
    assert _listing(tmp_path) == ["out", "out/dear"]
    with new_folder(tmp_path / "out", True, check=_allow) as folder:
        (folder / "new").touch()
    assert _listing(tmp_path) == ["out", "out/new"]


def test_the_current_folder_can_be_filled(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with new_folder(".", check=_allow) as folder:
        (folder / "new").touch()
    assert _listing(tmp_path) == ["here", "here/new"]
    os.chdir(tmp_path)
