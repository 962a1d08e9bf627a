import numpy as np
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.matrix_text import Block, check_rotation_rows, read_matrices

BLOCKS = (Block("shear", 2, 2), Block("offset", 1, 3))
GOOD = "1 2\n3 4\n\n5 6 7\n"


@pytest.fixture
def read(tmp_path):
    def read(content):
        path = tmp_path / "matrices.txt"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_matrices(path, BLOCKS, "mend it")

    return read


@pytest.mark.parametrize(
    "content",
    [GOOD, GOOD.replace("\n\n", "\n"), "\n\n" + GOOD + "\n \n\n", GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD[:-1]],
)
def test_blank_lines_line_ends_and_byte_order_marks_do_no_harm(read, content):
    (shear, offset), lines = read(content)
    np.testing.assert_array_equal(shear, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(offset, [[5, 6, 7]])
    rows = [number for number, line in enumerate(content.splitlines(), start=1) if line.strip(" \ufeff")]
    assert lines == [rows[:2], rows[2:]]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("1 2\n3\n\n5 6 7\n", "line 2: 1 numbers; expected 2 of the shear; mend it"),
        ("1 2\n3 4\n\n5 6\n", "line 4: 2 numbers; expected 3 of the offset"),
        ("1 2\n3 4\n", "ends before the offset is complete; mend it"),
        ("", "ends before the shear is complete"),
        (GOOD + "8 9\n", "line 5: more rows than 3"),
        ("1 2\n3 nan\n\n5 6 7\n", "line 2: 'nan' is not a finite number"),
        ("1 2\n3 4\n\n5 1e999 7\n", "line 4: '1e999' is not a finite number"),
        ("1 2\n3,5 4\n\n5 6 7\n", "line 2: '3,5' is not a finite number with a decimal point"),
        ("1 2\n1_0 4\n\n5 6 7\n", "line 2: '1_0' is not"),
        (b"\xff\xfe1\x002\x00", "is not a text file"),
        (b"1 2\n3 4\n\n5 6 \x007\n", "line 4: '.x007' is not"),
        (b"0" * 20_000, "20000 bytes, more than"),
    ],
)
def test_anything_else_is_refused_with_its_line(read, content, complaint):
    with pytest.raises(LabelFormatError, match=complaint) as caught:
        read(content)
    assert "\n" not in str(caught.value)


def test_what_is_no_rotation_is_named_by_its_lines():
    turn = np.array([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, 1]])
    check_rotation_rows(turn + 1e-6, [1, 2, 3], "p")
    for bad, complaint in [
        (turn * [[1], [2], [1]], "p: line 5: row of length 2 "),
        (np.array([turn[0], turn[2], turn[2]]), "lines 5 and 7: rows that are not perpendicular"),
        (turn * [1, 1, -1], r"lines 4 to 7: the matrix mirrors \(determinant -1\)"),
        (turn * np.nan, "line 4: row of length nan"),
    ]:
        with pytest.raises(LabelFormatError, match=complaint):
            check_rotation_rows(bad, [4, 5, 7], "p")
