"""Label files: CSV pose tables and ``labels.parquet``; and how angles in them are read under a convention."""

from synhead_tools.formats.labels_parquet import read_labels_parquet, write_labels_parquet
from synhead_tools.formats.pose_csv import PoseTable, read_pose_csv, write_pose_csv
from synhead_tools.geometry.euler import angles_of_triples, triples_of_angles

__all__ = [
    "PoseTable",
    "angles_of_triples",
    "read_labels_parquet",
    "read_pose_csv",
    "triples_of_angles",
    "write_labels_parquet",
    "write_pose_csv",
]
