"""Reading a file somebody gave: wholly, and only if it is an ordinary file of a sensible size."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from synhead_tools.errors import SynheadError


def read_input(path: str | os.PathLike, limit_bytes: int, error: type[SynheadError], advice: str) -> bytes:
    """Return the bytes of a regular file.

    A named pipe or a device would wait or pour for ever, and a file of gigabytes is not what was meant: both are
    refused before anything is read.

    Parameters
    ----------
    path : path
    limit_bytes : int
        More than this is refused.
    error : type
        What to raise.
    advice : str
        What to do; ends the message.

    Raises
    ------
    SynheadError
        Of type `error`: the file is missing, unreadable, not regular or too large; one line that names it.
    """
    path = Path(path)
    try:
        # not waiting: opening a pipe that nobody writes would block; for regular files the flag means nothing
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise error(f"{path} is not a regular file; {advice}")
            if status.st_size > limit_bytes:
                raise error(f"{path} has {status.st_size} bytes, more than {limit_bytes}; {advice}")
            return file.read(limit_bytes)
    except (OSError, ValueError) as reason:
        if isinstance(reason, SynheadError):
            raise
        said = getattr(reason, "strerror", None) or reason
        raise error(f"{path} cannot be read ({said}); {advice}") from None
