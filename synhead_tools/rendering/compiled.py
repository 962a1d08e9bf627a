"""How the compiled functions of this package are compiled.

No ``fastmath``: reassociated sums and fused multiply-adds round differently on different processors, and a dataset
must have the same bytes on each. Of the mathematical functions only the square root is used, which IEEE 754 rounds
exactly; powers and logarithms, which differ between C libraries, are tables or loops.

These functions allocate nothing, so numba's counting of array references is switched off: it would cost more than the
rendering, since every array taken out of a tuple is counted, atomically, for every sample.
"""

from __future__ import annotations

JIT = {"nogil": True, "cache": True, "error_model": "numpy", "_nrt": False}

#: For the small functions of inner loops: inlined, so that no array descriptor is passed per sample.
INLINE = {**JIT, "forceinline": True}
