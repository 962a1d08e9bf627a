"""From a mesh file of unknown origin to a `RawMesh`: in a process of its own, with limits on memory and time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.raw_mesh import RawMesh, unpack_raw_mesh

#: What the reading process may take.
MEMORY_BYTES = 4 << 30
SECONDS = 120
ANSWER_BYTES = 2 << 30

#: How a file is read, by the end of its name.
READERS = {
    ".obj": "synhead_tools.heads.foreign.obj:read_obj",
    ".glb": "synhead_tools.heads.foreign.gltf:read_gltf",
    ".gltf": "synhead_tools.heads.foreign.gltf:read_gltf",
    ".ply": "synhead_tools.heads.foreign.ply_stl:read_ply",
    ".stl": "synhead_tools.heads.foreign.ply_stl:read_stl",
}

REFUSED = 3
"""Exit status of the reading process when it has said on stderr what is wrong with the file."""

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from synhead_tools.heads.foreign.worker import main; main()"
)


def read_mesh(path: str | os.PathLike, textures: bool = True) -> RawMesh:
    """Read a mesh file and the files beside it that it names.

    The reading is done by a process that may take `MEMORY_BYTES` and `SECONDS` and no more: whatever a hostile file
    finds in a decoder ends there.

    Parameters
    ----------
    path : path
        ``.obj``, ``.glb``, ``.gltf``, ``.ply`` or ``.stl``.
    textures : bool
        Whether to read materials and pictures.

    Raises
    ------
    HeadError
        The file is of another kind, damaged, hostile or too large; one line that says what is wrong with it.
    """
    path = Path(path)
    if path.suffix.lower() not in READERS:
        kinds = ", ".join(READERS)
        raise HeadError(f"{path} is no mesh file that is read here; give {kinds} (archives: unpack them first)")
    job = {"path": str(path.absolute()), "shown": str(path), "textures": textures}
    job |= {"memory_bytes": MEMORY_BYTES, "seconds": SECONDS, "answer_bytes": ANSWER_BYTES}
    # the working folder may be the stranger's: no module is to be found there
    paths = [str(Path(entry).absolute()) for entry in sys.path if entry]
    command = [sys.executable, "-I", "-B", "-c", _START, json.dumps(paths), json.dumps(job)]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=answer, stderr=subprocess.PIPE, timeout=2 * SECONDS,
                env={**os.environ, **threads}, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise HeadError(f"{path} could not be read in {2 * SECONDS} s; simplify the mesh") from None
        said = done.stderr[-4000:].decode("utf-8", "replace")
        if done.returncode == REFUSED:
            raise HeadError(json.loads(said.splitlines()[-1]))
        if done.returncode != 0:
            last = said.strip().splitlines()[-1] if said.strip() else f"it ended with {done.returncode}"
            limits = f"{MEMORY_BYTES >> 30} GB of memory and {SECONDS} s"
            raise HeadError(
                f"{path} could not be read within {limits} ({last[:120]}); simplify the mesh or its pictures"
            )
        answer.seek(0)
        return check_mesh(unpack_raw_mesh(answer), str(path))


def check_mesh(mesh: RawMesh, where: str) -> RawMesh:
    """Return the mesh without empty triangles and parts, after checking that what is left can be drawn.

    Raises
    ------
    HeadError
        A number is not finite, a triangle names a vertex that is not there, or there are no triangles.
    """
    parts, names = [], set()
    for part in mesh.parts:
        count = len(part.vertices)
        if len(part.triangles) and not 0 <= part.triangles.min() <= part.triangles.max() < count:
            raise HeadError(f"{where}: a triangle of {part.name!r:.40} names a vertex outside of 0..{count - 1}")
        used = np.unique(part.triangles)
        for what, rows in (("vertex", part.vertices), ("texture coordinate", part.uv)):
            if rows is not None and not (np.abs(rows[used]) < 1e9).all():
                bad = int(used[np.argmin((np.abs(rows[used]) < 1e9).all(axis=1))])
                raise HeadError(f"{where}: {what} {bad} of {part.name!r:.40} is {rows[bad].tolist()}; repair the mesh")
        a, b, c = part.triangles.T
        real = (a != b) & (b != c) & (c != a)
        if real.any():
            corners = None if part.corner_rgba is None else part.corner_rgba[real]
            name = _unused(part.name, names)
            parts.append(replace(part, name=name, triangles=part.triangles[real], corner_rgba=corners))
    if not parts:
        raise HeadError(f"{where} has no triangles; a head needs a surface, not points")
    return replace(mesh, parts=tuple(parts))


def _unused(name: str, names: set[str]) -> str:
    """`name`, with a number behind it if another part has it; put into `names`."""
    name = "".join(char for char in name if char.isprintable())[:80] or "mesh"
    free = next(n for n in (name, *(f"{name}_{k}" for k in range(2, len(names) + 3))) if n not in names)
    names.add(free)
    return free
