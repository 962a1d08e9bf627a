"""The shards of SynBiwi+: matched frames, turned, with what they were matched to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from synhead_tools.formats.dataset import Dataset
from synhead_tools.formats.sample import PICTURE_COLUMNS, SampleSource
from synhead_tools.formats.shard_image import PICTURE_CHUNK_ROWS
from synhead_tools.geometry.euler import euler_deg_from_rotmat
from synhead_tools.matching.match_poses import Matches
from synhead_tools.matching.turn_picture import turn_samples

SHARD_ROWS = 1024
LABEL_SHARD_ROWS = 1 << 14
LABEL_BLOCK_ROWS = 1 << 12

_OF_THE_MATCH = ("euler_deg", "target_id", "in_plane_deg", "residual_deg")


@dataclass(frozen=True, eq=False)
class TurnOpening:
    """What a process needs to make any shard.

    Attributes
    ----------
    source : SampleSource
        Frames to be turned.
    matches : Matches
        Those that are written, in the order of the samples.
    target_id : bytes array, shape (m,)
        Names of the targets.
    convention : str
        Of ``euler_deg``.
    composed : bool
        Whether the pictures stand over a background for good.
    size_px : tuple of 2 int or None
        Width and height of the pictures, as far as anybody knows.
    labels_only : bool
        No pictures.
    """

    source: SampleSource
    matches: Matches
    target_id: np.ndarray
    convention: str
    composed: bool = False
    size_px: tuple[int, int] | None = None
    labels_only: bool = False

    @property
    def rows_per_shard(self) -> int:
        """Samples of a shard."""
        return LABEL_SHARD_ROWS if self.labels_only else SHARD_ROWS

    def open(self) -> TurnedShards:
        """Open what is needed in this process."""
        return TurnedShards(self)


class TurnedShards:
    """Makes stretches of turned samples; see `synhead_tools.formats.runs.workers.ShardMaker`."""

    def __init__(self, opening: TurnOpening) -> None:
        self._opening = opening
        names = (name for name in opening.source.columns if name not in _OF_THE_MATCH)
        self._names = [name for name in names if not (opening.labels_only and name in PICTURE_COLUMNS)]

    def blocks(
        self, start: int, stop: int, between: Callable[[], None] = lambda: None
    ) -> Iterator[dict[str, np.ndarray]]:
        """Samples `start` to ``stop - 1``, block by block; `between` is called before each and may raise."""
        rows = LABEL_BLOCK_ROWS if self._opening.labels_only else PICTURE_CHUNK_ROWS
        for first in range(start, stop, rows):
            between()
            yield self._block(self._opening.matches.take(slice(first, min(first + rows, stop))))

    def close(self) -> None:
        """Close the source's files; another shard would open them again."""
        if isinstance(self._opening.source, Dataset):
            self._opening.source.close()

    def _block(self, matches: Matches) -> dict[str, np.ndarray]:
        opening = self._opening
        columns = {name: opening.source.read(name, matches.source) for name in self._names}
        if matches.mode == "in-plane":
            columns = turn_samples(columns, matches.in_plane_deg, opening.composed, opening.size_px)
        columns["euler_deg"] = euler_deg_from_rotmat(columns["rotmat"], opening.convention)
        columns["target_id"] = opening.target_id[matches.target].astype("S64")
        columns["in_plane_deg"] = matches.in_plane_deg
        columns["residual_deg"] = matches.residual_deg
        return columns
