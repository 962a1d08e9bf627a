"""The convention of WHENet, for heads all the way round: Hopenet's angles with the yaw in the full turn.

Its reader decomposes the transpose of R as Rz Ry Rx and negates yaw and roll, which is R = Rx(-pitch) Ry(yaw)
Rz(roll). Of the two triples of a rotation it keeps the one with |pitch| < 90 and |roll| < 90 degrees. A head that
leans farther than that has no such triple: the reader drops those frames; here the one that leans less is written,
and nothing is lost. Frames and directions are confirmed by its projection of Panoptic's cameras and by its drawing
code.
"""

from synhead_tools.geometry.conventions.convention import EulerConvention

WHENET = EulerConvention(
    name="whenet",
    sequence="XYZ",
    signs=(-1, 1, 1),
    order=("yaw", "pitch", "roll"),
    branch="upright",
    source="Ascend-Research/HeadPoseEstimation-WHENet prepare_images.py, utils.py (select_euler); DirectMHP copies it",
)
