"""The process that reads a mesh file: started by `synhead_tools.heads.foreign.reading` with limits to keep."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import signal
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn


def main() -> None:
    """Read the job in the second argument; write the mesh to stdout, or say on stderr why not."""
    job = json.loads(sys.argv[2])
    _keep_within(job["memory_bytes"], job["seconds"], job["answer_bytes"])
    from synhead_tools.errors import HeadError

    try:
        _read(job)
    except HeadError as error:
        _refuse(str(error))
    except (MemoryError, RecursionError) as error:
        _refuse(f"{job['shown']} asks for more than is allowed ({type(error).__name__}); simplify the mesh")
    except Exception as error:  # of a file made to confuse, more likely than of a defect
        said = " ".join(f"{type(error).__name__}: {error}".split())
        _refuse(f"{job['shown']} cannot be understood ({said:.120}); export it anew")


def _read(job: dict[str, Any]) -> None:
    from synhead_tools.errors import HeadError
    from synhead_tools.heads.foreign.folder_files import FolderFiles
    from synhead_tools.heads.foreign.raw_mesh import pack_raw_mesh
    from synhead_tools.heads.foreign.reading import READERS
    from synhead_tools.input_files import read_input

    path = Path(job["path"])
    module, _, attribute = READERS[path.suffix.lower()].partition(":")
    reader = import_module(module)
    data = read_input(path, reader.MAX_BYTES, HeadError, "give a mesh file of a sensible size")
    files = FolderFiles(path.parent)
    mesh = getattr(reader, attribute)(data, job["shown"], files, job["textures"])
    mesh = replace(mesh, files={path.name: hashlib.sha256(data).hexdigest(), **files.sha256})
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answer:
        pack_raw_mesh(mesh, answer)


def _keep_within(memory_bytes: int, seconds: int, answer_bytes: int) -> None:
    limits = (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, answer_bytes),
        (resource.RLIMIT_CORE, 0),
    )
    for kind, limit in limits:
        with contextlib.suppress(OSError, ValueError):  # a lower limit is set already, or the system has none
            resource.setrlimit(kind, (limit, limit))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def _refuse(message: str) -> NoReturn:
    from synhead_tools.heads.foreign.reading import REFUSED

    sys.stderr.write(json.dumps(message) + "\n")
    sys.stderr.flush()
    os._exit(REFUSED)
