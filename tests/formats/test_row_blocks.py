import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synhead_tools.errors import ShardError
from synhead_tools.formats.row_blocks import read_rows, row_numbers
from synhead_tools.formats.shards import ShardReader, write_shard


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(rows=st.lists(st.integers(0, 199), min_size=1, max_size=80), run=st.booleans(), data=st.data())
def test_equals_numpy_indexing(tmp_path, make_columns, rows, run, data):
    columns = make_columns(200, ["image", "seed"])
    path = tmp_path / "a.h5"
    if not path.exists():
        write_shard(path, columns, {})
    rows = np.arange(min(rows), max(rows) + 1) if run else np.array(rows)
    positions = (
        np.array(data.draw(st.permutations(range(len(rows))))) if data.draw(st.booleans()) else np.arange(len(rows))
    )
    with ShardReader(path) as shard:
        for name, array in columns.items():
            out = np.zeros((len(rows) + 2, *array.shape[1:]), array.dtype)
            read_rows(shard, name, rows, out, positions + 1)
            assert np.array_equal(out[1:-1][positions], array[rows])
            assert not out[0].any()
            assert not out[-1].any()


def test_row_numbers():
    assert row_numbers(None, 3, "here").tolist() == [0, 1, 2]
    assert row_numbers([2, 0, 2], 3, "here").dtype == np.int64
    assert row_numbers([], 3, "here").shape == (0,)
    assert row_numbers(np.array([1], "u4"), 3, "here").tolist() == [1]


@pytest.mark.parametrize("rows", [[-1], [3], [0.0], [True, False, True], 1, [[1]], ["a"]])
def test_what_are_no_row_numbers(rows):
    with pytest.raises(ShardError, match="here: row"):
        row_numbers(rows, 3, "here")
