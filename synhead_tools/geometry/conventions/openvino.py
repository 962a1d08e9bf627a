"""The convention of Intel's head-pose-estimation-adas-0001 (Open Model Zoo).

Its description multiplies Yaw Pitch Roll in a frame whose x axis points from the face to the camera and whose z axis
points up; taken to the camera frame this is Ry(-yaw) Rx(pitch) Rz(roll). The gaze demo draws the face direction and the
top of the head accordingly and turns eye pictures by the roll, which confirms all three signs.

The order is less certain than the signs: the face detection demo of the same repository composes the angles as
Rz(roll) Ry(-yaw) Rx(pitch), 9 degrees away from this at (30, 20, 15). An early version of the description had the
roll's sign wrong. The network gives three numbers and no matrix.
"""

from synhead_tools.geometry.conventions.convention import EulerConvention

OPENVINO = EulerConvention(
    name="openvino",
    sequence="YXZ",
    signs=(1, -1, 1),
    order=("yaw", "pitch", "roll"),
    source="openvinotoolkit/open_model_zoo head-pose-estimation-adas-0001/README.md, gaze_estimation_demo "
    "results_marker.cpp; order: sources disagree",
)
