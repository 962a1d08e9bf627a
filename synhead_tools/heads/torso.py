"""Neck base, shoulders and chest in cloth: a closed shell over the bust, cut far below of what portraits show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_matrix

from synhead_tools.heads.subdivision import catmull_clark
from synhead_tools.heads.surface import Surface, clip, split_quads, vertex_normals
from synhead_tools.heads.torso_geometry import load_torso

#: Styles of cloth; what tells them apart is the neckline.
STYLES = ("crew_neck", "v_neck", "turtleneck")

# Where the shell is cut (dm, rest position): the hips, and across the forearms.
_HIPS_DM, _ARM_LENGTH_DM = 0.40, 3.6
_SHOULDER_DM, _ARM_DIRECTION = np.array([1.68, 5.25]), np.array([0.636, -0.772])  # of the left arm: x, y
_ELBOW_DM, _ARM_DOWN_DEG, _FOREARM_DOWN_DEG = 2.28, 26.0, 38.0  # the base mesh holds its arms away from the body
_THICKNESS_DM = 0.025  # the shell lies 3 to 4 mm above the skin; cloth a little more
_HEM_DEPTH_DM = 0.10
_BULGE_DM = 0.15
_FOLD_DM = 0.016
_FOLDS = 10
_PICTURE_DM = ((-4.4, 0.0), (4.4, 7.0))  # (u, v) corners, see _flat


@dataclass(frozen=True)
class TorsoTopology:
    """What is the same for all torsos of one style.

    Attributes
    ----------
    subdivide : csr_matrix
        Vertices of the shell to the finer ones that are rendered.
    triangles : (T, 3) int array
        Triangles of the whole finer shell, for normals.
    cloth : Surface
        The cut shell over the finer vertices.
    rims : tuple of int arrays
        Vertices of `cloth` along each cut, as the triangles beside them run; the neckline first.
    """

    subdivide: csr_matrix
    triangles: np.ndarray
    cloth: Surface
    rims: tuple[np.ndarray, ...]


def torso_vertices(weights: dict[str, float]) -> np.ndarray:
    """Return the shell's vertices (V, 3) (dm, mesh frame) moved by weighted morph targets, and its arms let down.

    Names of other targets are ignored.
    """
    torso = load_torso()
    vertices = torso.vertices_dm.copy()
    for number, name in enumerate(torso.target_names):
        if weights.get(name):
            rows = slice(*torso.target_indptr[number : number + 2])
            vertices[torso.target_indices[rows]] += weights[name] * torso.target_deltas_dm[rows]
    return _arms_down(vertices)


def neck_joints(torso_dm: np.ndarray) -> np.ndarray:
    """Return base of the skull and base of the neck (2, 3) of a moved shell, in its frame and unit."""
    return torso_dm[load_torso().joint_vertices[:2]].mean(axis=1)


def below_neckline_dm(rest_dm: np.ndarray, style: str) -> np.ndarray:
    """Return how far (dm, about) rest positions (..., 3) lie below the neckline of a style."""
    x, y, z = np.abs(rest_dm[..., 0]), rest_dm[..., 1], rest_dm[..., 2]
    if style == "turtleneck":
        return 6.00 + 0.12 * (0.75 - z) - y
    # a cylinder around the neck cuts a round opening, a plane makes its edge level
    line = 5.47 + 0.34 * (0.80 - z) + 0.25 * (x / 0.74) ** 2
    outside = 0.4 * (np.hypot(x / 0.74, (z - 0.24) / 0.57) - 1.0) + 0.4 * (line - y)
    if style == "v_neck":
        below_v = 5.20 + 0.80 * x - y + 3.0 * np.maximum(0.45 - z, 0.0)  # in front only
        return np.minimum(outside, below_v)
    return outside


@lru_cache(maxsize=2 * len(STYLES))
def torso_topology(style: str, fine: bool = False) -> TorsoTopology:
    """Return the topology of a style (0.1 s, then cached): the shell's quads as they are, or halved."""
    torso = load_torso()
    subdivide, faces = catmull_clark(torso.faces, len(torso.vertices_dm))
    if not fine:  # on the surface of the finer one all the same
        subdivide, faces = subdivide[: len(torso.vertices_dm)], torso.faces
    rest = subdivide @ torso.vertices_dm
    whole = split_quads(faces, rest, faces, len(rest))  # one vertex per position
    whole = Surface(whole.mix, _flat(whole.mix @ rest), whole.triangles, whole.face)
    cloth, rim = clip(whole, whole.mix @ _inside(rest, style))
    places = cloth.mix @ rest
    rims = sorted(_chains(rim), key=lambda loop: -places[loop, 1].mean())
    return TorsoTopology(subdivide, np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]]), cloth, tuple(rims))


def torso_mesh(torso_dm: np.ndarray, style: str, seed: int, fine: bool = False) -> tuple[np.ndarray, ...]:
    """Return positions (dm), unit normals, uv, triangles and rest positions of the closed torso in cloth.

    Triangles that close the cuts at hips and arms come last; their number is that of `cut_triangles`.

    Parameters
    ----------
    torso_dm : (V, 3) array
        The moved shell: result of `torso_vertices`.
    style : str
        One of `STYLES`.
    seed : int
        Of the folds.
    fine : bool
        Four times the triangles, for close-ups.
    """
    topology, rest_shell = torso_topology(style, fine), load_torso().vertices_dm
    rest = topology.subdivide @ rest_shell
    control = topology.subdivide @ torso_dm
    lift = _THICKNESS_DM + _folds_dm(rest, seed) * np.clip(below_neckline_dm(rest, style) / 0.8, 0, 1)
    control = control + lift[:, None] * vertex_normals(control, topology.triangles)
    mix = topology.cloth.mix
    positions, normals = mix @ control, mix @ vertex_normals(control, topology.triangles)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    meshes = [(positions, normals, topology.cloth.uv, topology.cloth.triangles, mix @ rest)]
    for number, rim in enumerate(topology.rims):
        cap, triangles = _hem(positions[rim], normals[rim]) if number == 0 else _bowl(positions[rim])
        # what closes a cut moves with it
        rest_cap = np.resize((mix @ rest)[rim], cap.shape)
        uv = np.resize(topology.cloth.uv[rim], (len(cap), 2))
        meshes.append((cap, vertex_normals(cap, triangles), uv, triangles, rest_cap))
    first = np.cumsum([0, *(len(mesh[0]) for mesh in meshes)])
    joined = [np.concatenate(arrays) for arrays in zip(*meshes, strict=True)]
    joined[3] = np.concatenate([mesh[3] + start for mesh, start in zip(meshes, first[:-1], strict=True)])
    return tuple(joined)


def cut_triangles(style: str, fine: bool = False) -> int:
    """Return how many of the last triangles of `torso_mesh` close the cuts that no portrait shows."""
    return sum(3 * len(rim) for rim in torso_topology(style, fine).rims[1:])


def _inside(rest: np.ndarray, style: str) -> np.ndarray:
    """Positive where the shell is kept; `rest` as the data has it, arms away from the body."""
    along_arm, _ = _beside_arm(rest)
    return np.min([below_neckline_dm(rest, style), rest[:, 1] - _HIPS_DM, _ARM_LENGTH_DM - along_arm], axis=0)


def _beside_arm(rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far (dm) places lie along the nearer arm from its shoulder, and above its axis."""
    offset = np.column_stack([np.abs(rest[:, 0]), rest[:, 1]]) - _SHOULDER_DM
    return offset @ _ARM_DIRECTION, offset @ [-_ARM_DIRECTION[1], _ARM_DIRECTION[0]]


def _arms_down(vertices: np.ndarray) -> np.ndarray:
    """Let the arms hang: forearms turned down at the elbows, then arms at the shoulders, each by a soft bend."""
    torso = load_torso()
    along, above = _beside_arm(torso.vertices_dm)
    on_arm = _smooth((above + 1.1) / 0.6)
    upper, fore = on_arm * _smooth((along + 0.35) / 1.1), on_arm * _smooth((along - _ELBOW_DM + 0.35) / 0.7)
    hanging = vertices.copy()
    for side, sign in ((2, 1), (3, -1)):
        chosen = sign * torso.vertices_dm[:, 0] > 0
        shoulder = vertices[torso.joint_vertices[side]].mean(axis=0)
        elbow = vertices[chosen & (np.abs(along - _ELBOW_DM) < 0.3) & (np.abs(above) < 0.7)].mean(axis=0)
        hanging[chosen] = _turned(hanging[chosen], elbow, (1, 2), _FOREARM_DOWN_DEG * fore[chosen])
        hanging[chosen] = _turned(hanging[chosen], shoulder, (0, 1), -sign * _ARM_DOWN_DEG * upper[chosen])
    return hanging


def _turned(points: np.ndarray, joint: np.ndarray, axes: tuple[int, int], angle_deg: np.ndarray) -> np.ndarray:
    """Turn each point about a joint by its own angle, from the first of two axes to the second."""
    cosine, sine = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    first, second = ((points - joint)[:, axis] for axis in axes)
    turned = points.copy()
    turned[:, axes[0]] = joint[axes[0]] + cosine * first - sine * second
    turned[:, axes[1]] = joint[axes[1]] + sine * first + cosine * second
    return turned


def _smooth(value: np.ndarray) -> np.ndarray:
    value = np.clip(value, 0, 1)
    return value * value * (3 - 2 * value)


def _flat(rest: np.ndarray) -> np.ndarray:
    """Texture coordinates of rest positions: across, and down over the shoulders; front and back share the picture."""
    (left, top), (right, bottom) = _PICTURE_DM
    down = 6.4 - rest[:, 1] + 0.8 * np.abs(rest[:, 2] - 0.15)
    return np.clip(np.column_stack([(rest[:, 0] - left) / (right - left), (down - top) / (bottom - top)]), 0, 1)


def _folds_dm(rest: np.ndarray, seed: int) -> np.ndarray:
    """Soft folds of some 2 mm: waves of a decimetre or so that mostly run down."""
    rng = np.random.default_rng([seed, 0xC107])
    wave = rng.normal(0, (5.0, 2.2, 4.0), (_FOLDS, 3))
    return _FOLD_DM * np.sin(rest @ wave.T + rng.uniform(0, 2 * np.pi, _FOLDS)).sum(axis=1) / np.sqrt(_FOLDS / 2)


def _chains(rim: np.ndarray) -> list[np.ndarray]:
    """Closed loops of vertices from directed edges."""
    following = dict(rim.tolist())
    loops = []
    while following:
        loop = [next(iter(following))]
        while following[loop[-1]] != loop[0]:
            loop.append(following.pop(loop[-1]))
        following.pop(loop[-1])
        loops.append(np.array(loop))
    return loops


def _hem(rim: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The thickness of the cloth at the neckline: in below the skin, and a membrane inside the neck."""
    inner = rim - _HEM_DEPTH_DM * normals
    return _closed([rim, inner], inner.mean(axis=0) - [0.0, 0.3, 0.0])


def _bowl(rim: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A flat bowl over a cut."""
    centre = rim.mean(axis=0)
    along = np.cross(rim - centre, np.roll(rim, -1, axis=0) - centre).sum(axis=0)
    out = -_BULGE_DM * along / np.linalg.norm(along)
    return _closed([rim, centre + 0.7 * (rim - centre) + 0.7 * out], centre + out)


def _closed(rings: list[np.ndarray], centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and triangles of two rings and a fan to `centre`; the rim's triangles run along ring 0."""
    count = len(rings[0])
    here, after = np.arange(count), np.roll(np.arange(count), -1)
    middle = np.full(count, 2 * count)
    triangles = [
        np.column_stack([after, here, here + count]),
        np.column_stack([after, here + count, after + count]),
        np.column_stack([after + count, here + count, middle]),
    ]
    return np.concatenate([*rings, [centre]]), np.concatenate(triangles)
