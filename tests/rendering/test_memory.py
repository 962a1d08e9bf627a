"""Memory of rendering processes over a run: it must not grow with the number of frames."""

import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from synhead_tools.geometry.pose_laws import uniform_rotations
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import render_dataset

pytest.importorskip("numba", reason="datasets are rendered by the cpu backend here")


def resident_mb(pid):
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip("no /proc to read a process's memory from")
    return int(next(line for line in status.read_text().splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


@pytest.mark.slow
def test_workers_and_the_process_that_leads_them_do_not_grow(egg, tmp_path):
    plan = RenderPlan(("egg",), uniform_rotations(12_000, np.random.default_rng(0)), size_px=16, backend="cpu")
    leader, workers, frames = [], [], []

    def watch(done, total):
        frames.append(done)
        leader.append(resident_mb("self"))
        workers.append(sum(resident_mb(child.pid) for child in multiprocessing.active_children()))

    render_dataset(plan, tmp_path / "out", 2, heads={"egg": egg}, rows_per_shard=250, progress=watch)
    warm = np.array(frames) >= 4_000
    thousands = np.array(frames)[warm] / 1000
    # 12,000 frames of 16 px are 20 MB of columns: what is kept of them would show
    assert np.polyfit(thousands, np.array(workers)[warm], 1)[0] <= 1.0
    assert np.polyfit(thousands, np.array(leader)[warm], 1)[0] <= 1.0
