"""A neck that bends: how body and neck lie when the head is turned, and the head's meshes bent to it.

The head itself never moves: in the head frame it is the body that turns away. Between the base of the skull and the
base of the neck the turn grows evenly along an arc (both bones' blend is spherical), so that each slice of the neck
is turned as a whole and keeps its size.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.heads.head import Head, Part

#: Share of the head's turn that the body follows unless a plan says otherwise.
BODY_FOLLOW = 0.3
#: Degrees by which a neck turns about its own axis, bends back or sideways, and forward (the chin meets the chest).
MOST_TURN_DEG, MOST_BEND_DEG, MOST_NOD_DEG = 75.0, 50.0, 42.0

_FADE_DEG = 60.0
_STEPS = 256
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
    return _rotation(axis, tilt - neck_tilt / strain) @ _rotation(np.array([0.0, 1.0, 0.0]), body_turn)


def bend_neck(head: Head, rotmat: np.ndarray, body_follow: float = BODY_FOLLOW) -> Head:
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

    Raises
    ------
    HeadError
        `body_follow` is not from 0 to 1.
    """
    if not 0 <= body_follow <= 1:
        raise HeadError(f"body_follow is {body_follow!r}; give a number from 0 to 1")
    if head.neck_joints_m is None or body_follow == 1:
        return head
    rotmat = np.asarray(rotmat, np.float64)
    body_in_head = rotmat.T @ body_rotmat(rotmat, body_follow)
    if np.abs(body_in_head - np.eye(3)).max() < 1e-9:
        return head
    table = _arc(np.asarray(head.neck_joints_m, np.float64), body_in_head).astype(np.float32)
    parts = tuple(part if part.bend is None else _bent(part, table) for part in head.parts)
    return replace(head, parts=parts, rest=head.rest or head)


def _bent(part: Part, table: np.ndarray) -> Part:
    moving = np.flatnonzero(part.bend)
    if not len(moving):
        return part
    step = np.rint(np.take(part.bend, moving) * np.float32(_STEPS)).astype(np.intp)
    maps = np.take(table, step, axis=2)
    vertices, normals = part.vertices_m.copy(), part.normals.copy()
    # rows of x, of y and of z, and sums written out: fast, and in an order that does not depend on the machine
    x, y, z = np.take(vertices, moving, axis=0).T.copy()
    bent = maps[:, 0] * x + maps[:, 1] * y + maps[:, 2] * z + maps[:, 3]
    x, y, z = np.take(normals, moving, axis=0).T.copy()
    turned = maps[:, 0] * x + maps[:, 1] * y + maps[:, 2] * z
    for axis in range(3):
        vertices[moving, axis] = bent[axis]
        normals[moving, axis] = turned[axis]
    return replace(part, vertices_m=vertices, normals=normals)


def _arc(joints_m: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """The affine maps (3, 4, steps + 1) of points along the neck, from the skull's (identity) to the body's.

    With w from 0 to 1, Q(w) = rotation^w and a the vector between the joints, a point x goes to
    skull + integral of Q(s) a ds over 0..w + Q(w) (x - skull - w a). All of it is Rodrigues' formula.
    """
    axis, angle = _axis_angle(rotation)
    skull, along = joints_m[0], joints_m[1] - joints_m[0]
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    square = cross @ cross
    share = np.arange(_STEPS + 1) / _STEPS
    sine, versine = np.sin(share * angle), 1 - np.cos(share * angle)
    turned = np.eye(3).reshape(9, 1) + sine * cross.reshape(9, 1) + versine * square.reshape(9, 1)
    # of the integral and of Q(w) w a, what does not cancel
    cross_a, square_a = (cross @ along)[:, None], (square @ along)[:, None]
    shift = (versine / angle - share * sine) * cross_a + (share - sine / angle - share * versine) * square_a
    shift -= sine * (cross @ skull)[:, None] + versine * (square @ skull)[:, None]
    return np.concatenate([turned.reshape(3, 3, -1), shift[:, None]], axis=1)


def _turn_and_tilt(rotmat: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Angles in radians with rotmat = tilt about a horizontal axis after turn about y; the tilt is 0 to pi."""
    # the tilt takes y to rotmat's second column, the shortest way
    x, up, z = (float(value) for value in rotmat[:, 1])
    sine = math.hypot(x, z)
    tilt = math.atan2(sine, up)
    axis = np.array([z / sine, 0.0, -x / sine]) if sine > 1e-12 else np.array([1.0, 0.0, 0.0])
    turned = _rotation(axis, -tilt) @ rotmat
    return math.atan2(turned[0, 2], turned[0, 0]), tilt, axis


def _axis_angle(rotation: np.ndarray) -> tuple[np.ndarray, float]:
    """Axis and angle of a rotation that is neither none nor a half turn."""
    r = rotation
    vector = np.array([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]])
    sine = math.sqrt(float((vector**2).sum()))
    return vector / sine, math.atan2(sine, float(np.trace(rotation)) - 1)


def _rotation(axis: np.ndarray, angle: float) -> np.ndarray:
    x, y, z = (float(value) for value in axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * (cross @ cross)
