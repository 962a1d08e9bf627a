import os
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from synhead_tools.errors import LabelFormatError, OutputExistsError
from synhead_tools.formats.pose_csv import PoseTable, read_pose_csv, write_pose_csv

ANGLES = [[10.5, -20.0, 3.25], [0.0, 45.0, -90.0]]
PLAIN = "pitch,yaw,roll\n10.5,-20,3.25\n0,45,-90\n"


def _read(tmp_path, content):
    path = tmp_path / "poses.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_pose_csv(path)


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        "\ufeff" + PLAIN,
        PLAIN.replace("\n", "\r\n"),
        "\ufeff" + PLAIN.replace("\n", "\r\n").replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.rstrip(),
        PLAIN + "\n\n",
        PLAIN.replace("pitch,yaw,roll", " Pitch , YAW_deg,roll_deg "),
        PLAIN.replace("pitch,yaw,roll\n", ""),
        "yaw,image,roll,pitch\n-20,a,3.25,10.5\n45,b,-90,0\n",
        '"image, left",pitch,yaw,roll\n"a,b",10.5,-20,3.25\n"c\nd",0,45,-90\n',
    ],
)
def test_same_angles_however_the_table_is_written(tmp_path, content):
    assert _read(tmp_path, content).angles_deg.tolist() == ANGLES


def test_other_columns_are_kept(tmp_path):
    table = _read(tmp_path, "Image;yaw;roll;pitch\nü.png;-20;3.25;10.5\nb;45;-90;0\n")
    assert table.column("image") == ["ü.png", "b"]
    write_pose_csv(tmp_path / "out.csv", table.with_angles(table.angles_deg * 2))
    assert (tmp_path / "out.csv").read_text() == "Image;yaw;roll;pitch\nü.png;-40.0;6.5;21.0\nb;90.0;-180.0;0.0\n"
    with pytest.raises(LabelFormatError, match="no column 'box'"):
        table.column("box")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    angles=st.integers(1, 20).flatmap(lambda n: arrays(float, (n, 3), elements=st.floats(-360, 360))),
    header=st.booleans(),
    delimiter=st.sampled_from(",;\t"),
)
def test_written_angles_are_read_back_exactly(tmp_path, angles, header, delimiter):
    table = PoseTable.from_angles(angles)
    table = PoseTable(table.angles_deg, table.header if header else None, table.cells, delimiter=delimiter)
    write_pose_csv(tmp_path / "a.csv", table, overwrite=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.array_equal(read_pose_csv(tmp_path / "a.csv").angles_deg, angles)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("pitch,yaw,roll\n", "no rows"),
        ("pitch,yaw\n1,2\n", "row 1: no column called roll among pitch, yaw"),
        ("pitch,yaw,roll,Yaw\n1,2,3,4\n", "row 1: 2 columns called yaw"),
        ("1,2,3,4\n", "row 1: 4 numbers and no header"),
        (PLAIN + "1,2\n", "row 4: 2 cells; expected 3"),
        (PLAIN + "1,2,3,4\n", "row 4: 4 cells; expected 3"),
        (PLAIN + "1,nan,3\n", "row 4: yaw is 'nan'"),
        (PLAIN + "1,2,\n", "row 4: roll is ''"),
        (PLAIN + "inf,2,3\n", "row 4: pitch is 'inf'"),
        (PLAIN + "abc,2,3\n", "row 4: pitch is 'abc'"),
        (PLAIN + "1_0,2,3\n", "row 4: pitch is '1_0'"),
        (PLAIN + "361,2,3\n", "row 4: pitch is '361'"),
        ("\ufeff" + PLAIN.replace("\n", "\r\n") + "abc,2,3\r\n", "row 4: pitch is 'abc'"),
        ("pitch;yaw;roll\n1,5;2;3\n", "row 2: pitch is '1,5'"),
        ("pitch,yaw,roll\n1,2,3\n\n4,5,6\n", "row 3: blank"),
        ('pitch,yaw,roll\n1,2,"3\n', "row 2"),
        ('pitch,yaw,roll\n1,2,"3"4\n', "row 2"),
        ("image,pitch,yaw,roll\n" + "x" * 200_000 + ",1,2,3\n", "row 2"),
        (b"pitch,yaw,roll\n1,2,3\n\xff,2,3\n", "row 3: not UTF-8"),
        (PLAIN.encode("utf-16"), "UTF-16"),
        (b"1,2,3\n1,\x00,3\n", "row 2"),
    ],
)
def test_bad_tables_are_refused_by_row(tmp_path, content, message):
    with pytest.raises(LabelFormatError) as raised:
        _read(tmp_path, content)
    assert message in str(raised.value)
    assert "poses.csv" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(LabelFormatError, match="cannot be read"):
            read_pose_csv(path)


def test_warns_of_what_may_be_radians(tmp_path):
    with pytest.warns(UserWarning, match="radians"):
        _read(tmp_path, "pitch,yaw,roll\n0.5,-1.2,3.1\n0,0,0\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _read(tmp_path, PLAIN)


def test_one_finite_triple_per_row():
    table = PoseTable.from_angles(np.zeros((2, 3)))
    for angles in (np.zeros((3, 3)), np.zeros((2, 2)), np.full((2, 3), np.nan)):
        with pytest.raises(LabelFormatError, match="2 rows"):
            table.with_angles(angles)


def test_minus_zero_is_written_as_zero(tmp_path):
    write_pose_csv(tmp_path / "a.csv", PoseTable.from_angles(np.array([[-0.0, 1, 2]])))
    assert (tmp_path / "a.csv").read_text() == "pitch,yaw,roll\n0.0,1.0,2.0\n"
    with pytest.raises(OutputExistsError):
        write_pose_csv(tmp_path / "a.csv", PoseTable.from_angles(np.zeros((1, 3))))


def test_a_pipe_and_a_device_are_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(LabelFormatError, match="not a regular file"):
            read_pose_csv(path)


def test_endless_lines_and_files_are_refused_before_they_are_taken_apart(tmp_path):
    with pytest.raises(LabelFormatError, match="row 1: more than 1000 columns"):
        _read(tmp_path, "1," * 2_000_000)
    with pytest.raises(LabelFormatError, match="row 1: more than 1000 columns"):
        _read(tmp_path, "1;" * 5000 + "\r1;2;3\r")
    with (tmp_path / "large.csv").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(LabelFormatError, match="more than"):
        read_pose_csv(tmp_path / "large.csv")


def test_a_header_of_many_columns_is_not_listed_whole(tmp_path):
    with pytest.raises(LabelFormatError, match="no column called pitch") as caught:
        _read(tmp_path, ",".join(f"column{i}" for i in range(900)) + "\n")
    assert len(str(caught.value)) < 600
