import os
import signal
import subprocess
import sys
import time

RUN = (
    "import sys, numpy as np; from synhead_tools.rendering.plan import RenderPlan\n"
    "from synhead_tools.rendering.render_dataset import render_dataset\n"
    "from synhead_tools.geometry.pose_laws import uniform_rotations\n"
    "plan = RenderPlan(('m03',), uniform_rotations(4000, np.random.default_rng(0)), size_px=24, backend='cpu')\n"
    "show = lambda *numbers: print(*numbers, flush=True)\n"
    "render_dataset(plan, sys.argv[1], workers=2, rows_per_shard=4, progress=show)"
)


def _is_empty(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def test_workers_end_with_a_killed_run_and_write_nothing_more(tmp_path):
    command = [sys.executable, "-c", RUN, str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            while int(process.stdout.readline().split()[0]) < 8:
                pass
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            deadline = time.monotonic() + 20
            while not _is_empty(process.pid) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert _is_empty(process.pid)
        finally:
            if not _is_empty(process.pid):
                os.killpg(process.pid, signal.SIGKILL)
    assert 2 <= len(list((tmp_path / "out" / "shards").glob("0*.h5"))) < 1000
