"""One label file of 300W-LP or AFLW2000-3D: ``NAME.mat`` beside ``NAME.jpg``.

Coordinates are MATLAB's: x right, y down, (1, 1) the *centre* of the top-left pixel; take `MATLAB_OFFSET_PX` off both
to come to the project's, where the corner of that pixel is (0, 0). That y was flipped as ``height + 1 - y`` can be read
off the files: points that AFLW marks as unseen, (-1, -1), stand there as (-1, 452) in pictures 450 px high; and the
demo that comes with AFLW2000-3D draws ``pt3d_68`` as it is over MATLAB's ``imshow``. The third row of ``pt3d_68`` is
depth towards the viewer, in px, from an origin of no meaning.
"""

from __future__ import annotations

import os

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.mat5 import numeric_matrices
from synhead_tools.input_files import read_input

MATLAB_OFFSET_PX = 0.5
"""What is to be taken off MATLAB's coordinates, in which 1 is the centre of the first pixel."""

UNSEEN_X = -1.0
"""x of a point that was not seen."""

MAT_BYTES_LIMIT = 1 << 20
LARGEST_ANGLE_RAD = 2 * np.pi
LARGEST_COORDINATE_PX = 1e6

VARIABLES = {
    "Pose_Para": "(1, 7)",
    "pt2d": "(2, 68) or (2, 21)",
    "pt3d_68": "(3, 68)",
    "roi": "(1, 4)",
}
"""Variables that are read, with their shapes; all others (the fitted face's shape and colours) are left alone."""

_FITS = {
    "Pose_Para": lambda rows, columns: rows == 1 and 3 <= columns <= 7,
    "pt2d": lambda rows, columns: rows == 2 and columns in (21, 68),
    "pt3d_68": lambda rows, columns: (rows, columns) == (3, 68),
    "roi": lambda rows, columns: (rows, columns) == (1, 4),
}


def read_pose_mat(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Read one label file.

    Returns
    -------
    dict of str to ndarray
        float64, in the file's shapes, units and order: ``Pose_Para`` (1, 7): pitch, yaw, roll in radians (convention
        ``300w-lp``), translation of the face model in px (3), its scale. Where the file has them ``pt2d`` (2, 68) or
        (2, 21): x, y in px, x = -1 for points not seen; ``pt3d_68`` (3, 68): x, y, depth in px; ``roi`` (1, 4): the
        part of the original picture that was cut out. Coordinates are MATLAB's, see above.

    Raises
    ------
    LabelFormatError
        The file is missing, too large, damaged, of another kind (MATLAB 7.3 among them), has no ``Pose_Para``, or an
        array has another shape or impossible values; names the file and the variable.
    """
    data = read_input(path, MAT_BYTES_LIMIT, LabelFormatError, "give the .mat file of one picture")
    matrices = numeric_matrices(data, VARIABLES, str(path))
    if "Pose_Para" not in matrices:
        raise LabelFormatError(f"{path} has no Pose_Para; give a label file of 300W-LP or AFLW2000-3D")
    return {name: _checked(name, matrix, path) for name, matrix in matrices.items()}


def _checked(name: str, matrix: np.ndarray, path: str | os.PathLike) -> np.ndarray:
    if matrix.ndim != 2 or not _FITS[name](*matrix.shape):
        raise LabelFormatError(f"{path}: {name} has shape {matrix.shape}; expected {VARIABLES[name]}")
    matrix = matrix.astype(float)
    if not np.abs(matrix).max() <= LARGEST_COORDINATE_PX:  # also true for NaN
        raise LabelFormatError(f"{path}: {name} holds a value that is not finite or beyond {LARGEST_COORDINATE_PX:g}")
    if name == "Pose_Para" and np.abs(matrix[0, :3]).max() > LARGEST_ANGLE_RAD:
        said = ", ".join(f"{angle:g}" for angle in matrix[0, :3])
        raise LabelFormatError(f"{path}: pitch, yaw, roll are {said}; expected radians within +-2 pi")
    return matrix
