"""How the compiled functions of this package are compiled, and when they are compiled anew.

No ``fastmath``: reassociated sums and fused multiply-adds round differently on different processors, and a dataset
must have the same bytes on each. Of the mathematical functions only the square root is used, which IEEE 754 rounds
exactly; powers and logarithms, which differ between C libraries, are tables or loops.

These functions allocate nothing, so numba's counting of array references is switched off: it would cost more than the
rendering, since every array taken out of a tuple is counted, atomically, for every sample.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from numba import njit

_OPTIONS = {"nogil": True, "cache": True, "error_model": "numpy", "_nrt": False}
_SOURCES = (
    "blend",
    "collect_tiles",
    "compiled",
    "cull",
    "cutout",
    "drawing",
    "label_kernels",
    "lanes",
    "mipmap",
    "opaque",
    "pack",
    "raster",
    "resolve",
    "sampler",
    "samples",
    "shade",
    "surfaces",
    "texels",
    "texture",
    "transform",
)


def _hash_of_sources() -> str:
    folder = Path(__file__).parent
    return hashlib.sha256(b"\0".join((folder / f"{name}.py").read_bytes() for name in _SOURCES)).hexdigest()


_STAMP = _hash_of_sources()


def compiled(function: Callable) -> Callable:
    """Compile a function at its first call, and keep the result on disk."""
    return _stamped(njit(**_OPTIONS)(function))


def inlined(function: Callable) -> Callable:
    """Compile a small function of an inner loop into its callers, so that no array descriptor is passed per sample."""
    return _stamped(njit(**_OPTIONS, forceinline=True)(function))


def _stamped(dispatcher: Callable) -> Callable:
    """Tie the kept result to the text of every source it is made of.

    numba looks at the date of the function's own file only: after a change in another file, whose functions and
    constants are compiled into it, it would go on with the old ones. There is no public way to tell it more.
    """
    cache_file = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    if hasattr(cache_file, "_source_stamp"):
        cache_file._source_stamp = _STAMP
    return dispatcher
