"""Datasets drawn with OpenGL by this process and by spawned ones: the same bytes."""

import hashlib

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.opengl.devices import egl_devices
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import render_dataset

pytestmark = pytest.mark.gl


@pytest.mark.slow
def test_workers_change_no_byte(egg, tmp_path):
    if not egl_devices():
        pytest.skip("no EGL device here")
    backend = open_backend("egl")
    rotmats = np.stack([rotmat_from_euler((0, angle, 0), "biwi+") for angle in (-40, 0, 20, 40)])
    plan = RenderPlan(("egg",), rotmats, size_px=32, seed=7, lighting="random", backend="egl")
    shards = []
    for workers in (1, 2):
        out = render_dataset(plan, tmp_path / str(workers), workers, heads={"egg": egg}, rows_per_shard=2)
        shards.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(out.glob("shards/*.h5"))])
    assert len(shards[0]) == 2
    assert shards[0] == shards[1]
    with open_dataset(out) as dataset:
        assert dataset.manifest.renderer == backend.description
        setup = plan.sample(3)
        frame = backend.render(egg, rotmats[3], setup.translation_m, plan.camera(), setup.lighting)
        np.testing.assert_array_equal(dataset.read("image")[3], frame.image)
