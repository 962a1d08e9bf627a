import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.parquet_reader import ParquetTable
from synhead_tools.formats.labels_parquet import write_labels_parquet


def _read(path):
    with ParquetTable(path) as table:
        blocks = list(table.blocks())
    assert np.array_equal(np.concatenate([b.numbers for b in blocks]), np.arange(sum(len(b.numbers) for b in blocks)))
    return table, pa.Table.from_batches([block.batch for block in blocks])


def test_row_groups_of_any_size(tmp_path, small_blocks):
    small_blocks(7)
    table = pa.table({"name": [f"n{i}" for i in range(100)], "x": np.arange(100.0)})
    for rows in (1, 10, 64, 1000):
        pq.write_table(table, tmp_path / "a.parquet", row_group_size=rows)
        assert _read(tmp_path / "a.parquet")[1].equals(table)


def test_labels_parquet_of_a_dataset(tmp_path, make_columns):
    columns = make_columns(5, ("rotmat", "quat_xyzw", "euler_deg", "head_id"))
    write_labels_parquet(tmp_path / "a.parquet", columns, {"convention": "hopenet"})
    table, read = _read(tmp_path / "a.parquet")
    assert table.facts.convention == "hopenet"
    assert np.array_equal(np.array(read["rotmat"].to_pylist()).reshape(-1, 3, 3), columns["rotmat"])


def test_damaged_files(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": np.random.default_rng(0).normal(size=1000), "n": ["abc"] * 1000}), path)
    good = path.read_bytes()
    hostile = [b"", b"PAR1", b"PAR1PAR1", good[:500], good[:-20] + good[-8:], b"PAR1" + b"\xff" * 50 + b"PAR1"]
    hostile.append(good[:-8] + (1 << 31).to_bytes(4, "little") + b"PAR1")
    for data in hostile:
        path.write_bytes(data)
        with pytest.raises(LabelFormatError, match="not a sound Parquet file"):
            _read(path)
    for place in range(4, len(good) - 8, 41):  # never anything but rows or our own error
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x5A]) + good[place + 1 :])
        try:
            _read(path)
        except LabelFormatError as error:
            assert "\n" not in str(error)  # noqa: PT017


def test_columns_are_bounded(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({f"c{i}": [1.0] for i in range(1001)}), path)
    with pytest.raises(LabelFormatError, match="1001 columns"):
        ParquetTable(path)


def test_pipes_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LabelFormatError, match="not a regular file"):
        ParquetTable(tmp_path / "pipe")
