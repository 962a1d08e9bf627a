"""The convention of OpenFace's columns pose_Rx, pose_Ry, pose_Rz: R = Rx(pitch) Ry(yaw) Rz(roll), radians.

The rotation comes out of OpenCV's solvePnP with a face model in the camera's axes, so that it is R itself, not
corrected for the ray to the face. Its documentation's "left-handed positive sign" names a direction; the matrices are
right-handed. OpenFace itself does not treat gimbal lock: at a yaw of 90 degrees what it wrote is no longer the
rotation it had.
"""

from synhead_tools.geometry.conventions.convention import EulerConvention

OPENFACE = EulerConvention(
    name="openface",
    sequence="XYZ",
    unit="rad",
    source="TadasBaltrusaitis/OpenFace RotationHelpers.h (Euler2RotationMatrix), LandmarkDetectorFunc.cpp (GetPose)",
)
