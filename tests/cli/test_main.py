import subprocess
import sys

import pytest

from synhead_tools.cli.main import COMMANDS


def test_help_lists_every_command(run):
    result = run("--help")
    assert result.exit_code == 0
    assert all(name in result.output for name in COMMANDS)


def test_a_wrong_command_is_a_usage_error(run):
    assert run("rendre").exit_code == 2


def test_an_error_is_one_line_and_exit_status_1(tmp_path):
    (tmp_path / "empty").mkdir()
    command = [sys.executable, "-m", "synhead_tools", "inspect", str(tmp_path / "empty")]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr.startswith("Error: ")
    assert answer.stderr.count("\n") == 1
    assert answer.stdout == ""


def test_a_traceback_only_when_asked_for(tmp_path):
    (tmp_path / "empty").mkdir()
    command = [sys.executable, "-m", "synhead_tools", "inspect", "-vv", str(tmp_path / "empty")]
    assert "Traceback" in subprocess.run(command, capture_output=True, text=True, check=False).stderr


def test_settings_from_a_file_yield_to_the_command_line(run, tmp_path):
    config = tmp_path / "render.toml"
    config.write_text('size-px = 32\nheads = "f01"\n')
    common = ("render", tmp_path / "out", "--config", config, "--grid", "--dry-run")
    assert '"size_px": 32' in run(*common).output
    assert '"size_px": 64' in run(*common, "--size", 64).output


@pytest.mark.parametrize("text", ["sizze = 3", "size = ", "\xff\xfe"])
def test_bad_settings_are_named(run, tmp_path, text):
    config = tmp_path / "bad.toml"
    config.write_bytes(text.encode("latin-1"))
    result = run("render", tmp_path / "out", "--config", config, "--grid", "--dry-run")
    assert result.exit_code == 2
    assert "bad.toml" in result.output
