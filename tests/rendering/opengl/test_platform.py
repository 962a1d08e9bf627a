import sys

import numpy as np
import pytest

from synhead_tools.errors import BackendError
from synhead_tools.rendering.opengl import platform
from synhead_tools.rendering.opengl.devices import egl_devices


def test_an_old_pyopengl_on_a_new_python_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr(platform, "version", lambda name: "3.1.0")
    monkeypatch.setattr(sys, "version_info", _Version((3, 13, 0)))
    with pytest.raises(BackendError, match=r"PyOpenGL 3\.1\.0 does not work on Python 3\.13.*PyOpenGL>=3\.1\.9"):
        platform.import_pyrender("egl")


class _Version(tuple):
    major = property(lambda self: self[0])
    minor = property(lambda self: self[1])


@pytest.mark.gl
def test_the_name_that_pyrender_misses_in_numpy_2_is_given():
    if not egl_devices():
        pytest.skip("no EGL device here")
    platform.import_pyrender("egl")
    assert vars(np)["infty"] == np.inf
