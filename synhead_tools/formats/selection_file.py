"""The file that says which rows of a shard a dataset takes."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np

from synhead_tools.errors import ManifestError
from synhead_tools.formats.manifest import ShardEntry
from synhead_tools.input_files import read_input

NPY_HEADER_BYTES_LIMIT = 4096


def read_selection(folder: Path, entry: ShardEntry) -> np.ndarray:
    """Row numbers of a manifest entry's selection file: uint32, shape (n,), each below ``entry.rows``.

    Raises
    ------
    ManifestError
        The file is missing, has another SHA-256, or is not such a list.
    """
    path = folder / str(entry.selected)
    data = read_input(path, 4 * len(entry) + NPY_HEADER_BYTES_LIMIT, ManifestError, "restore it")
    # the hash is checked before NumPy parses the file
    if hashlib.sha256(data).hexdigest() != entry.selected_sha256:
        raise ManifestError(f"{path} is not the selection the manifest was written for; restore it")
    try:
        rows = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, MemoryError, OSError) as error:
        raise ManifestError(f"{path} is not a NumPy array ({error}); make the dataset anew") from None
    if not isinstance(rows, np.ndarray) or rows.dtype != np.uint32 or rows.shape != (len(entry),):
        raise ManifestError(f"{path} must hold {len(entry)} row numbers as uint32; make the dataset anew")
    if len(rows) and int(rows.max()) >= entry.rows:
        raise ManifestError(f"{path} asks for row {rows.max()} of a shard of {entry.rows}; make the dataset anew")
    return rows
