"""The convention 3DDFA_V2 prints: R = Rz(-roll) Ry(yaw) Rx(pitch), neither the signs nor the order of 300W-LP.

Taken from the matrix G of a frame with y up, G = D R D with D = diag(1, -1, -1): yaw = asin(G20), pitch = atan2(G21,
G22), roll = atan2(G10, G00). Within 3.6 degrees of yaw +-90 it writes exactly +-90, which is lost.
"""

from synhead_tools.geometry.conventions.convention import EulerConvention

THREEDDFA_V2 = EulerConvention(
    name="3ddfa_v2",
    sequence="xyz",
    signs=(1, 1, -1),
    order=("yaw", "pitch", "roll"),
    frame="opengl",
    source="cleardusk/3DDFA_V2 utils/pose.py (matrix2angle, calc_pose)",
)
