import os
import subprocess
import sys

import pytest

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.runs.output_folder import locked_folder, prepare_folder


def test_second_run_is_refused_and_told_who_writes(tmp_path):
    with (
        locked_folder(tmp_path / "out"),
        pytest.raises(OutputExistsError, match=f"process {os.getpid()}"),
        locked_folder(tmp_path / "out"),
    ):
        pass
    with locked_folder(tmp_path / "out"):
        pass
    assert not any((tmp_path / "out").iterdir())


def test_lock_of_a_killed_process_holds_nobody_up(tmp_path):
    code = (
        "import os, sys; from pathlib import Path\n"
        "from synhead_tools.formats.runs.output_folder import locked_folder\n"
        "with locked_folder(Path(sys.argv[1])): os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, tmp_path]).returncode == 9
    assert (tmp_path / ".lock").exists()
    with locked_folder(tmp_path):
        pass


def test_lock_is_given_back_after_an_error(tmp_path):
    with pytest.raises(RuntimeError), locked_folder(tmp_path):
        raise RuntimeError
    with locked_folder(tmp_path):
        pass


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputExistsError, match="is a file"), locked_folder(tmp_path / "file"):
        pass


@pytest.mark.parametrize("mode", [(True, False), (False, True), (False, False)])
def test_foreign_files_are_never_touched(tmp_path, mode):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputExistsError, match="thesis.tex"):
        prepare_folder(tmp_path, *mode)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_own_files_need_a_word(tmp_path):
    (tmp_path / "README.md").write_text("card")
    with pytest.raises(OutputExistsError, match="--resume or --overwrite"):
        prepare_folder(tmp_path, False, False)
    prepare_folder(tmp_path, True, False)
    assert (tmp_path / "README.md").exists()
    prepare_folder(tmp_path, False, True)
    assert not (tmp_path / "README.md").exists()


def test_what_a_killed_run_had_begun_is_swept(tmp_path):
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / ".00000.h5.0a1b2c3d.tmp").write_bytes(b"half")
    prepare_folder(tmp_path, True, False)
    assert not any((tmp_path / "shards").iterdir())
