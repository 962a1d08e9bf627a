import csv
import io
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.csv_reader import CsvTable

PLAIN = "name,pitch,yaw,roll\na,1,2,3\nb,4,5,6\n"
cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6) | st.sampled_from(
    ["", " ", ",", ";", '"', "\n", "\r\n", "\r", "é", "1.5", '""', 'a"b']
)


def _write(tmp_path, content):
    path = tmp_path / "in.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _rows(path, **options):
    """Cells by row number, and reasons by row number."""
    with CsvTable(path, **options) as table:
        good, bad = {}, {}
        for block in table.blocks():
            columns = [column.to_pylist() for column in block.batch.columns]
            good |= dict(zip(block.numbers.tolist(), zip(*columns, strict=True), strict=True))
            bad |= {row.number: row.reason for row in block.bad_rows}
        return table, good, bad


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    rows=st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=30),
    delimiter=st.sampled_from(",;\t"),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    all_quoted=st.booleans(),
    block=st.integers(8, 200),
)
def test_any_table_the_csv_module_writes_is_read_as_it_reads_it(
    tmp_path, small_blocks, rows, delimiter, line_end, all_quoted, block
):
    small_blocks(block)
    rows.append(["last", "", ""])
    header = ["a", "b", "c"]
    text = io.StringIO()
    # the csv module does not quote line ends unless it ends lines with them itself
    all_quoted = all_quoted or any(character in cell for row in rows for cell in row for character in "\r\n")
    quoting = csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows([header, *rows])
    table, good, bad = _rows(_write(tmp_path, text.getvalue()))
    assert table.delimiter == delimiter
    assert table.schema.names == header
    expected = {number: tuple(row) for number, row in enumerate(rows, start=2)}
    blank = {number for number, row in expected.items() if not any(cell.strip() for cell in row)}
    assert set(bad) == blank
    assert good == {number: row for number, row in expected.items() if number not in blank}


@pytest.mark.parametrize(
    "content",
    [
        PLAIN, "\ufeff" + PLAIN, PLAIN.replace("\n", "\r\n"), PLAIN.replace("\n", "\r"), PLAIN.rstrip(),
        PLAIN + "\n \n,,,\n", PLAIN.replace(",", ";"), PLAIN.replace(",", "\t"), PLAIN.replace("a", '"a"'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("block", [30, 31, 32, 33, 1 << 20])
def test_same_rows_however_the_table_is_written_and_wherever_it_is_cut(tmp_path, small_blocks, content, block):
    small_blocks(block)
    table, good, bad = _rows(_write(tmp_path, content))
    assert table.has_header
    assert good == {2: ("a", "1", "2", "3"), 3: ("b", "4", "5", "6")}
    assert not bad


@pytest.mark.parametrize("block", [24, 40, 1 << 20])
def test_bad_rows_are_numbered_as_a_spreadsheet_does(tmp_path, small_blocks, block):
    small_blocks(block)
    content = b'name,pitch\na,1\n\n"b\nb",2\nc,3,4\n , \n\xff,5\nd\n"x","y",z\ne,6\n\n,\n'
    _, good, bad = _rows(_write(tmp_path, content))
    assert good == {2: ("a", "1"), 4: ("b\nb", "2"), 10: ("e", "6")}
    assert {number: reason.split(";")[0] for number, reason in bad.items()} == {
        3: "blank", 5: "3 cells", 6: "blank", 7: "not UTF-8 text", 8: "1 cells", 9: "3 cells",
    }  # fmt: skip


def test_the_cells_of_a_bad_row_are_kept(tmp_path):
    with CsvTable(_write(tmp_path, b'a,b\n1,"x,y",3\n\xc3,2\n')) as table:
        (block,) = table.blocks()
    assert [row.cells for row in block.bad_rows] == [("1", "x,y", "3"), ("\ufffd", "2")]


def test_every_undecodable_row_is_found(tmp_path):
    good = "é,1\n" * 50
    content = b"a,b\n" + b"\xe9,1\n" * 1000 + good.encode() + b"1,\xff\xfe\xff\n"
    _, rows, bad = _rows(_write(tmp_path, content))
    assert set(bad) == {*range(2, 1002), 1052}
    assert set(rows) == set(range(1002, 1052))


@pytest.mark.parametrize(
    ("content", "options", "header"),
    [
        ("1,2,3\n", {}, False),
        ("1,nan,3\n", {}, False),
        ("1,x,3\n", {}, True),
        ("a.png,1,2,3\n", {"number_columns": [1, 2, 3]}, False),
        ("a.png,p,y,r\n", {"number_columns": [1, 2, 3]}, True),
        ("1,5;2;3\n", {}, True),
        ("1,5;2,0;3\n", {"decimal": ","}, False),
    ],
)
def test_a_first_row_of_numbers_is_no_header(tmp_path, content, options, header):
    table, good, _ = _rows(_write(tmp_path, content + content), **options)
    assert table.has_header is header
    assert set(good) == ({2} if header else {1, 2})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"), ("\n \n", "is empty"), ("\na,b\n", "row 1: blank"), (PLAIN.encode("utf-16"), "UTF-16"),
        ("a," * 2_000_000, "row 1: more than 1000 columns"), ("a" * 200_000, "row 1: more than 131072 bytes"),
        (PLAIN + "x" * 200_000 + ",1,2,3\n", "row 4: more than 131072 bytes"),
        (PLAIN + "\n" * 200_000 + "x" * 20_000_000, "row 200004: more than 131072 bytes"),
        (PLAIN + 'c,"7,8,9\n' + "d,1,2,3\n" * 3, "row 4: a quote"), (PLAIN + 'c,7"x,8,9\n', "row 4: a quote"),
        (PLAIN + 'c,"7"x,8,9\n', "row 4: a quote"), ('"a"b,c\n', "row 1"), (b"a,\xff\n1,2\n", "row 1: not UTF-8"),
        (PLAIN + 'c,"' + "7,8,9\n" * 3_000_000, "row 4"),
    ],
)  # fmt: skip
def test_files_of_which_nobody_can_tell_the_rows_are_refused(tmp_path, content, message):
    with pytest.raises(LabelFormatError) as raised:
        _rows(_write(tmp_path, content))
    assert message in str(raised.value)
    assert "in.csv" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero", tmp_path, tmp_path / "nothing"):
        with pytest.raises(LabelFormatError, match="not a regular file|cannot be read"):
            CsvTable(path)
