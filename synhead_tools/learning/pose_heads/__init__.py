"""Pose heads: from features to a rotation. To add one: one file that keeps `pose_head.PoseHead`, and one line here."""

from synhead_tools.registry import Table

POSE_HEADS = Table(
    "pose head",
    {
        "euler": "synhead_tools.learning.pose_heads.euler:EulerRegressor",
        "rot6d": "synhead_tools.learning.pose_heads.rotation_6d:Rotation6D",
    },
)
