"""One OpenGL context per process: who may draw with it, and who is told why not."""

import multiprocessing
import os
import threading

import numpy as np
import pytest

from synhead_tools.errors import BackendError
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.opengl.context import open_context
from synhead_tools.rendering.opengl.devices import egl_devices
from synhead_tools.rendering.scene import studio_lighting

pytestmark = pytest.mark.gl

POSE = (np.eye(3), np.array([0, 0, 1.0]))


@pytest.fixture(scope="module")
def egl():
    if not egl_devices():
        pytest.skip("no EGL device here")
    return open_backend("egl", samples_per_axis=1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_is_refused_and_not_hung(egl, egg, make_camera):
    egl.render(egg, *POSE, make_camera(16), studio_lighting())
    context = multiprocessing.get_context("fork")
    answers = context.Queue()

    def draw():
        for attempt in (
            lambda: egl.render(egg, *POSE, make_camera(16), studio_lighting()),
            lambda: open_backend("egl"),
        ):
            try:
                attempt()
                answers.put("drew")
            except BackendError as error:
                answers.put(str(error))

    child = context.Process(target=draw)
    child.start()
    texts = [answers.get(timeout=30), answers.get(timeout=30)]
    child.join(30)
    assert all("spawn" in text for text in texts)


def test_another_thread_is_refused(egl, egg, make_camera):
    texts = []

    def draw():
        try:
            egl.render(egg, *POSE, make_camera(16), studio_lighting())
        except BackendError as error:
            texts.append(str(error))

    thread = threading.Thread(target=draw)
    thread.start()
    thread.join(30)
    assert len(texts) == 1
    assert "another thread" in texts[0]
    assert egl.render(egg, *POSE, make_camera(16), studio_lighting()).alpha.any()


def test_one_platform_per_process(egl):
    with pytest.raises(BackendError, match="this process draws on egl device .* osmesa in another process"):
        open_context("osmesa")
    with pytest.raises(BackendError, match="osmesa has none"):
        open_context("osmesa", 0)


def test_the_description_names_what_draws(egl):
    context = open_context("egl")
    assert egl.description == f"{context.description}, 1x1 samples"
    assert context.renderer in egl.description
    assert context.version in egl.description
    assert egl.description.startswith("egl device ")
