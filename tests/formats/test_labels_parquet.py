import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synhead_tools.errors import LabelFormatError, OutputExistsError, ShardError
from synhead_tools.formats.labels_parquet import read_labels_parquet, write_label_blocks, write_labels_parquet
from synhead_tools.formats.sample import COLUMNS, DENSE_COLUMNS

LABELS = [name for name in COLUMNS if name not in DENSE_COLUMNS]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.integers(1, 40), names=st.sets(st.sampled_from(LABELS), min_size=1), seed=st.integers(0, 99))
def test_round_trip(tmp_path, make_columns, rows, names, seed):
    columns = make_columns(rows, names, seed=seed)
    write_labels_parquet(tmp_path / "a.parquet", columns, {"convention": "biwi+"}, overwrite=True)
    read, metadata = read_labels_parquet(tmp_path / "a.parquet")
    assert list(read) == [name for name in LABELS if name in names]
    assert metadata == {"convention": "biwi+"}
    for name, array in columns.items():
        assert read[name].dtype == array.dtype
        assert np.array_equal(read[name], array)


def test_other_readers_see_plain_columns(tmp_path, make_columns):
    columns = make_columns(3, ["rotmat", "head_id", "seed"])
    write_labels_parquet(tmp_path / "a.parquet", columns)
    table = pq.read_table(tmp_path / "a.parquet").to_pydict()
    assert table["head_id"] == [name.decode() for name in columns["head_id"]]
    assert table["seed"] == columns["seed"].tolist()
    assert np.array_equal(np.array(table["rotmat"][1]).reshape(3, 3), columns["rotmat"][1])


def test_equal_labels_give_equal_bytes(tmp_path, make_columns):
    for name in ("a", "b"):
        write_labels_parquet(tmp_path / name, make_columns(9, LABELS), {"convention": "biwi+"})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with pytest.raises(OutputExistsError):
        write_labels_parquet(tmp_path / "a", make_columns(9, LABELS))


def test_pictures_do_not_belong_here(tmp_path, make_columns):
    with pytest.raises(ShardError, match="image are pictures"):
        write_labels_parquet(tmp_path / "a.parquet", make_columns(3, ["image", "seed"]))
    assert list(tmp_path.iterdir()) == []


def test_foreign_and_damaged_files(tmp_path, make_columns):
    path = tmp_path / "a.parquet"
    write_labels_parquet(path, make_columns(3, LABELS))
    data = path.read_bytes()
    for damaged in (b"", b"PAR1", data[: len(data) // 2], data.replace(b"frame_id", b"frame_ix")):
        path.write_bytes(damaged)
        with pytest.raises(LabelFormatError, match="not a labels.parquet"):
            read_labels_parquet(path)


def test_blocks_of_samples_are_read_back_as_one_table(tmp_path, make_columns):
    parts = [make_columns(rows, LABELS, seed=rows) for rows in (5, 3, 4)]
    write_label_blocks(tmp_path / "a.parquet", iter(parts), {"convention": "biwi+"})
    read, metadata = read_labels_parquet(tmp_path / "a.parquet")
    assert metadata == {"convention": "biwi+"}
    for name in LABELS:
        assert np.array_equal(read[name], np.concatenate([part[name] for part in parts]))
    assert pq.ParquetFile(tmp_path / "a.parquet").num_row_groups == 3, "never all in memory"
    with pytest.raises(ShardError):
        write_label_blocks(tmp_path / "b.parquet", [parts[0], make_columns(2, ["image", "seed"])])
    assert not (tmp_path / "b.parquet").exists()
