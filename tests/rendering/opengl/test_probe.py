"""What is said where OpenGL does not work; each fault is made in processes of their own."""

import os
import subprocess
import sys
import textwrap

import pytest

from synhead_tools.rendering.opengl.devices import egl_devices
from synhead_tools.rendering.opengl.platform import osmesa_library
from synhead_tools.rendering.opengl.probe import PROBED_VARIABLE, Found, probe

# Read by Python as it starts: hides libraries, and makes the process that tries OpenGL misbehave.
FAULTS = """
import ctypes.util, os, signal, sys, time
hidden, find = os.environ.get("HIDE", "").split(), ctypes.util.find_library
ctypes.util.find_library = lambda name: None if name in hidden else find(name)
if any("first_picture" in word for word in sys.orig_argv):
    if os.environ.get("DRIVER") == "crashes":
        os.kill(os.getpid(), signal.SIGSEGV)
    if os.environ.get("DRIVER") == "hangs":
        time.sleep(600)
"""


@pytest.fixture
def say(tmp_path):
    """Run a program in a faulty environment and return what it prints."""
    (tmp_path / "sitecustomize.py").write_text(FAULTS)

    def run(code, **environment):
        env = {name: value for name, value in os.environ.items() if name != PROBED_VARIABLE}
        env |= {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.getcwd()]), **environment}  # noqa: PTH109
        command = [sys.executable, "-c", textwrap.dedent(code)]
        done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def needs_egl():
    if not egl_devices():
        pytest.skip("no EGL device here")


def test_one_error_names_every_fault_and_its_package(say):
    code = """
        import sys
        sys.modules["numba"] = None
        sys.meta_path.insert(0, type("NoNumba", (), {"find_spec": staticmethod(lambda name, *rest: None)}))
        import importlib.util, synhead_tools.rendering.backend as backend
        backend.find_spec = lambda name: None
        try:
            backend.open_backend("auto")
        except ValueError as error:
            print(type(error).__name__, error)
    """
    text = say(code, HIDE="EGL OSMesa")
    assert text.startswith("BackendError no renderer works here: ")
    assert "\n" not in text
    for word in ("numba", "'synhead-tools[cpu]'", "egl: libEGL is not installed", "libegl1 libgl1-mesa-dri",
                 "osmesa: libOSMesa is not installed", "libosmesa6"):  # fmt: skip
        assert word in text


@pytest.mark.parametrize("name", ["egl", "osmesa", "pyrender"])
def test_a_backend_without_its_library_says_what_to_install(say, name):
    code = f"""
        from synhead_tools.rendering.backend import open_backend
        try:
            open_backend({name!r})
        except ValueError as error:
            print(type(error).__name__, error)
    """
    text = say(code, HIDE="EGL OSMesa")
    assert text.startswith("BackendError ")
    assert "\n" not in text
    assert ("apt-get install libosmesa6" if name == "osmesa" else "apt-get install libegl1 libgl1-mesa-dri") in text


@pytest.mark.gl
@pytest.mark.parametrize(
    ("driver", "limit_s", "words"),
    [("crashes", 60, "the driver crashed (SIGSEGV)"), ("hangs", 2, "the driver gave no picture within 2 s")],
)
def test_a_driver_that_crashes_or_hangs_does_not_take_us_along(say, driver, limit_s, words):
    needs_egl()
    code = f"from synhead_tools.rendering.opengl.probe import probe; print(probe('egl', 0, {limit_s}))"
    text = say(code, DRIVER=driver)
    assert text.startswith(words)
    assert "apt-get install libegl1" in text


@pytest.mark.gl
def test_a_driver_that_draws_is_described(monkeypatch):
    needs_egl()
    monkeypatch.delenv(PROBED_VARIABLE, raising=False)
    found = probe("egl", 0)
    assert isinstance(found, Found)
    assert found.description.startswith("egl device 0, ")
    assert "OpenGL " in found.description
    assert os.environ[PROBED_VARIABLE] == "egl device 0"


@pytest.mark.gl
def test_auto_takes_a_card_only_if_it_draws_and_warns_of_software(say):
    needs_egl()
    if not egl_devices()[0].software:
        pytest.skip("a real card is here, which cannot be pretended to be missing")
    code = """
        import warnings
        from synhead_tools.rendering.opengl import context, devices
        pretended = (devices.EglDevice(0, software=False),)
        devices.egl_devices = context.egl_devices = lambda: pretended
        from synhead_tools.rendering.backend import open_backend, resolve_backend
        print(resolve_backend("auto"))
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            print(open_backend("egl").description)
        print([str(warning.message) for warning in seen])
    """
    pytest.importorskip("numba", reason="auto falls back on numba here")
    resolved, description, warned = say(code).splitlines()
    assert resolved == "cpu"
    assert "llvmpipe" in description
    assert "not with the graphics card" in warned


@pytest.mark.gl
def test_osmesa_draws_the_bytes_of_mesas_egl(say, tmp_path):
    """One process has one platform: each draws in its own."""
    if osmesa_library() is None:
        pytest.skip("libOSMesa is not installed (apt-get install libosmesa6)")
    needs_egl()
    code = """
        import hashlib, sys
        import numpy as np
        from synhead_tools.heads.library import load_head
        from synhead_tools.rendering.backend import open_backend
        from synhead_tools.rendering.scene import Camera, studio_lighting
        backend, camera = open_backend({name!r}), Camera(64, 64, [[150, 0, 32], [0, 150, 32], [0, 0, 1]])
        frame = backend.render(load_head("m03"), np.eye(3), np.array([0, 0, 1.0]), camera, studio_lighting())
        assert (frame.alpha == 255).mean() > 0.2
        hashes = [hashlib.sha256(array.tobytes()).hexdigest() for array in vars(frame).values()]
        print("llvmpipe" in backend.description, *hashes)
    """
    egl, osmesa = (say(code.replace("{name!r}", repr(name))) for name in ("egl", "osmesa"))
    if not egl.startswith("True"):
        pytest.skip("EGL draws on a card here, OSMesa in software")
    assert egl == osmesa
