"""Files that a mesh file names: only those beside it are read, and only ordinary ones of a sensible size."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from synhead_tools.errors import HeadError
from synhead_tools.input_files import read_input

#: All files of one head together.
MAX_BYTES_IN_ALL = 1 << 30

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:")
_DRIVE = re.compile(r"^[A-Za-z]:")
_SHOWN = 120


class FolderFiles:
    """The files of one folder, and of the folders in it, by the names that a mesh file calls them.

    Symbolic links are followed only to places inside of the folder. What is read is remembered with its SHA-256.

    Parameters
    ----------
    folder : path
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        self._folder = Path(folder).resolve()
        self._left = MAX_BYTES_IN_ALL
        self.sha256: dict[str, str] = {}

    def read(self, name: str, asked_by: str, limit_bytes: int) -> bytes:
        """Return the bytes of a file.

        Parameters
        ----------
        name : str
            As written in the mesh file; ``/`` or ``\\`` between folders.
        asked_by : str
            What names the file, for messages.
        limit_bytes : int

        Raises
        ------
        HeadError
            The name leads out of the folder or is no file's name; the file is missing, not regular or too large.
        """
        path = self._place(name, asked_by)
        data = read_input(path, min(limit_bytes, self._left), HeadError, f"{asked_by} names it; put it in its place")
        self._left -= len(data)
        self.sha256[path.relative_to(self._folder).as_posix()] = hashlib.sha256(data).hexdigest()
        return data

    def relative(self, name: str, asked_by: str) -> Path:
        """Return where a file is, from the folder on, without reading it; errors are those of `read`."""
        return self._place(name, asked_by).relative_to(self._folder)

    def _place(self, name: str, asked_by: str) -> Path:
        shown = ascii(name if len(name) <= _SHOWN else name[:_SHOWN] + "...")
        advice = f"{asked_by} names {shown}"
        plain = name.strip().replace("\\", "/")
        if not plain or not plain.isprintable():
            raise HeadError(f"{advice}, which is no file name; write the name of a file beside it")
        if plain.startswith("/") or _DRIVE.match(plain):
            raise HeadError(f"{advice}, an absolute path; put the file beside it and write its bare name")
        if _SCHEME.match(plain):
            raise HeadError(f"{advice}, an address; put the file beside it and write its bare name")
        try:
            path = (self._folder / plain).resolve()
        except (OSError, RuntimeError, ValueError) as error:  # loops of links, names too long
            reason = getattr(error, "strerror", None) or error
            raise HeadError(f"{advice}, which cannot be found ({reason}); put the file beside it") from None
        if not path.is_relative_to(self._folder):
            raise HeadError(f"{advice}, which lies outside of its folder; put the file beside it")
        return path
