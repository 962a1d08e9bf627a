"""The convention of 300W-LP and AFLW2000-3D: ``Pose_Para[0, :3]`` is pitch, yaw, roll in radians.

3DDFA composes Rx(-pitch) Ry(-yaw) Rz(-roll) in a frame with y up and z towards the viewer; taken to the camera frame
this is Rx(-pitch) Ry(yaw) Rz(roll), the rotation Hopenet's BIWI reader writes, in another unit and order. Confirmed by
the projection code of face3d and, apart from it, by opentrack's reader.
"""

from dataclasses import replace

from synhead_tools.geometry.conventions.convention import EulerConvention

W300LP = EulerConvention(
    name="300w-lp",
    sequence="XYZ",
    signs=(-1, 1, 1),
    unit="rad",
    frame="opengl",
    source="YadiraF/face3d angle2matrix_3ddfa, the documented composition of 3DDFA",
)
AFLW2000 = replace(W300LP, name="aflw2000")
"""The same under the other dataset's name. AFLW itself (not AFLW2000-3D) writes the roll with the opposite sign."""
