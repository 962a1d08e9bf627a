"""What a foreign model answers, as rotations."""

from __future__ import annotations

import numpy as np

from synhead_tools.errors import CheckpointError, ConventionError
from synhead_tools.geometry.rotation_labels import rotmat_from_labels
from synhead_tools.learning.onnx.declaration import OUTPUT_WIDTHS, OnnxDeclaration

_SMALLEST_NORM = 1e-6


def rotmat_of_outputs(outputs: np.ndarray, declaration: OnnxDeclaration, where: str) -> np.ndarray:
    """Rotations (N, 3, 3) of outputs (N, k), in synhead's frames.

    Parameters
    ----------
    outputs : array-like, shape (N, k)
        k as `OUTPUT_WIDTHS` says of the declaration's kind. Six numbers a1, a2 are made orthonormal as published:
        b1 = a1 / |a1|, b2 = a2 - (b1 . a2) b1 normalised, b3 = b1 x b2 (Zhou et al., CVPR 2019, eq. 15).
    declaration : OnnxDeclaration
        Kind, convention, order, unit, vectors.
    where : str
        Model, for messages.

    Raises
    ------
    CheckpointError
        The outputs have another width, or one of them is no rotation; names the picture.
    """
    outputs = np.asarray(outputs, float)
    width = OUTPUT_WIDTHS[declaration.kind]
    if outputs.ndim != 2 or outputs.shape[1] != width:
        raise CheckpointError(
            f"{where} answers with {outputs.shape[-1]} numbers per picture, {declaration.kind} are {width}; mend "
            "output.kind or output.names of its TOML file"
        )
    finite = np.isfinite(outputs).all(axis=1)
    if not finite.all():
        raise CheckpointError(f"{where}: the answer to picture {int(np.argmin(finite))} is not finite")
    kind, values = declaration.kind, outputs
    if kind == "rot6d":
        kind, values = "rotmat", _orthonormal(outputs, declaration.vectors, where).reshape(-1, 9)
    try:
        return rotmat_from_labels(values, kind, declaration.euler_convention)
    except ConventionError as error:
        raise CheckpointError(f"{where}: {error}; mend output.kind of its TOML file") from None


def _orthonormal(six: np.ndarray, vectors: str, where: str) -> np.ndarray:
    first, second = six[:, :3], six[:, 3:]
    length = np.linalg.norm(first, axis=1, keepdims=True)
    unit = first / np.maximum(length, _SMALLEST_NORM)
    rest = second - (unit * second).sum(axis=1, keepdims=True) * unit
    rest_length = np.linalg.norm(rest, axis=1, keepdims=True)
    good = (np.minimum(length, rest_length) > _SMALLEST_NORM)[:, 0]
    if not good.all():
        raise CheckpointError(f"{where}: the six numbers of picture {int(np.argmin(good))} span no plane")
    rest = rest / rest_length
    return np.stack([unit, rest, np.cross(unit, rest)], axis=2 if vectors == "columns" else 1)
