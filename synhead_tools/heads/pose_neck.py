"""A neck that bends: how body and neck lie when the head is turned, and the head's meshes bent to it.

The head itself never moves: in the head frame it is the body that turns away. Between the base of the skull and the
base of the neck the turn grows evenly along an arc (both bones' blend is spherical), so that each slice of the neck
is turned as a whole and keeps its size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.heads.head import Head, Part

#: Share of the head's turn that the body follows unless a plan says otherwise.
BODY_FOLLOW = 0.3
#: Degrees by which a neck turns about its own axis, bends back or sideways, and forward (the chin meets the chest).
MOST_TURN_DEG, MOST_BEND_DEG, MOST_NOD_DEG = 75.0, 50.0, 42.0

_FADE_DEG = 60.0
_STEPS = 256
_SHARES = np.arange(_STEPS + 1) / _STEPS
_IDENTITY = np.eye(3)
# Rest mesh, decimetres, y up, from the nape (low z) to below the chin: above the upper heights all is head, below the
# lower ones all is body.
_PLACES_DM = (-0.30, 0.10, 0.50, 0.80, 1.10, 1.40)
_HEAD_ABOVE_DM = (6.85, 6.80, 6.62, 6.32, 6.12, 5.98)
_BODY_BELOW_DM = (5.95, 5.86, 5.72, 5.55, 5.40, 5.30)


def neck_bend(rest_dm: np.ndarray) -> np.ndarray:
    """Return how much each point goes with the body: 0 head, 1 body, and the neck between them.

    Parameters
    ----------
    rest_dm : (..., 3) array
        Places on the rest mesh (`synhead_tools.heads.assets.Geometry`), decimetres, y up, face towards +z.

    Returns
    -------
    (...) float32
    """
    rest_dm = np.asarray(rest_dm, np.float64)
    top, bottom = (np.interp(rest_dm[..., 2], _PLACES_DM, heights) for heights in (_HEAD_ABOVE_DM, _BODY_BELOW_DM))
    return np.clip((top - rest_dm[..., 1]) / (top - bottom), 0, 1).astype(np.float32)


def body_rotmat(rotmat: np.ndarray, body_follow: float) -> np.ndarray:
    """Return the body's rotation (3, 3) to the camera under a head at `rotmat`.

    The head's rotation is taken apart into a turn about its own vertical axis and a tilt of that axis. Of each the
    body follows the share `body_follow`, and all that is beyond what a neck can do. Towards a half turn the neck
    straightens: facing away, or upside down, head and body are in line. So the body moves continuously with the head,
    without which tracks would jump.

    Parameters
    ----------
    rotmat : (3, 3) array
        R_head_to_camera.
    body_follow : float
        0: the body faces the camera while the neck can; 1: it turns with the head.
    """
    turn, tilt, axis = _turn_and_tilt(np.asarray(rotmat, np.float64))
    forward = max(axis[0] * math.cos(turn) - axis[2] * math.sin(turn), 0.0)  # share of the tilt that is a nod
    most_turn = math.radians(MOST_TURN_DEG)
    most_bend = math.radians(MOST_BEND_DEG + (MOST_NOD_DEG - MOST_BEND_DEG) * forward**2)
    share = 1.0 - body_follow
    neck_turn = min(share * abs(turn), most_turn, math.pi - abs(turn))
    neck_turn *= min((math.pi - tilt) / math.radians(_FADE_DEG), 1.0)
    neck_tilt = min(share * tilt, most_bend, math.pi - tilt)
    # a neck that is turned as far as it goes does not also bend as far as it goes
    strain = max(math.hypot(neck_turn / most_turn, neck_tilt / most_bend), 1.0)
    body_turn = turn - math.copysign(neck_turn / strain, turn)
    tilted, about_y = _rotation(axis, tilt - neck_tilt / strain), _rotation((0.0, 1.0, 0.0), body_turn)
    return np.array(tilted) @ np.array(about_y)


#: Takes vertices and normals (V, 3), `Part.bend` and the maps along the neck; returns both moved, as new arrays.
Move = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def bend_vertices(
    vertices_m: np.ndarray, normals: np.ndarray, bend: np.ndarray, maps: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices and normals (V, 3) float32 moved with the neck.

    Parameters
    ----------
    vertices_m, normals : (V, 3) float32
        Head frame, head and body in line.
    bend : (V,) float32
        `synhead_tools.heads.head.Part.bend`.
    maps : (3, 4, steps + 1) float32
        Affine map of each step along the neck, from the head's, which is none, to the body's.
    """
    moving = np.flatnonzero(bend)
    step = np.rint(np.take(bend, moving) * np.float32(maps.shape[2] - 1)).astype(np.intp)
    maps = np.take(maps, step, axis=2)
    vertices_m, normals = vertices_m.copy(), normals.copy()
    # rows of x, of y and of z, and sums written out: fast, and in an order that does not depend on the machine
    x, y, z = np.take(vertices_m, moving, axis=0).T.copy()
    bent = maps[:, 0] * x + maps[:, 1] * y + maps[:, 2] * z + maps[:, 3]
    x, y, z = np.take(normals, moving, axis=0).T.copy()
    turned = maps[:, 0] * x + maps[:, 1] * y + maps[:, 2] * z
    for axis in range(3):
        vertices_m[moving, axis] = bent[axis]
        normals[moving, axis] = turned[axis]
    return vertices_m, normals


def bend_neck(head: Head, rotmat: np.ndarray, body_follow: float = BODY_FOLLOW, move: Move = bend_vertices) -> Head:
    """Return the head with neck, shoulders and what lies on them where they are when it is turned to `rotmat`.

    All in the head frame, in which the head, and so every landmark, stays where it is. Parts that do not move are the
    same objects; textures, triangles and numbers of vertices are always the same.

    Parameters
    ----------
    head : Head
        One without joints or bending parts is returned as it is.
    rotmat : (3, 3) array
        R_head_to_camera.
    body_follow : float
        See `body_rotmat`; at 1 the head is returned as it is.
    move : callable
        `bend_vertices`, or something faster that gives the same (`synhead_tools.rendering.compiled_labels`).

    Raises
    ------
    HeadError
        `body_follow` is not from 0 to 1.
    """
    return bent_head(head, neck_maps([head], [rotmat], body_follow)[0], move)


def neck_maps(
    heads: Sequence[Head], rotmats: Sequence[np.ndarray], body_follow: float | Sequence[float]
) -> list[np.ndarray | None]:
    """Return how points along the necks of heads move when these are turned; quicker for several than one by one.

    Parameters
    ----------
    heads : sequence of n Head
    rotmats : sequence of n (3, 3) arrays
        R_head_to_camera of each.
    body_follow : float or sequence of n
        See `body_rotmat`.

    Returns
    -------
    list of n (3, 4, steps + 1) float32 arrays, or None
        Affine maps of the head frame, from the head's, which is none, to the body's; None where nothing moves.

    Raises
    ------
    HeadError
        `body_follow` is not from 0 to 1.
    """
    shares = [body_follow] * len(heads) if np.isscalar(body_follow) else list(body_follow)
    wrong = next((share for share in shares if not 0 <= share <= 1), None)
    if wrong is not None:
        raise HeadError(f"body_follow is {wrong!r}; give a number from 0 to 1")
    maps: list[np.ndarray | None] = [None] * len(heads)
    bending = [k for k, head in enumerate(heads) if head.neck_joints_m is not None and shares[k] != 1]
    turned = [np.asarray(rotmats[k], np.float64) for k in bending]
    in_heads = [rotmat.T @ body_rotmat(rotmat, shares[k]) for k, rotmat in zip(bending, turned, strict=True)]
    moving = [k for k, in_head in enumerate(in_heads) if np.abs(in_head - _IDENTITY).max() >= 1e-9]
    if moving:
        joints_m = np.array([heads[bending[k]].neck_joints_m for k in moving], np.float64)
        for k, arc in zip(moving, _arcs(joints_m, np.array([in_heads[k] for k in moving])), strict=True):
            maps[bending[k]] = arc
    return maps


def bent_head(head: Head, maps: np.ndarray | None, move: Move = bend_vertices) -> Head:
    """Return the head with its neck bent by the maps that `neck_maps` gave for it; see `bend_neck`."""
    if maps is None:
        return head
    parts = tuple(_bent(part, maps, move) for part in head.parts)
    return replace(head, parts=parts, rest=head.rest or head)


class Bending(NamedTuple):
    """How a part was bent: the part as it was, and the maps along the neck."""

    straight: Part
    maps: np.ndarray


def bending_of(part: Part) -> Bending | None:
    """Return how `bent_head` bent a part, or None if it did not make it: then its vertices say it all."""
    return part.__dict__.get("bending")


class _BentPart(Part):
    """A part that is bent when it is first asked for vertices or normals: a renderer may bend them by itself."""

    @staticmethod
    def of(part: Part, maps: np.ndarray, move: Move) -> _BentPart:
        bent = object.__new__(_BentPart)
        facts = {name: value for name, value in part.__dict__.items() if name not in _BENT_FIELDS}
        bent.__dict__.update(facts, bending=Bending(part, maps), move=move)
        return bent

    def __getattr__(self, name: str) -> np.ndarray:
        if name not in _BENT_FIELDS or "bending" not in self.__dict__:
            raise AttributeError(name)
        part, maps = self.__dict__["bending"]
        moved = self.__dict__["move"](part.vertices_m, part.normals, part.bend, maps)
        self.__dict__.update(zip(_BENT_FIELDS, moved, strict=True))
        return self.__dict__[name]


_BENT_FIELDS = ("vertices_m", "normals")


def _bent(part: Part, maps: np.ndarray, move: Move) -> Part:
    return _BentPart.of(part, maps, move) if part.bend is not None and _moves(part.bend) else part


# by id() of `Part.bend`, which is kept so that the id is no other's: heads are bent frame after frame
_moving: dict[int, tuple[np.ndarray, bool]] = {}
_MOST_MOVING = 256


def _moves(bend: np.ndarray) -> bool:
    """Whether any vertex goes with the body; of an array that is not written into any more."""
    if id(bend) not in _moving:
        while len(_moving) >= _MOST_MOVING:
            del _moving[next(iter(_moving))]
        _moving[id(bend)] = (bend, bool(bend.any()))
    return _moving[id(bend)][1]


def _arcs(joints_m: np.ndarray, rotations: np.ndarray) -> np.ndarray:
    """The maps (n, 3, 4, steps + 1) float32 of points along necks, from the skull's (identity) to the body's.

    With w from 0 to 1, Q(w) = rotation^w and a the vector between the joints, a point x goes to
    skull + integral of Q(s) a ds over 0..w + Q(w) (x - skull - w a). All of it is Rodrigues' formula.
    """
    axes, angles = _axes_and_angles(rotations)
    cross = np.zeros((len(axes), 3, 3))
    for axis, (row, column) in enumerate(((2, 1), (0, 2), (1, 0))):
        cross[:, row, column], cross[:, column, row] = axes[:, axis], -axes[:, axis]
    square = axes[:, :, None] * axes[:, None, :] - _IDENTITY
    turns = _SHARES * angles[:, None]
    sine, versine = np.sin(turns), 1 - np.cos(turns)
    maps = np.empty((len(axes), 3, 4, _STEPS + 1), np.float32)
    waves = (sine[:, None, None], versine[:, None, None])
    maps[:, :, :3] = _IDENTITY[:, :, None] + waves[0] * cross[..., None] + waves[1] * square[..., None]
    # of the integral and of Q(w) w a, what does not cancel
    integral = versine / angles[:, None] - _SHARES * sine
    straight = _SHARES - sine / angles[:, None] - _SHARES * versine
    skull, along = joints_m[:, 0], joints_m[:, 1] - joints_m[:, 0]
    arms = (_times(cross, along), _times(square, along), _times(cross, skull), _times(square, skull))
    waves = (integral, straight, -sine, -versine)
    maps[:, :, 3] = sum(wave[:, None] * arm[..., None] for wave, arm in zip(waves, arms, strict=True))
    return maps


def _times(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Products of matrices (n, 3, 3) and vectors (n, 3), summed in an order that does not depend on the machine."""
    products = matrices * vectors[:, None, :]
    return products[..., 0] + products[..., 1] + products[..., 2]


def _turn_and_tilt(rotmat: np.ndarray) -> tuple[float, float, tuple[float, float, float]]:
    """Angles in radians with rotmat = tilt about a horizontal axis after turn about y; the tilt is 0 to pi."""
    (xx, x, xz), (_, up, _), (zx, z, zz) = rotmat.tolist()
    # the tilt takes y to rotmat's second column, the shortest way
    sine = math.hypot(x, z)
    tilt = math.atan2(sine, up)
    axis = (z / sine, 0.0, -x / sine) if sine > 1e-12 else (1.0, 0.0, 0.0)
    back = _rotation(axis, -tilt)[0]  # of it the first row is needed, times the first and the third column
    yx, yz = float(rotmat[1, 0]), float(rotmat[1, 2])
    turned_x = back[0] * xx + back[1] * yx + back[2] * zx
    turned_z = back[0] * xz + back[1] * yz + back[2] * zz
    return math.atan2(turned_z, turned_x), tilt, axis


def _axes_and_angles(rotations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Axes (n, 3) and angles (n,) of rotations of which none is no turn, or a half turn."""
    r = np.moveaxis(rotations, 0, -1)
    x, y, z = r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]
    sines = np.sqrt(x * x + y * y + z * z)
    axes = np.stack([x / sines, y / sines, z / sines], axis=1)
    return axes, np.arctan2(sines, r[0, 0] + r[1, 1] + r[2, 2] - 1)


def _rotation(axis: tuple[float, float, float], angle: float) -> tuple[tuple[float, float, float], ...]:
    """Rows of Rodrigues' matrix; in plain numbers, of which there are too few for NumPy to be quick."""
    x, y, z = axis
    sine, versine = math.sin(angle), 1 - math.cos(angle)
    return (
        (1 - versine * (y * y + z * z), versine * x * y - sine * z, versine * x * z + sine * y),
        (versine * x * y + sine * z, 1 - versine * (x * x + z * z), versine * y * z - sine * x),
        (versine * x * z - sine * y, versine * y * z + sine * x, 1 - versine * (x * x + y * y)),
    )
