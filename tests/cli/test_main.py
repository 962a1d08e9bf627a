import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from synhead_tools.cli.main import COMMANDS, synhead

SYNHEAD = (sys.executable, "-m", "synhead_tools")


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


@pytest.mark.parametrize("words", [("inspect", "-vv", "empty"), ("heads", "-vv", "show", "nobody", "a.png")])
def test_a_traceback_only_when_asked_for(tmp_path, words):
    (tmp_path / "empty").mkdir()
    command = [sys.executable, "-m", "synhead_tools", *(str(tmp_path / w) if w == "empty" else w for w in words)]
    assert "Traceback" in subprocess.run(command, capture_output=True, text=True, check=False).stderr


def test_settings_from_a_file_yield_to_the_command_line(run, tmp_path):
    config = tmp_path / "render.toml"
    config.write_text('size-px = 32\nheads = "f01"\n')
    common = ("render", tmp_path / "out", "--config", config, "--grid", "--dry-run", "--json")
    assert '"size_px": 32' in run(*common).output
    assert '"size_px": 64' in run(*common, "--size", 64).output
    config.write_text('size = "48"\nheads = "f01"\n')  # as the option is called, not the parameter
    assert '"size_px": 48' in run(*common).output


@pytest.mark.parametrize("text", ["sizze = 3", "size = ", "\xff\xfe"])
def test_bad_settings_are_named(run, tmp_path, text):
    config = tmp_path / "bad.toml"
    config.write_bytes(text.encode("latin-1"))
    result = run("render", tmp_path / "out", "--config", config, "--grid", "--dry-run")
    assert result.exit_code == 2
    assert "bad.toml" in result.output


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("rows"), "unexpected KeyError"),
        (EOFError("nothing left"), "unexpected EOFError"),
        (RuntimeError("[enforce fail] can't allocate memory: 4 GiB"), "out of memory"),
        (OSError(28, "No space left on device", "out/a.h5"), "out/a.h5: No space left on device"),
        (ValueError("a\x1b[31m\nb" + "x" * 5000), r"a\x1b[31m b"),
    ],
)
def test_whatever_happens_is_one_line_that_a_terminal_survives(error, said):
    def fail():
        raise error

    class Failing(type(synhead)):
        def get_command(self, ctx, cmd_name):
            return click.Command(cmd_name, callback=fail)

    result = CliRunner().invoke(Failing(), ["fail"])
    assert result.exit_code == 1
    assert said in result.output
    assert result.output.count("\n") == 1
    assert len(result.output) < 1100
    assert "\x1b" not in result.output


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_help_on_a_full_disk_is_one_line():
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run([*SYNHEAD, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr == "Error: No space left on device\n"


@pytest.mark.parametrize(
    "text",
    [
        "seed = 1.5", "seed = []", "seed = true", "workers = {a = 1}", "size-px = 'big'", "track = 5", "tracks = 5",
        "tracks = 'x.csv'", "heads = ['f01']", "quiet = 3", "resume = 'yes'", "a = " + "[" * 50000, "a = " + "9" * 5000,
    ],
)  # fmt: skip
def test_settings_of_a_wrong_type_are_usage_errors(run, tmp_path, text):
    (tmp_path / "bad.toml").write_text(text)
    result = run("render", tmp_path / "out", "--config", tmp_path / "bad.toml", "--grid", "--dry-run")
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output


def test_settings_that_are_a_pipe_do_not_hang(run, tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    result = run("render", tmp_path / "out", "--config", tmp_path / "pipe.toml", "--grid", "--dry-run")
    assert result.exit_code == 2
    assert "not a regular file" in result.output
