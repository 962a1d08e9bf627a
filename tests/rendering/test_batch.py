"""Several pictures at once are the pictures one by one, byte for byte."""

import numpy as np
import pytest

from synhead_tools.errors import BackendError
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.library import load_head
from synhead_tools.heads.pose_neck import bend_neck
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.batch import render_batch
from synhead_tools.rendering.opengl.context import open_context
from synhead_tools.rendering.opengl.devices import egl_devices
from synhead_tools.rendering.scene import random_lighting

AT_1_M = np.array([0.02, -0.01, 1.05])


@pytest.fixture(scope="module")
def views(egg):
    """Six pictures: one head three times, two shapes of another, and the first again, each in a light of its own."""
    turns = [rotmat_from_euler((5 * k, 30 * k - 60, 10), "biwi+") for k in range(6)]
    head = load_head("m03")
    heads = [egg, egg, egg, bend_neck(head, turns[3]), bend_neck(head, turns[4]), egg]
    positions = [AT_1_M + (0, 0.01 * k, 0) for k in range(6)]
    return heads, turns, positions, [random_lighting(np.random.default_rng(k)) for k in range(6)]


def assert_same_bytes(batch, views, backend, camera):
    assert len(batch) == len(views[0])
    for frame, head, rotmat, position, light in zip(batch, *views, strict=True):
        alone = backend.render(head, rotmat, position, camera, light)
        for name, array in vars(frame).items():
            np.testing.assert_array_equal(array, getattr(alone, name))
            assert array.flags.owndata or array.base.nbytes <= 2 * array.nbytes, "a picture keeps no other alive"


def test_backends_without_batches_draw_one_by_one(cpu, views, make_camera):
    heads, turns, positions, lights = views
    camera = make_camera(32, 24)
    assert_same_bytes(render_batch(cpu, heads, turns, positions, camera, lights), views, cpu, camera)


@pytest.mark.gl
@pytest.mark.parametrize("frames_per_draw", [1, 4])
def test_layers_hold_what_single_pictures_show(views, make_camera, frames_per_draw):
    if not egl_devices():
        pytest.skip("no EGL device here")
    if frames_per_draw > 1 and not open_context("egl").layered:
        pytest.skip("this driver draws into no layers")
    backend = open_backend("egl", frames_per_draw=frames_per_draw)
    heads, turns, positions, lights = views
    for camera in (make_camera(48, 40), make_camera(31, 50, centre=(14, 26))):
        assert_same_bytes(render_batch(backend, heads, turns, positions, camera, lights), views, backend, camera)
    assert render_batch(backend, [], [], [], camera, []) == []
    backend.close()


def test_lengths_must_agree(cpu, views, make_camera):
    heads, turns, positions, lights = views
    with pytest.raises(BackendError, match="6 heads, 5 rotations, 6 positions and 6 lightings"):
        render_batch(cpu, heads, turns[:5], positions, make_camera(16), lights)
