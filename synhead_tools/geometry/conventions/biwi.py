"""The conventions of the BIWI Kinect Head Pose Database and of its relabelling, Biwi+.

BIWI's ``pose.txt`` matrix is R_head_to_camera of the depth camera. ``pose.bin`` stores
(atan2(R21, R22), -asin(R20), atan2(R10, R00)): R = Rz(roll) Ry(yaw) Rx(pitch). Biwi+ writes (pitch, -yaw, -roll) of
the same decomposition: pitch + looks down, yaw + turns the face to image right, roll + is counter-clockwise in the
picture (top of the head to image left). Calibrated Biwi+ labels are of the RGB camera: R_ext R with R_ext from
``rgb.cal``.
"""

from synhead_tools.geometry.conventions.convention import EulerConvention

BIWI = EulerConvention(
    name="biwi",
    sequence="xyz",
    source="BIWI db_annotations *_pose.bin, checked against pose.txt of 01/frame_00501",
)
BIWI_PLUS = EulerConvention(
    name="biwi+",
    sequence="xyz",
    signs=(1, -1, -1),
    source="Biwi+ labels (array pyr) published with headposeplus, checked against BIWI pose.txt and rgb.cal",
)
