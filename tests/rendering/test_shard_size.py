import numpy as np
import pytest

from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.shard_size import default_rows_per_shard


def plan(frames, size_px, **options):
    return RenderPlan(("egg",), np.tile(np.eye(3), (frames, 1, 1)), size_px=size_px, **options)


@pytest.mark.parametrize(
    ("frames", "size_px", "rows"),
    [(1, 16, 64), (1000, 16, 64), (3200, 128, 200), (10**5, 128, 1024), (10**5, 256, 1024)],
)
def test_small_sets_are_shared_and_large_ones_have_full_shards(frames, size_px, rows):
    assert default_rows_per_shard(plan(frames, size_px)) == rows


def test_large_pictures_do_not_fill_the_memory():
    for size_px in (512, 1024, 4096):
        for store_depth in (False, True):
            rows = default_rows_per_shard(plan(10**5, size_px, store_depth=store_depth))
            assert rows >= 1
            assert rows * size_px**2 * (9 if store_depth else 5) <= 400 << 20
