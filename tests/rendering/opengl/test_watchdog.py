"""Each in a process of its own: the watchdog ends the one it is in."""

import subprocess
import sys

HEAD = "import time; from synhead_tools.rendering.opengl.watchdog import Watchdog\n"


def run(code):
    return subprocess.run([sys.executable, "-c", HEAD + code], capture_output=True, text=True, timeout=60)


def test_a_call_that_never_returns_ends_the_process_with_one_line():
    done = run("with Watchdog(1): time.sleep(60)")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the OpenGL driver has not answered for 1 s")
    assert done.stderr.count("\n") == 1
    assert "--workers 1" in done.stderr


def test_calls_that_return_in_time_are_let_alone():
    # together longer than the limit, and so is the time in which nothing is under way
    code = "watchdog = Watchdog(3)\nfor _ in range(4):\n    with watchdog: time.sleep(1)\ntime.sleep(5)\nprint('alive')"
    done = run(code)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr
