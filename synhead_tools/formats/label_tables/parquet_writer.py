"""Writing label tables as Parquet, a block at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq


class ParquetWriter:
    """Writes rows as Parquet, one row group per block.

    Parameters
    ----------
    file : file
        Open for writing bytes.
    schema : Schema
    metadata : mapping of str to str
        Kept in the file's schema.
    """

    def __init__(self, file: BinaryIO, schema: pa.Schema, metadata: Mapping[str, str]) -> None:
        self._schema = schema.with_metadata(dict(metadata))
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        if batch.num_rows:
            self._writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=self._schema))

    def finish(self) -> None:
        """Write what stands at the end of such a file."""
        self._writer.close()

    def close(self) -> None:
        """Give up what was not finished, while the file is still open."""
        with contextlib.suppress(OSError, pa.ArrowException):
            self._writer.close()
