import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="the cpu backend needs numba")

import synhead_tools

RUN = """
import numpy as np
from synhead_tools.heads.head import Head, Part
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.scene import Camera, Lighting
corners = np.float32([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)])
part = Part("quad", corners, np.float32([(0, 0, -1)] * 4), np.zeros((4, 2), np.float32),
            np.int32([(0, 1, 2), (0, 2, 3)]), np.ones(2, np.uint8), np.full((1, 1, 4), 255, np.uint8), specular=0.0)
head = Head("quad", (part,), np.zeros((5, 3)), np.zeros((68, 3)), "", "")
camera = Camera(4, 4, [[4, 0, 2], [0, 4, 2], [0, 0, 1]])
frame = open_backend("cpu").render(head, np.eye(3), np.array([0, 0, 1.0]), camera, Lighting((), (1, 1, 1), (1, 1, 1)))
print(frame.image[0, 0, 0])
"""


@pytest.mark.slow
def test_a_change_in_a_compiled_in_file_is_seen(tmp_path):
    """`shade` is compiled into `resolve`, in another file: what numba kept of the old one must not be used."""
    package = Path(synhead_tools.__file__).parent
    shutil.copytree(package, tmp_path / "synhead_tools", ignore=shutil.ignore_patterns("*.nb?"))
    shade = tmp_path / "synhead_tools" / "rendering" / "cpu" / "shade.py"
    before = shade.read_text()
    after = before.replace("x = min(max(linear, _ZERO), _ONE)", "x = min(max(linear * _HALF, _ZERO), _ONE)")
    assert after != before
    seen = []
    for text in (before, after):
        shade.write_text(text)
        done = subprocess.run([sys.executable, "-c", RUN], cwd=tmp_path, capture_output=True, text=True, check=True)
        seen.append(int(done.stdout))
    assert seen == [255, 188]
