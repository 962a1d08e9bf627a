"""Labels of unknown convention and true rotations of the same frames, read from two files or datasets and joined."""

from synhead_tools.formats.label_pairs.join import join_rows
from synhead_tools.formats.label_pairs.triples import LabelTriples, read_triples
from synhead_tools.formats.label_pairs.truth import read_landmarks, read_rotations

__all__ = ["LabelTriples", "join_rows", "read_landmarks", "read_rotations", "read_triples"]
