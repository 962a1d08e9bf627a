"""What an Euler convention is: one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

from synhead_tools.errors import ConventionError

ANGLES = ("pitch", "yaw", "roll")
AXIS_OF = {"pitch": "x", "yaw": "y", "roll": "z"}
TAIT_BRYAN = tuple("".join(p) for p in permutations("xyz"))


@dataclass(frozen=True)
class EulerConvention:
    """How three numbers are read as a rotation.

    Pitch turns about the x axis, yaw about y, roll about z of the camera frame (x right, y down, z forward); the
    rotation they make is R_head_to_camera.

    Attributes
    ----------
    name : str
        As users write it.
    sequence : str
        Three axes as SciPy spells them: lower case extrinsic, upper case intrinsic, in order of application.
        ``"xyz"`` is R = Rz(roll) Ry(yaw) Rx(pitch), the same as intrinsic z-y'-x''.
    signs : tuple of int
        +1 or -1 for pitch, yaw, roll: the written angle times its sign is the right-handed turn about its axis.
    order : tuple of str
        In which order the triple is written.
    unit : str
        ``"deg"`` or ``"rad"``.
    source : str
        Where this was learnt.

    Notes
    -----
    Ranges: the first and last turn of the sequence lie in [-180, 180] degrees, the middle one in [-90, 90].
    """

    name: str
    sequence: str
    signs: tuple[int, int, int] = (1, 1, 1)
    order: tuple[str, str, str] = ANGLES
    unit: str = "deg"
    source: str = ""

    def __post_init__(self) -> None:
        where = f"Euler convention {self.name!r}"
        if self.sequence.lower() not in TAIT_BRYAN or not (self.sequence.islower() or self.sequence.isupper()):
            raise ConventionError(
                f"{where}: sequence {self.sequence!r} is not a permutation of xyz (extrinsic) or XYZ (intrinsic)"
            )
        if len(self.signs) != 3 or any(s not in (1, -1) for s in self.signs):
            raise ConventionError(f"{where}: signs {self.signs!r} must be three of +1 and -1")
        if sorted(self.order) != sorted(ANGLES):
            raise ConventionError(f"{where}: order {self.order!r} must name pitch, yaw and roll once each")
        if self.unit not in ("deg", "rad"):
            raise ConventionError(f"{where}: unit {self.unit!r} must be deg or rad")

    @property
    def spec(self) -> str:
        """The convention as a spec string that `parse_spec` reads back."""
        signs = "".join("+" if s > 0 else "-" for s in self.signs)
        return f"{self.sequence}:{signs}:{self.unit}:{','.join(self.order)}"

    @property
    def angle_of_turn(self) -> tuple[int, int, int]:
        """For each turn of the sequence, the index in (pitch, yaw, roll) of the angle it uses."""
        return tuple("xyz".index(axis) for axis in self.sequence.lower())

    @property
    def columns(self) -> tuple[int, int, int]:
        """For pitch, yaw, roll, the column in which each is written."""
        return tuple(self.order.index(angle) for angle in ANGLES)


def parse_spec(spec: str) -> EulerConvention:
    """Read ``SEQUENCE[:SIGNS[:UNIT[:ORDER]]]``, for example ``"xyz:+--:deg:pitch,yaw,roll"``.

    Signs belong to pitch, yaw, roll. Left-out parts mean ``+++``, ``deg`` and ``pitch,yaw,roll``.

    Raises
    ------
    ConventionError
        Names the part that cannot be read.
    """
    parts = spec.split(":")
    if len(parts) > 4:
        raise ConventionError(f"convention spec {spec!r} has more than four parts; write SEQUENCE:SIGNS:UNIT:ORDER")
    sequence, signs, unit, order = parts + ["+++", "deg", ",".join(ANGLES)][len(parts) - 1 :]
    if len(signs) != 3 or set(signs) - {"+", "-"}:
        raise ConventionError(f"convention spec {spec!r}: signs {signs!r} must be three of + and -")
    return EulerConvention(
        name=spec,
        sequence=sequence,
        signs=tuple(1 if s == "+" else -1 for s in signs),
        order=tuple(order.split(",")),
        unit=unit,
        source="given as a spec string",
    )
