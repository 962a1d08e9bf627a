"""What a picture is taken with: camera and lights, as frozen values that no backend owns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synhead_tools.errors import PlanError

MAX_SIZE_PX = 8192
_LUMINANCE_LIMIT = 100.0

#: Constants of the nine functions of `sh_basis`.
SH_CONSTANTS = np.sqrt(np.array([1 / 4, 3 / 4, 3 / 4, 3 / 4, 15 / 4, 15 / 4, 5 / 16, 15 / 4, 15 / 16]) / np.pi)


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera without distortion, looking along z of the camera frame.

    Parameters
    ----------
    width_px, height_px : int
        Size of the picture, 1 to 8192.
    intrinsics : array-like, shape (3, 3)
        fx, skew, cx / 0, fy, cy / 0, 0, 1 in pixels. The origin of pixel coordinates is the top-left CORNER of
        the top-left pixel, so the centre of pixel (row i, column j) is (j + 0.5, i + 0.5).

    Raises
    ------
    PlanError
        The size or the intrinsics cannot belong to a camera.
    """

    width_px: int
    height_px: int
    intrinsics: np.ndarray

    def __post_init__(self) -> None:
        for name in ("width_px", "height_px"):
            size = getattr(self, name)
            if int(size) != size or not 1 <= size <= MAX_SIZE_PX:
                raise PlanError(f"camera {name} is {size!r}; give a whole number from 1 to {MAX_SIZE_PX}")
            object.__setattr__(self, name, int(size))
        matrix = np.array(self.intrinsics, np.float64)
        if matrix.shape != (3, 3) or not np.isfinite(matrix).all():
            raise PlanError(f"camera intrinsics have shape {matrix.shape}; give a finite (3, 3) matrix")
        if min(matrix[0, 0], matrix[1, 1]) <= 0 or not np.array_equal(matrix[2], (0, 0, 1)) or matrix[1, 0] != 0:
            raise PlanError(
                f"camera intrinsics {matrix.tolist()} are no pinhole; give [[fx, s, cx], [0, fy, cy], [0, 0, 1]]"
            )
        matrix.setflags(write=False)
        object.__setattr__(self, "intrinsics", matrix)

    def key(self) -> tuple:
        """Return a hashable value that is equal for equal cameras."""
        return (self.width_px, self.height_px, *self.intrinsics.ravel().tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Camera) and self.key() == other.key()

    def __hash__(self) -> int:
        return hash(self.key())

    def to_dict(self) -> dict[str, Any]:
        """Return the camera as JSON-able values."""
        return {
            "width_px": self.width_px,
            "height_px": self.height_px,
            "intrinsics": self.intrinsics.tolist(),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Camera:
        """Inverse of `to_dict`."""
        return cls(**values)


@dataclass(frozen=True)
class DirectionalLight:
    """A light infinitely far away.

    Parameters
    ----------
    direction : tuple of 3 floats
        Pointing TOWARDS the light, camera frame (x right, y down, z forward, so a light behind the camera has a
        negative z). Normalised on construction.
    colour : tuple of 3 floats
        Linear RGB. A white matt surface facing a light of colour (1, 1, 1) comes out as sRGB 255.
    """

    direction: tuple[float, float, float]
    colour: tuple[float, float, float]

    def __post_init__(self) -> None:
        vector = np.array(self.direction, np.float64)
        length = float(np.sqrt((vector**2).sum())) if vector.shape == (3,) else 0.0
        if not np.isfinite(length) or length == 0:
            raise PlanError(f"light direction {self.direction!r} is no direction; give three numbers, not all 0")
        if abs(length - 1) > 1e-12:  # a unit vector stays as it is, so that a copy through JSON is equal
            vector = vector / length
        object.__setattr__(self, "direction", tuple(float(v) for v in vector))
        object.__setattr__(self, "colour", _colour(self.colour, "light colour"))


@dataclass(frozen=True)
class Lighting:
    """Every light that falls on a head.

    Parameters
    ----------
    lights : tuple of DirectionalLight
        In a fixed order: it is the order of summation.
    ambient_sky, ambient_ground : tuple of 3 floats
        Linear RGB of the hemisphere light on a normal that points up (-y of the camera frame) and down; mixed
        linearly in between.
    ambient_sh : tuple of 9 tuples of 3 floats, or empty
        Linear RGB of what a white matt surface reflects of surroundings: for the unit normal n, in the camera frame,
        the sum of these times `sh_basis` (n), cut at 0. Added to the hemisphere light. Ramamoorthi and Hanrahan,
        "An Efficient Representation for Irradiance Environment Maps", SIGGRAPH 2001: nine coefficients carry
        diffuse light within about one percent.
    """

    lights: tuple[DirectionalLight, ...]
    ambient_sky: tuple[float, float, float]
    ambient_ground: tuple[float, float, float]
    ambient_sh: tuple[tuple[float, float, float], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "lights", tuple(self.lights))
        object.__setattr__(self, "ambient_sky", _colour(self.ambient_sky, "ambient_sky"))
        object.__setattr__(self, "ambient_ground", _colour(self.ambient_ground, "ambient_ground"))
        object.__setattr__(self, "ambient_sh", _sh_rows(self.ambient_sh))

    def directions(self) -> np.ndarray:
        """Directions towards the lights, camera frame, shape (n, 3) float64."""
        return np.array([light.direction for light in self.lights], np.float64).reshape(-1, 3)

    def colours(self) -> np.ndarray:
        """Linear RGB of the lights, shape (n, 3) float32."""
        return np.array([light.colour for light in self.lights], np.float32).reshape(-1, 3)

    def sh(self) -> np.ndarray:
        """`ambient_sh` as (9, 3) float32; all 0 where there is none."""
        return np.array(self.ambient_sh or np.zeros((9, 3)), np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Return the lighting as JSON-able values."""
        return {
            "lights": [{"direction": list(n.direction), "colour": list(n.colour)} for n in self.lights],
            "ambient_sky": list(self.ambient_sky),
            "ambient_ground": list(self.ambient_ground),
            "ambient_sh": [list(row) for row in self.ambient_sh],
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Lighting:
        """Inverse of `to_dict`."""
        lights = tuple(DirectionalLight(tuple(n["direction"]), tuple(n["colour"])) for n in values["lights"])
        return cls(
            lights, tuple(values["ambient_sky"]), tuple(values["ambient_ground"]), tuple(values.get("ambient_sh", ()))
        )


def sh_basis(normals: np.ndarray) -> np.ndarray:
    """The nine real orthonormal spherical harmonics of degrees 0 to 2.

    Parameters
    ----------
    normals : (..., 3) array
        Unit vectors x, y, z, camera frame.

    Returns
    -------
    (..., 9) float64
        In the order 1; y, z, x; xy, yz, 3 z^2 - 1, xz, x^2 - y^2, each with its constant.
    """
    x, y, z = np.moveaxis(np.asarray(normals, np.float64), -1, 0)
    rows = (np.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y)
    return np.stack(rows, axis=-1) * SH_CONSTANTS


def studio_lighting() -> Lighting:
    """Return the neutral three-point light of every plan that does not ask for another.

    A key light from above the camera's left, a weaker fill from its right, a light from above and behind that
    draws the outline, and a hemisphere that keeps the shadow side readable.
    """
    return Lighting(
        lights=(
            DirectionalLight((-0.45, -0.55, -0.85), (0.62, 0.62, 0.62)),
            DirectionalLight((0.75, -0.20, -0.75), (0.26, 0.26, 0.26)),
            DirectionalLight((0.25, -0.75, 0.60), (0.30, 0.30, 0.30)),
        ),
        ambient_sky=(0.30, 0.30, 0.30),
        ambient_ground=(0.16, 0.16, 0.16),
    )


def random_lighting(rng: np.random.Generator) -> Lighting:
    """Draw a lighting as varied as rooms are: three lights of any side, each with its own white balance.

    Parameters
    ----------
    rng : numpy.random.Generator
        Equal states give equal lightings.
    """
    # (lowest, highest elevation, half range of the azimuth) in degrees; azimuth 0 is behind the camera
    ranges_deg = ((-10, 80, 100), (-20, 60, 150), (10, 80, 180))
    strengths = ((0.15, 0.95), (0.0, 0.5), (0.0, 0.6))
    lights = tuple(
        DirectionalLight(_random_direction(rng, *spread), _tinted(rng, rng.uniform(*strength)))
        for spread, strength in zip(ranges_deg, strengths, strict=True)
    )
    return Lighting(lights, _tinted(rng, rng.uniform(0.15, 0.55)), _tinted(rng, rng.uniform(0.05, 0.32)))


def _random_direction(
    rng: np.random.Generator, low_deg: float, high_deg: float, azimuth_deg: float
) -> tuple[float, float, float]:
    elevation = np.radians(rng.uniform(low_deg, high_deg))
    azimuth = np.radians(rng.uniform(-azimuth_deg, azimuth_deg))
    horizontal = np.cos(elevation)
    return (float(np.sin(azimuth) * horizontal), float(-np.sin(elevation)), float(-np.cos(azimuth) * horizontal))


def _tinted(rng: np.random.Generator, strength: float) -> tuple[float, float, float]:
    """Grey of the given strength under a random white balance: red and blue vary, green stays."""
    red, blue = np.clip(1 + rng.normal(0, (0.08, 0.10)), 0.5, 1.5)
    return (float(strength * red), float(strength), float(strength * blue))


def _colour(values: Any, what: str) -> tuple[float, float, float]:
    colour = tuple(float(v) for v in values)
    if len(colour) != 3 or not all(0 <= v <= _LUMINANCE_LIMIT for v in colour):
        raise PlanError(f"{what} is {values!r}; give three linear RGB values from 0 to {_LUMINANCE_LIMIT:g}")
    return colour


def _sh_rows(values: Any) -> tuple[tuple[float, float, float], ...]:
    rows = np.array(tuple(values) or np.zeros((0, 3)), np.float64)
    if rows.shape not in ((0, 3), (9, 3)) or not (np.abs(rows) <= _LUMINANCE_LIMIT).all():
        limit = f"from -{_LUMINANCE_LIMIT:g} to {_LUMINANCE_LIMIT:g}"
        raise PlanError(f"ambient_sh has shape {rows.shape}; give nine linear RGB triples {limit}, or none")
    return tuple(tuple(float(v) for v in row) for row in rows)
