import csv

import pyarrow as pa
import pytest

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.label_tables.block import BadRow
from synhead_tools.formats.label_tables.rejects import Rejects

SCHEMA = pa.schema([pa.field("a,b", pa.string()), pa.field("c", pa.string())])


def test_rows_become_a_table_whatever_they_were(tmp_path):
    with Rejects(tmp_path / "out.npz", SCHEMA, False) as rejects:
        rejects.add([BadRow(3, "too few", ("x",)), BadRow(5, "too many", ("1", "2", "3,\r4"))])
        rejects.add([BadRow(9, 'a "reason"', ("x\ny", "z"))])
        rejects.commit()
    with (tmp_path / "out.npz.rejects.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["row", "reason", "a,b", "c"],
            ["3", "too few", "x", ""],
            ["5", "too many", "1", "2,3,\r4"],
            ["9", 'a "reason"', "x\ny", "z"],
        ]


def test_no_rows_no_file_and_none_of_an_earlier_run(tmp_path):
    path = tmp_path / "out.csv.rejects.csv"
    path.write_text("old")
    with pytest.raises(OutputExistsError, match="rejects"):
        Rejects(tmp_path / "out.csv", SCHEMA, False)
    with Rejects(tmp_path / "out.csv", SCHEMA, True) as rejects:
        rejects.commit()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("committed", [False, True])
def test_an_error_leaves_nothing(tmp_path, committed):
    def interrupted():
        with Rejects(tmp_path / "out.csv", SCHEMA, False) as rejects:
            rejects.add([BadRow(3, "x", ())])
            if committed:
                rejects.commit()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not list(tmp_path.iterdir())
