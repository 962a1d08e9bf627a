"""How many samples a shard holds, where nobody says it."""

from __future__ import annotations

from synhead_tools.rendering.plan import RenderPlan

MOST_ROWS = 1024
MOST_PIXEL_BYTES = 384 << 20
"""Large pictures make shards of fewer samples: a shard is in a worker's memory while it is rendered."""
SHARDS_OF_A_SMALL_SET = 16
LEAST_ROWS_OF_A_SMALL_SET = 64
"""Small sets have smaller shards, so that several workers can share them and little is lost by a kill."""

_PIXEL_BYTES = 3 + 1 + 1  # image, alpha, region
_DEPTH_BYTES = 4


def default_rows_per_shard(plan: RenderPlan) -> int:
    """Samples per shard that suit a plan.

    A function of the plan alone: the bytes of a set do not depend on who renders it.
    """
    camera = plan.camera()
    sample_bytes = camera.width_px * camera.height_px * (_PIXEL_BYTES + _DEPTH_BYTES * plan.store_depth)
    by_size = max(1, MOST_PIXEL_BYTES // sample_bytes)
    by_count = max(LEAST_ROWS_OF_A_SMALL_SET, -(-len(plan) // SHARDS_OF_A_SMALL_SET))
    return min(MOST_ROWS, by_size, by_count)
