"""Which Euler convention labels are in, told from true rotations of the same frames.

Every reading of the three columns is tried (`candidates`). Its residual is the mean angle between its rotations and
the true ones, where a frame counts as ten degrees at most, or five times the scale of the best reading's errors
(`ranking`). A plain mean would be ruled by a few wrong frames; a median, or a mean without the worst tenth, would not
see that a reading is wrong in those few frames that tell it from another, such as the only ones with roll. The cap
bounds the say of wrong frames and keeps that of rare ones. `certainty` says when two readings are the same on the
frames at hand.
"""

from __future__ import annotations

from synhead_tools.geometry.identify.candidates import UNITS, candidate_conventions, names_of, transposed_reading
from synhead_tools.geometry.identify.result import Candidate, Identification
from synhead_tools.geometry.identify.search import UNKNOWNS, identify

__all__ = [
    "UNITS",
    "UNKNOWNS",
    "Candidate",
    "Identification",
    "candidate_conventions",
    "identify",
    "names_of",
    "transposed_reading",
]
