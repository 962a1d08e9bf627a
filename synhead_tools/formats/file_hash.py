"""SHA-256 of a file, read block by block: shards may be larger than the memory."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_BLOCK_BYTES = 1 << 20


def sha256_of_file(path: str | os.PathLike) -> str:
    """SHA-256 of a file's bytes, 64 hexadecimal digits.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
