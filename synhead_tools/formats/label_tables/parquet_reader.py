"""Parquet files as label tables, read a block at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.block import COLUMNS_LIMIT, ArrayTable, LabelBlock, TableFacts, rows_per_block
from synhead_tools.input_files import open_input

METADATA_BYTES_LIMIT = 64 << 20
ENTRIES_LIMIT = 1_000_000
"""Most strings and lists that the metadata may hold; 10 million rows need some hundreds."""


class ParquetTable(ArrayTable):
    """A Parquet file; rows are counted from 0.

    Parameters
    ----------
    path : path
        A regular file.

    Raises
    ------
    LabelFormatError
        The file is missing, damaged, or claims to be absurdly large.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._handle = open_input(self.path, LabelFormatError, "give a Parquet file")
        try:
            with self._errors_named():
                self._file = pq.ParquetFile(
                    self._handle,
                    buffer_size=1 << 20,
                    thrift_string_size_limit=METADATA_BYTES_LIMIT,
                    thrift_container_size_limit=ENTRIES_LIMIT,
                )
                schema = self._file.schema_arrow
            columns = self._file.metadata.num_columns
            if columns > COLUMNS_LIMIT:
                raise LabelFormatError(f"{self.path}: {columns} columns, more than {COLUMNS_LIMIT}")
        except BaseException:
            self._handle.close()
            raise
        metadata = {
            name.decode("utf-8", "replace"): text.decode("utf-8", "replace")
            for name, text in (schema.metadata or {}).items()
        }
        super().__init__(self.path, schema.remove_metadata(), TableFacts.from_metadata(metadata))

    def blocks(self) -> Iterator[LabelBlock]:
        """All rows, in order.

        Raises
        ------
        LabelFormatError
            The file is damaged.
        """
        facts = self._file.metadata  # not that of its columns: damaged, it ends the process (pyarrow 26)
        claimed = sum(facts.row_group(group).total_byte_size for group in range(facts.num_row_groups))
        rows, start = rows_per_block(claimed // max(facts.num_rows, 1)), 0
        with self._errors_named():
            for batch in self._file.iter_batches(batch_size=rows, use_threads=False):
                batch.validate(full=True)
                yield LabelBlock(batch.replace_schema_metadata(None), np.arange(start, start + batch.num_rows))
                start += batch.num_rows

    def close(self) -> None:
        """Close the file."""
        self._handle.close()

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except LabelFormatError:
            raise
        except (OSError, ValueError, KeyError, MemoryError, OverflowError, pa.ArrowException) as error:
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            raise LabelFormatError(f"{self.path} is not a sound Parquet file ({reason}); fetch it anew") from None
