"""Label files: CSV pose tables and ``labels.parquet``."""

from synhead_tools.formats.labels_parquet import read_labels_parquet, write_labels_parquet
from synhead_tools.formats.pose_csv import (
    PoseTable,
    angles_of_triples,
    read_pose_csv,
    triples_of_angles,
    write_pose_csv,
)

__all__ = [
    "PoseTable",
    "angles_of_triples",
    "read_labels_parquet",
    "read_pose_csv",
    "triples_of_angles",
    "write_labels_parquet",
    "write_pose_csv",
]
