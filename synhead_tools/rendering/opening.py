"""What a process needs to render shards of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synhead_tools.heads.head import Head
from synhead_tools.rendering.annotate import FaceAreas
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_shard import HeadShelf, ShardRenderer


@dataclass(frozen=True, eq=False)
class Opening:
    """What a process needs to render any shard of a run. It goes to each process once, not with each task.

    Attributes
    ----------
    plan : RenderPlan
        With a backend of a definite name.
    heads : mapping of str to Head or None
        Heads that are not the library's.
    left_out : frozenset of str
        Columns that are not rendered, see `ShardRenderer`.
    """

    plan: RenderPlan
    heads: Mapping[str, Head] | None = None
    left_out: frozenset[str] = frozenset()

    def open(self) -> ShardRenderer:
        """Open the backend in this process; whoever asked closes it."""
        backend = open_backend(self.plan.backend, samples_per_axis=self.plan.samples_per_axis)
        shelf = HeadShelf(self.plan.heads, self.heads, self.plan.head_detail)
        return ShardRenderer(self.plan, shelf, backend, FaceAreas(backend), self.left_out)
