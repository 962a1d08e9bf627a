import dataclasses

import numpy as np
import pytest

from synhead_tools.errors import HeadError, UnknownNameError
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.rendering.estimate import estimate_run
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import render_dataset

pytest.importorskip("numba", reason="datasets are rendered by the cpu backend here")


def random_plan(frames, **options):
    angles_deg = np.random.default_rng(0).normal(0, 25, (frames, 3))
    return RenderPlan(("egg", "twin"), rotmat_from_euler(angles_deg, "biwi+"), size_px=64, backend="cpu", **options)


@pytest.fixture(scope="module")
def heads(egg):
    return {"egg": egg, "twin": dataclasses.replace(egg, name="twin", recipe_sha256="1" * 64)}


def test_what_was_estimated_is_what_comes(heads, tmp_path):
    plan = random_plan(200, lighting="random", offset_jitter=0.05)
    estimate = estimate_run(plan, heads=heads, rows_per_shard=50)
    out = render_dataset(plan, tmp_path / "out", heads=heads, rows_per_shard=50)
    assert (estimate.heads, estimate.poses, estimate.frames) == (2, 200, 400)
    assert estimate.shards == len(list((out / "shards").iterdir())) == 8
    written = sum(path.stat().st_size for path in [*(out / "shards").iterdir(), out / "labels.parquet"])
    assert estimate.bytes == pytest.approx(written, rel=0.1)
    assert estimate.measured_frames == 32


def test_time_is_shared_by_workers_but_not_by_more_than_there_are_shards(heads):
    plan = random_plan(40_000)
    one, many = (estimate_run(plan, workers, heads=heads) for workers in (1, 64))
    assert one.seconds > one.startup_seconds + 80_000 * one.frame_seconds / 2
    assert many.workers == 64
    assert many.shards == 79
    few = estimate_run(random_plan(8), 64, heads=heads)
    assert few.shards == 1
    assert few.seconds >= few.startup_seconds + 16 * few.frame_seconds / 2


def test_what_cannot_be_rendered_is_refused(heads):
    with pytest.raises(HeadError, match="egg"):
        estimate_run(random_plan(4))
    with pytest.raises(UnknownNameError, match="nothing"):
        estimate_run(dataclasses.replace(random_plan(4), backend="nothing"), heads=heads)
