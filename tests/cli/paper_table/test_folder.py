import pytest

from synhead_tools.cli.paper_table.folder import FACTS_NAME, reproduction_folder
from synhead_tools.errors import OutputExistsError, SynheadError

FACTS = {"heads": "all", "ranges": ("0", "1"), "training setting input_px": 64}


def _open(out, facts=FACTS, resume=False, overwrite=False):
    with reproduction_folder(out, facts, resume=resume, overwrite=overwrite) as folder:
        (folder / "models").mkdir(exist_ok=True)
        (folder / "models" / "thing").write_text("x")


def test_an_earlier_run_is_gone_on_with_or_replaced_as_asked(tmp_path):
    out = tmp_path / "deep" / "out"
    _open(out)
    with pytest.raises(OutputExistsError, match="give --resume to go on, or --overwrite"):
        _open(out)
    (out / "results.jsonl").write_text("kept")
    _open(out, resume=True)
    assert (out / "results.jsonl").read_text() == "kept"
    with pytest.raises(SynheadError, match="begun with training setting input_px = 64, this run asks for 48"):
        _open(out, {**FACTS, "training setting input_px": 48}, resume=True)
    _open(out, {**FACTS, "heads": "f01"}, overwrite=True)
    assert not (out / "results.jsonl").exists()
    with pytest.raises(SynheadError, match="begun with heads = 'f01'"):
        _open(out, resume=True)
    with pytest.raises(OutputExistsError, match="exclude each other"):
        _open(out, resume=True, overwrite=True)


@pytest.mark.parametrize("text", [None, "{}", "[" * 4000, '{"format": "synhead reproduction", "facts": 1}', "\xff"])
@pytest.mark.parametrize("options", [{}, {"resume": True}, {"overwrite": True}])
def test_what_somebody_else_put_there_stays(tmp_path, text, options):
    (tmp_path / "thesis.tex").write_text("years of work")
    if text is not None:
        (tmp_path / FACTS_NAME).write_text(text, encoding="latin-1")
    with pytest.raises(OutputExistsError, match="did not make"):
        _open(tmp_path, **options)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_two_runs_in_one_folder_are_kept_apart(tmp_path):
    with reproduction_folder(tmp_path / "out", FACTS, resume=False, overwrite=False):
        for options in ({"resume": True}, {"overwrite": True}):
            with pytest.raises(OutputExistsError, match="being written by process"):
                _open(tmp_path / "out", **options)
        assert (tmp_path / "out" / FACTS_NAME).exists()


def test_a_file_in_the_place_is_named(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputExistsError, match="is a file"):
        _open(tmp_path / "out")
