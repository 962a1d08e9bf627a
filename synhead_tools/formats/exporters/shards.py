"""What the exporters that write shards have in common: their options."""

from __future__ import annotations

import re
from collections.abc import Iterable

from synhead_tools.errors import ExportError

DEFAULT_SHARD_MB = 500.0
SPLIT = r"[A-Za-z0-9_]{1,40}"
"""What a split may be called: it becomes part of file names and patterns."""


def check_shards(split: str, shard_mb: float) -> None:
    """Check the options.

    Raises
    ------
    ExportError
        `split` is no plain word or `shard_mb` no positive number.
    """
    if not re.fullmatch(SPLIT, split):
        raise ExportError(f"split {split[:60]!r} must be a word of letters, digits and _, as in train")
    if not shard_mb > 0:
        raise ExportError(f"shard size {shard_mb} must be a positive number of megabytes")


def extra_pictures(also: Iterable[str], known: Iterable[str], format_name: str) -> tuple[str, ...]:
    """Return `also` after checking that each is one of `known`.

    Raises
    ------
    ExportError
        Names the first that is not.
    """
    for name in also:
        if name not in known:
            raise ExportError(f"{format_name} writes no {name!r} beside the image; choose among {', '.join(known)}")
    return tuple(also)
