import os

import pytest
from click.testing import CliRunner

from synhead_tools.cli.main import synhead


@pytest.fixture(scope="session")
def run():
    """Run the command line in this process: run("render", ...) -> result with exit_code and output."""

    def invoke(*arguments):
        return CliRunner().invoke(synhead, [str(argument) for argument in arguments])

    return invoke


@pytest.fixture(scope="session")
def track_csv(tmp_path_factory):
    path = tmp_path_factory.mktemp("track") / "track.csv"
    path.write_text("pitch,yaw,roll\n0,0,0\n5,-20,3\n-10,25,-4\n")
    return path


@pytest.fixture(scope="session")
def chain(run, track_csv, tmp_path_factory):
    """A tiny dataset taken through render, convert-euler and match-biwi by the commands themselves."""
    folder = tmp_path_factory.mktemp("chain")
    steps = [
        ("render", folder / "synhead", "--heads", "f01,m01", "--grid", "--pitch", "-20,0,20", "--yaw", "-150,-30,0,30",
         "--roll", "0", "--track", track_csv, "--size", 64, "-q"),
        ("convert-euler", folder / "synhead", folder / "synhead+"),
        ("match-biwi", folder / "synhead+", folder / "synhead", folder / "matched", "--max-targets", 4, "-q"),
    ]  # fmt: skip
    for step in steps:
        result = run(*step)
        assert result.exit_code == 0, result.output
    return folder


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    os.environ.setdefault("OMP_NUM_THREADS", "1")
