"""The torso: MakeHuman's helper for tight clothes, from the neck to hips and wrists, with its targets."""

from __future__ import annotations

import numpy as np
from basemesh import parse_target, target_name

LOWEST_DM, WIDEST_DM = -0.30, 4.60  # y above this, |x| below this: far outside of any portrait
_SHELL = "helper-tights"
# cubes whose middles are the base of the skull, the base of the neck, and the left and right shoulder joint
_JOINTS = ("joint-head", "joint-neck", "joint-l-shoulder", "joint-r-shoulder")
_EXPRESSIONS = "expression/"


def torso_arrays(wheel: dict[str, bytes], quantum_dm: float) -> dict[str, np.ndarray]:
    """Return rest vertices, quads, joint vertices and morph targets (steps of `quantum_dm`) of the torso."""
    vertices, groups = _groups(wheel["mpfb2/3dobjs/base.obj"].decode(), (_SHELL, *_JOINTS))
    corners = vertices[groups[_SHELL]]
    kept = (corners[..., 1].min(axis=1) > LOWEST_DM) & (abs(corners[..., 0]).max(axis=1) < WIDEST_DM)
    faces = groups[_SHELL][kept]
    joints = [np.unique(groups[name]) for name in _JOINTS]
    used = np.unique(np.concatenate([faces.ravel(), *joints]))
    number = np.full(len(vertices), -1)
    number[used] = np.arange(len(used))
    return {
        "vertices_dm": vertices[used].astype(np.float32),
        "faces": number[faces].astype(np.uint16),
        "joint_vertices": number[np.array(joints)].astype(np.uint16),
        **_targets(wheel, number, quantum_dm),
    }


def _groups(text: str, names: tuple[str, ...]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """All vertices of an OBJ file, and the quads of the named groups."""
    vertices, group = [], ""
    faces: dict[str, list[list[int]]] = {name: [] for name in names}
    for line in text.splitlines():
        word, *words = line.split() or [""]
        if word == "v":
            vertices.append([float(value) for value in words[:3]])
        elif word == "g":
            group = words[0]
        elif word == "f" and group in faces:
            faces[group].append([int(corner.split("/")[0]) - 1 for corner in words])
    return np.array(vertices), {name: np.array(quads) for name, quads in faces.items()}


def _targets(wheel: dict[str, bytes], number: np.ndarray, quantum_dm: float) -> dict[str, np.ndarray]:
    """The targets that move the torso, stacked; faces that speak do not move it."""
    members = sorted((target_name(member), member) for member in wheel if ".target" in member)
    names, indices, deltas = [], [], []
    for name, member in members:
        index, delta = parse_target(wheel[member])
        steps = np.round(delta / quantum_dm)
        seen = (number[index] >= 0) & (abs(steps) >= 1).any(axis=1)
        if seen.any() and not name.startswith(_EXPRESSIONS):
            names.append(name)
            indices.append(number[index[seen]])
            deltas.append(steps[seen])
    return {
        "target_names": np.array(names),
        "target_indptr": np.cumsum([0, *map(len, indices)]).astype(np.uint32),
        "target_indices": np.concatenate(indices).astype(np.uint16),
        "target_deltas": np.concatenate(deltas).astype(np.int16),
        "target_quantum_dm": np.array(quantum_dm),
    }
