import os
import subprocess
import sys

import pytest

from synhead_tools.errors import BackendError
from synhead_tools.rendering.opengl.devices import DEVICE_VARIABLE, choose_device, egl_devices

pytestmark = pytest.mark.gl


@pytest.fixture(autouse=True)
def devices(monkeypatch):
    monkeypatch.delenv(DEVICE_VARIABLE, raising=False)
    if not egl_devices():
        pytest.skip("no EGL device here")
    return egl_devices()


def test_devices_are_numbered_as_egl_lists_them(devices):
    assert [device.index for device in devices] == list(range(len(devices)))


def test_hardware_is_preferred_and_the_environment_obeyed(devices, monkeypatch):
    hardware = [device.index for device in devices if not device.software]
    assert choose_device() == (hardware or [0])[0]
    last = len(devices) - 1
    monkeypatch.setenv(DEVICE_VARIABLE, f" {last} ")
    assert choose_device() == last
    assert choose_device(0) == 0


@pytest.mark.parametrize("value", ["one", "-1", "1.0", "99", "٣"])
def test_a_device_that_is_not_there_is_named(value, monkeypatch):
    monkeypatch.setenv(DEVICE_VARIABLE, value)
    with pytest.raises(BackendError, match=f"{DEVICE_VARIABLE} (is|asks for EGL device).*{value}"):
        choose_device()
    with pytest.raises(BackendError, match="device asks for EGL device 99; there is 0 to"):
        choose_device(99)


def test_listing_devices_imports_no_opengl():
    code = "import sys; from synhead_tools.rendering.opengl.devices import egl_devices; print(len(egl_devices()))\n"
    code += "print({'OpenGL', 'pyrender'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.split("\n")[:2] == [str(len(egl_devices())), "set()"]
