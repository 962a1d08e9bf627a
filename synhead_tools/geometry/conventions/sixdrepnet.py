"""The convention of 6DRepNet: the angles of 300W-LP in degrees, and matrices that are the inverse in a frame with y up.

Its labels are ``Pose_Para`` put into M = Rz(roll) Ry(yaw) Rx(pitch), and what it prints is taken out of M the same way.
M is the transpose of 3DDFA's matrix Rx(-pitch) Ry(-yaw) Rz(-roll), so that R = D M^T D with D = diag(1, -1, -1): a
rotation after all, and errors between such matrices are those between rotations. Directions are confirmed by its
drawing code, which is Hopenet's.
"""

from synhead_tools.geometry.conventions.convention import EulerConvention

SIXDREPNET = EulerConvention(
    name="6drepnet",
    sequence="XYZ",
    signs=(-1, 1, 1),
    frame="opengl",
    transposed=True,
    source="thohemp/6DRepNet sixdrepnet/utils.py (get_R, compute_euler_angles_from_rotation_matrices), regressor.py",
)
