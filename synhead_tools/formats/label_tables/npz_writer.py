"""Writing label tables as NPZ files, a block at a time."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from synhead_tools.formats.label_tables.column_spool import ColumnSpool

_EPOCH = (1980, 1, 1, 0, 0, 0)  # equal labels give equal bytes


class NpzWriter:
    """Writes rows as the arrays of an ``.npz`` file, one per column, as `numpy.load` reads them without pickles.

    Parameters
    ----------
    file : file
        Open for writing bytes.
    path : path
        Its final name.
    schema : Schema
    metadata : mapping of str to str
        Written as arrays without dimensions.
    """

    def __init__(self, file: BinaryIO, path: Path, schema: pa.Schema, metadata: Mapping[str, str]) -> None:
        self._file, self._metadata = file, metadata
        self._spool = ColumnSpool(path, schema, "U")

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        self._spool.append(batch)

    def finish(self) -> None:
        """Write the arrays; their length is known only now."""
        spool = self._spool
        spool.end()
        with zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED) as archive:
            for place, name in enumerate(spool.schema.names):
                dtype, shape = spool.dtype(place), (spool.rows, *spool.shape_tail(place))
                with archive.open(zipfile.ZipInfo(f"{name}.npy", _EPOCH), "w", force_zip64=True) as member:
                    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
                    np.lib.format.write_array_header_1_0(member, header)
                    for array in spool.column(place):
                        member.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
            for name, text in self._metadata.items():
                with archive.open(zipfile.ZipInfo(f"{name}.npy", _EPOCH), "w") as member:
                    np.lib.format.write_array(member, np.array(text), allow_pickle=False)

    def close(self) -> None:
        """Delete what was kept meanwhile."""
        self._spool.close()
