"""The convention of Hopenet's BIWI reader, which FSA-Net and most later work follow.

It decomposes R^T, so that on R itself R = Rx(-pitch) Ry(yaw) Rz(roll): intrinsic x-y'-z''.
"""

from synhead_tools.geometry.conventions.convention import EulerConvention

HOPENET = EulerConvention(
    name="hopenet",
    sequence="XYZ",
    signs=(-1, 1, 1),
    order=("yaw", "pitch", "roll"),
    source="natanielruiz/deep-head-pose code/datasets.py, class BIWI",
)
