"""The convention in which TRG scores BIWI: SciPy's ``yxz`` of R, R = Rz(roll) Rx(pitch) Ry(yaw).

R is that of the colour camera (``rgb.cal`` applied). Pitch is the middle turn, so that its angles cannot be compared
with those of Hopenet or Biwi+ one by one. Its files keep the 4 x 4 matrix transposed, for row vectors. Directions
follow from its projection code.
"""

from synhead_tools.geometry.conventions.convention import EulerConvention

TRG = EulerConvention(
    name="trg",
    sequence="yxz",
    order=("yaw", "pitch", "roll"),
    transposed=True,
    source="asw91666/TRG-Release util/metric.py, test.py, data/biwi_dataset.py",
)
