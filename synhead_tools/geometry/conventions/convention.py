"""What an Euler convention is: one frozen value."""

from __future__ import annotations

from dataclasses import dataclass

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.axis_turns import SEQUENCES, is_proper
from synhead_tools.geometry.frames import CAMERA_FRAMES

ANGLES = ("pitch", "yaw", "roll")
PROPER_ANGLES = ("alpha", "beta", "gamma")
BRANCHES = ("principal", "upright")


@dataclass(frozen=True)
class EulerConvention:
    """How three numbers are read as a rotation.

    Pitch turns about the x axis, yaw about y, roll about z of the camera frame (x right, y down, z forward); the
    rotation they make is R_head_to_camera. A proper Euler sequence turns about one of its axes twice, and its angles
    are called alpha, beta, gamma in the order of its turns.

    Attributes
    ----------
    name : str
        As users write it.
    sequence : str
        Three axes as SciPy spells them: lower case extrinsic, upper case intrinsic, in order of application.
        ``"xyz"`` is R = Rz(roll) Ry(yaw) Rx(pitch), the same as intrinsic z-y'-x''. Empty for a convention whose
        labels are matrices and nothing else.
    signs : tuple of int
        +1 or -1 for pitch, yaw, roll: the written angle times its sign is the right-handed turn about its axis.
    order : tuple of str
        In which order the triple is written.
    unit : str
        ``"deg"`` or ``"rad"``.
    frame : str
        Camera and head frame in which the matrices and quaternions of this convention are written, a name of
        `synhead_tools.geometry.frames.CAMERA_FRAMES`. Triples are stated in the camera frame whatever it says.
    branch : str
        Which of the two triples of a rotation is written: ``"principal"``, the one with its middle turn in
        [-90, 90] degrees ([0, 180] for proper sequences), or ``"upright"``, the one with pitch and roll nearer to 0,
        so that yaw runs through the full turn.
    transposed : bool
        Whether those matrices are the inverse of the rotation (as for row vectors).
    scaled : bool
        Whether they hold a uniform scale, which is divided out.
    source : str
        Where this was learnt.
    """

    name: str
    sequence: str
    signs: tuple[int, int, int] = (1, 1, 1)
    order: tuple[str, str, str] = ANGLES
    unit: str = "deg"
    frame: str = "opencv"
    branch: str = "principal"
    transposed: bool = False
    scaled: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        where = f"Euler convention {self.name!r}"
        one_case = self.sequence.islower() or self.sequence.isupper()
        if self.sequence and not (one_case and self.sequence.lower() in SEQUENCES):
            raise ConventionError(
                f"{where}: {self.sequence!r} is no sequence of three axes without equal neighbours, such as xyz or zxz "
                "(extrinsic) or XYZ or ZXZ (intrinsic)"
            )
        if len(self.signs) != 3 or any(s not in (1, -1) for s in self.signs):
            raise ConventionError(f"{where}: signs {self.signs!r} must be three of +1 and -1")
        if sorted(self.order) != sorted(self.angles):
            raise ConventionError(f"{where}: order {self.order!r} must name {', '.join(self.angles)} once each")
        if self.unit not in ("deg", "rad"):
            raise ConventionError(f"{where}: unit {self.unit!r} must be deg or rad")
        if self.frame not in CAMERA_FRAMES or self.branch not in BRANCHES:
            raise ConventionError(f"{where}: no frame {self.frame!r} or no branch {self.branch!r}")
        if self.branch == "upright" and self.angles is not ANGLES:
            raise ConventionError(f"{where}: only pitch, yaw and roll can be upright")

    @property
    def spec(self) -> str:
        """Sequence, signs, unit and order as a spec string that `parse_spec` reads back."""
        signs = "".join("+" if s > 0 else "-" for s in self.signs)
        return f"{self.sequence}:{signs}:{self.unit}:{','.join(self.order)}"

    @property
    def has_angles(self) -> bool:
        """Whether there are triples at all: False where labels are matrices only."""
        return bool(self.sequence)

    def require_angles(self) -> None:
        """Raise where there are no triples in this convention.

        Raises
        ------
        ConventionError
            Says that its labels are matrices.
        """
        if not self.has_angles:
            raise ConventionError(
                f"{self.name} labels are matrices and have no angles; give or ask for rotation matrices or quaternions"
            )

    @property
    def angles(self) -> tuple[str, str, str]:
        """Names of the angles: pitch, yaw, roll, or alpha, beta, gamma for proper Euler sequences."""
        return PROPER_ANGLES if self.sequence and is_proper(self.sequence) else ANGLES

    @property
    def angle_of_turn(self) -> tuple[int, int, int]:
        """For each turn of the sequence, the index in `angles` of the angle it uses."""
        if self.angles is PROPER_ANGLES:
            return (0, 1, 2)
        return tuple("xyz".index(axis) for axis in self.sequence.lower())

    @property
    def columns(self) -> tuple[int, int, int]:
        """For each of `angles`, the column in which it is written."""
        return tuple(self.order.index(angle) for angle in self.angles)

    @property
    def turn_columns(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """For each turn of the sequence, the column in which its angle is written, and its sign.

        Raises
        ------
        ConventionError
            As `require_angles`.
        """
        self.require_angles()
        columns, angles = self.columns, self.angle_of_turn
        return tuple(columns[angle] for angle in angles), tuple(self.signs[angle] for angle in angles)

    @property
    def ranges_deg(self) -> dict[str, tuple[float, float]]:
        """Range in degrees, by angle, of the triples that are written; any finite angle is read."""
        if not self.has_angles:
            return {}
        if self.branch == "upright":
            return dict.fromkeys(self.order, (-180.0, 180.0))
        middle = self.angles[self.angle_of_turn[1]]
        bounds = (-90.0, 90.0)
        if self.angles is PROPER_ANGLES:
            bounds = (0.0, 180.0) if self.signs[1] > 0 else (-180.0, 0.0)
        return {name: bounds if name == middle else (-180.0, 180.0) for name in self.order}


def parse_spec(spec: str) -> EulerConvention:
    """Read ``SEQUENCE[:SIGNS[:UNIT[:ORDER]]]``, for example ``"xyz:+--:deg:pitch,yaw,roll"``.

    Signs belong to pitch, yaw, roll, in this order whatever the sequence; for proper Euler sequences to alpha, beta,
    gamma. Left-out parts mean ``+++``, ``deg`` and that same order.

    Raises
    ------
    ConventionError
        Names the part that cannot be read.
    """
    parts = spec.split(":")
    if len(parts) > 4:
        raise ConventionError(f"convention spec {spec!r} has more than four parts; write SEQUENCE:SIGNS:UNIT:ORDER")
    proper = len(parts[0]) == 3 and is_proper(parts[0])
    names = PROPER_ANGLES if proper else ANGLES
    sequence, signs, unit, order = parts + ["+++", "deg", ",".join(names)][len(parts) - 1 :]
    if not sequence:
        raise ConventionError(f"convention spec {spec!r} has no axis sequence; write SEQUENCE:SIGNS:UNIT:ORDER")
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
