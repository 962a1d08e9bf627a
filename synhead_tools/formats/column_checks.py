"""What may be wrong with a column as a whole: seen only when all of its rows have gone by."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synhead_tools.formats.row_checks import is_rotation
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.conventions import EulerConvention, get_convention
from synhead_tools.geometry.euler import angles_of_triples, euler_from_rotmat

FEWEST_ROWS = 10
"""With fewer rows, angles that are all small or all equal mean nothing."""

RADIANS_LIMIT = 3.2
"""Angles in degrees none of which is larger look like radians: half a turn is 3.14."""

CLIPS_DEG = (90.0, 99.0)
"""Where yaw is known to have been cut off: the range of asin, and of Hopenet's bins."""

DISTINCT_LIMIT = 1 << 16


class AnglesCheck:
    """Angles that are all tiny, an angle that never changes, yaw that was cut off.

    Parameters
    ----------
    convention : EulerConvention or None
        The dataset's; None or one without angles stands for ``biwi+``, whose angles are then made of ``rotmat``.
    """

    def __init__(self, convention: EulerConvention | None) -> None:
        self._stated = convention is not None and convention.has_angles
        self._convention = convention if self._stated else get_convention("biwi+")
        self._column, self._rows = "", 0
        self._low, self._high = np.full(3, np.inf), np.full(3, -np.inf)
        self._at_clip = dict.fromkeys(CLIPS_DEG, 0)
        self._yaws: set[float] = set()

    def add(self, block: dict[str, np.ndarray]) -> None:
        """Take in a block of columns."""
        angles = self._angles_deg(block)
        if not len(angles):
            return
        self._rows += len(angles)
        self._low = np.minimum(self._low, angles.min(axis=0))
        self._high = np.maximum(self._high, angles.max(axis=0))
        if "yaw" not in self._convention.angles:
            return
        yaw = np.abs(angles[:, 1])
        for clip in CLIPS_DEG:
            self._at_clip[clip] += int((np.abs(yaw - clip) < 1e-4).sum())
        if len(self._yaws) < DISTINCT_LIMIT:
            self._yaws |= set(angles[:, 1].round(4).tolist())

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Column, and what is wrong with it."""
        if self._rows < FEWEST_ROWS:
            return
        names = self._convention.angles
        largest = float(np.maximum(np.abs(self._low), np.abs(self._high)).max())
        if 0 < largest <= RADIANS_LIMIT:
            yield self._column, f"no angle exceeds {largest:.2f} degrees; were radians taken for degrees?"
        for name, low, high in zip(names, self._low.tolist(), self._high.tolist(), strict=True):
            if high - low < 1e-6:
                yield self._column, f"{name} ({self._convention.name}) is {round(low, 4) + 0.0:g} in every row"
        yield from self._clipped()

    def _clipped(self) -> Iterator[tuple[str, str]]:
        largest = max(abs(float(self._low[1])), abs(float(self._high[1])))
        for clip, rows in self._at_clip.items():
            # an even grid that ends there puts 2 of its n values at the two ends
            if largest <= clip + 1e-4 and rows >= 3 and rows > 3 * self._rows / len(self._yaws):
                yield self._column, f"yaw is cut off at +-{clip:g}: {rows} rows are there and none is beyond"

    def _angles_deg(self, block: dict[str, np.ndarray]) -> np.ndarray:
        """Angles (n, 3) in degrees, by name, of the rows that have finite ones."""
        if self._stated and "euler_deg" in block:
            self._column = "euler_deg"
            angles = block["euler_deg"][:, list(self._convention.columns)]
            return angles[np.isfinite(angles).all(axis=1)]
        if "rotmat" not in block:
            return np.empty((0, 3))
        self._column = "rotmat"
        rotmat = block["rotmat"][is_rotation(block["rotmat"])]
        return angles_of_triples(euler_from_rotmat(rotmat, self._convention), self._convention)


class RepeatedNames:
    """Samples that carry the name of another one.

    Names alone in foreign data; head and name together where several heads are matched to one target. Eight bytes per
    row are kept, so that of ten million rows two different ones are taken for equal with a chance of 3 in a million.

    Parameters
    ----------
    source : SampleSource
    """

    def __init__(self, source: SampleSource) -> None:
        self._names = [name for name in ("head_id", "target_id") if name in source.columns]
        self._source = source
        self._hashes: list[np.ndarray] = []

    def add(self, start: int, block: dict[str, np.ndarray]) -> None:
        """Take in a block of columns that begins with row `start`."""
        if "target_id" not in self._names:
            return
        rows = np.arange(start, start + len(block["target_id"]), dtype=np.uint64)
        hashes = _hash64(np.concatenate([_words(block[name]) for name in self._names], axis=1))
        # without a name, rows are told apart by their number
        self._hashes.append(np.where(block["target_id"] == b"", _hash64(rows[:, None]), hashes))

    def complaint(self) -> tuple[str, int, int] | None:
        """What is wrong, the number of rows that repeat an earlier one, and the first of them; None if none does."""
        if not self._hashes:
            return None
        hashes = np.concatenate(self._hashes)
        order = np.argsort(hashes, kind="stable")
        repeats = order[1:][hashes[order[1:]] == hashes[order[:-1]]]
        if not len(repeats):
            return None
        first = int(repeats.min())
        name = self._source.read("target_id", np.array([first]))[0].decode("utf-8", "replace")
        return f"a name that an earlier row has, such as {name!r}", len(repeats), first


def _words(texts: np.ndarray) -> np.ndarray:
    """The bytes of texts of a multiple of 8 bytes, as uint64, shape (N, k)."""
    return np.ascontiguousarray(texts).view(np.uint64).reshape(len(texts), -1)


def _hash64(words: np.ndarray) -> np.ndarray:
    """One uint64 for each row of words (N, k), k >= 1."""
    mixed = np.zeros(len(words), np.uint64)
    for part in words.T:
        mixed = (mixed ^ part) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
    return mixed
