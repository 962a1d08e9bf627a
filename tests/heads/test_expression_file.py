import numpy as np
import pytest

from synhead_tools.errors import HeadError
from synhead_tools.heads.expression_file import read_expressions
from synhead_tools.heads.expressions import ARKIT_NAMES

JAW, BLINK = ARKIT_NAMES.index("jawOpen"), ARKIT_NAMES.index("eyeBlinkLeft")


def written(tmp_path, text):
    path = tmp_path / "face.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "jawOpen,eyeBlinkLeft\n0.25,1\n0.5,0\n",
        "\ufeffEyeBlinkLeft,JawOpen\r\n1,0.25\r\n0,0.5\r\n",
        "frame;jawOpen;pitch;eyeBlinkLeft\n0;0.25;-12.5;1\n1;5e-1;3;0\n",
        "Timecode\t JawOpen\tBlendshapeCount\tEyeBlinkLeft\n1:2:3\t0.25\t61\t1\n\n1:2:4\t0.5\t61\t0\n",
    ],
    ids=["plain", "bom", "semicolons and a pose", "Live Link Face"],
)
def test_tables_as_people_have_them(tmp_path, text):
    rows = read_expressions(written(tmp_path, text))
    assert rows.shape == (2, 52)
    assert rows[:, JAW].tolist() == [0.25, 0.5]
    assert rows[:, BLINK].tolist() == [1, 0]
    assert np.count_nonzero(rows) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "0 lines"),
        ("jawOpen\n", "1 lines"),
        ("jawOpen,smile\n0,0\n", "'smile' is no coefficient"),
        ("frame,yaw\n0,0\n", "no column of coefficients"),
        ("jawOpen,JawOpen\n0,0\n", "twice"),
        ("jawOpen\n0\n1.5\n", "row 2, column jawOpen: '1.5'"),
        ("jawOpen\n-0.1\n", "row 1, column jawOpen"),
        ("jawOpen\nnan\n", "'nan' is no number"),
        ("jawOpen\n0,5\n", "2 cells, the header 1"),
        ("jawOpen;eyeBlinkLeft\n0,5;1\n", "'0,5' is no number"),
        ('jawOpen\n"0\n', "no CSV table"),
        (b"jawOpen\n\xff\xfe\n", "no UTF-8"),
        (b"\x00" * 50, "lines|coefficient"),
    ],
)
def test_bad_tables_are_named_with_row_and_column(tmp_path, text, message):
    with pytest.raises(HeadError, match=message) as error:
        read_expressions(written(tmp_path, text))
    assert "face.csv" in str(error.value)
    assert "\n" not in str(error.value)


def test_files_that_are_none(tmp_path):
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(HeadError):
            read_expressions(path)
