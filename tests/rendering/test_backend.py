import contextlib
import subprocess
import sys

import numpy as np
import pytest

from synhead_tools.errors import BackendError, UnknownNameError
from synhead_tools.rendering.backend import BACKENDS, Backend, open_backend
from synhead_tools.rendering.opengl.devices import has_hardware_device
from synhead_tools.rendering.scene import studio_lighting


# osmesa is opened in processes of its own (test_gl_probe.py): one process has one OpenGL platform
@pytest.mark.parametrize("name", [name for name in BACKENDS if name != "osmesa"])
def test_every_backend_opens_or_says_what_is_missing(name, egg, make_camera):
    backend = None
    with contextlib.suppress(BackendError):
        backend = open_backend(name, samples_per_axis=1)
    if backend is None:
        with pytest.raises(BackendError, match=r"^[^\n]*install[^\n]*$"):
            open_backend(name)
        return
    assert isinstance(backend, Backend)
    assert backend.name == name
    assert backend.description.startswith(name)
    assert type(backend).__doc__
    frame = backend.render(egg, np.eye(3), np.array([0, 0, 1.0]), make_camera(24), studio_lighting())
    assert 0.1 < (frame.alpha > 0).mean() < 0.9
    backend.close()


def test_auto_prefers_numba_where_there_is_no_card():
    pytest.importorskip("numba", reason="auto falls back on OpenGL without numba")
    if has_hardware_device():
        pytest.skip("a graphics card is here")
    code = (
        "import sys; from synhead_tools.rendering.backend import resolve_backend; print(resolve_backend('auto'))\n"
        "print({'numba', 'pyrender', 'OpenGL', 'synhead_tools.rendering.opengl.probe'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["cpu", "set()"], "nothing is tried out, or even imported, before"


def test_unknown_backend():
    with pytest.raises(UnknownNameError, match="renderer backend 'gpu'.*cpu, egl, osmesa, pyrender"):
        open_backend("gpu")


def test_importing_the_table_imports_no_renderer():
    code = "import sys, synhead_tools.rendering.backend; print({'numba', 'pyrender', 'trimesh'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_without_numba_the_error_says_what_to_install():
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "from synhead_tools.rendering.backend import open_backend\n"
        "try: open_backend('cpu')\n"
        "except ValueError as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("BackendError")
    assert "pip install 'synhead-tools[cpu]'" in done.stdout
