"""Reading a file somebody gave: only if it is an ordinary file, and wholly only if it is of a sensible size."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from synhead_tools.errors import SynheadError


def open_input(path: str | os.PathLike, error: type[SynheadError], advice: str) -> BinaryIO:
    """Open a regular file for reading bytes.

    A named pipe or a device would wait or pour for ever, and is refused before anything is read.

    Parameters
    ----------
    path : path
    error : type
        What to raise.
    advice : str
        What to do; ends the message.

    Raises
    ------
    SynheadError
        Of type `error`: the file is missing, unreadable or not regular; one line that names it.
    """
    path = Path(path)
    try:
        # not waiting: opening a pipe that nobody writes would block; for regular files the flag means nothing
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as reason:  # a NUL in the name is a ValueError
        raise error(f"{path} cannot be read ({getattr(reason, 'strerror', None) or reason}); {advice}") from None
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(kind):
        raise error(f"{path} cannot be read (Is a directory); {advice}")
    raise error(f"{path} is not a regular file; {advice}")


def read_input(path: str | os.PathLike, limit_bytes: int, error: type[SynheadError], advice: str) -> bytes:
    """Return the bytes of a regular file.

    Pipes and devices are refused as by `open_input`; so is a file of gigabytes, which is not what was meant.

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
    with open_input(path, error, advice) as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit_bytes:
            raise error(f"{path} has {size} bytes, more than {limit_bytes}; {advice}")
        try:
            return file.read(limit_bytes)
        except OSError as reason:
            raise error(f"{path} cannot be read ({reason.strerror or reason}); {advice}") from None
