"""The convention of SynHead's pose files, as far as it is known.

NVIDIA did not publish in which order SynHead composes pitch, yaw and roll; that it is another order than BIWI's is
said in the PADACO slides. What we chose is the reading that Hopenet's SynHead loader implies: its own convention with
yaw negated, R = Rx(-pitch) Ry(-yaw) Rz(roll). Whoever has SynHead labels and true rotations of the same frames should
check this before trusting it.
"""

from synhead_tools.geometry.conventions.convention import EulerConvention

SYNHEAD = EulerConvention(
    name="synhead",
    sequence="XYZ",
    signs=(-1, -1, 1),
    source="our choice, implied by natanielruiz/deep-head-pose code/datasets.py, class Synhead",
)
