"""Fifty kills: the benchmark `kill_resume` tries and compares; here it must find no byte that differs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="datasets are rendered by the cpu backend here")

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "kill_resume.py"


@pytest.mark.slow
def test_runs_that_are_killed_fifty_times_end_with_the_same_bytes():
    done = subprocess.run([sys.executable, BENCHMARK, "--kills", "50"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["value"] == 50
    assert found["identical_sets"] == found["resumed_sets"] >= 10
    assert set(found["left_behind"]) >= {"some shards", "a journal", "a manifest"}, "kills hit what they should"
    assert len(found["of_kind"]) == 4
