import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.convert import convert_labels_file

FORMATS = (".csv", ".tsv", ".parquet", ".npz", ".h5")


BAD_CSV = {
    "NaN": ("c,nan,2,3", "pitch is 'nan'"),
    "infinity": ("c,1,-inf,3", "yaw is '-inf'"),
    "empty": ("c,1,,3", "yaw is empty"),
    "text": ("c,1,2,abc", "roll is 'abc'"),
    "underscore": ("c,1_0,2,3", "pitch is '1_0'"),
    "beyond a turn": ("c,1,361,3", "beyond a full turn"),
    "too few": ("c,1,2", "3 cells; expected 4"),
    "too many": ("c,1,2,3,4", "5 cells; expected 4"),
    "decimal comma": ('c,1,"2,5",3', "yaw is '2,5', with a decimal comma"),
    "semicolons": ("c;1;2;3", "1 cells; expected 4"),
    "blank": ("", "blank"),
    "not UTF-8": (b"\xe9,1,2,3", "not UTF-8"),
    "quoted": ('"c\nd",1,2,x', "roll is 'x'"),
}


@pytest.mark.parametrize("kind", BAD_CSV)
@pytest.mark.parametrize("marked", [False, True], ids=["plain", "BOM and CRLF"])
def test_bad_rows_of_text_are_named_or_set_aside(tmp_path, small_blocks, kind, marked, cells_of, names_in):
    small_blocks(40)
    bad, reason = BAD_CSV[kind]
    bad = bad if isinstance(bad, bytes) else bad.encode()
    lines = [b"name,pitch,yaw,roll", b"a,1,2,3", b"b,4,5,6", bad, b"d,7,8,9"]
    data = b"\n".join([*lines, b""])
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n") if marked else data)
    with pytest.raises(LabelFormatError) as raised:
        convert_labels_file(tmp_path / "a.csv", tmp_path / "b.csv")
    assert f"{tmp_path / 'a.csv'}: row 4: " in str(raised.value)
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)
    assert names_in(tmp_path) == ["a.csv"]
    done = convert_labels_file(tmp_path / "a.csv", tmp_path / "b.csv", on_error="skip")
    assert (done.rows, done.rejected, done.rejects) == (3, 1, tmp_path / "b.csv.rejects.csv")
    assert [row[0] for row in cells_of(tmp_path / "b.csv")] == ["name", "a", "b", "d"]
    (header, row) = cells_of(done.rejects)
    assert header == ["row", "reason", "name", "pitch", "yaw", "roll"]
    assert row[0] == "4"
    assert reason in row[1]
    assert names_in(tmp_path) == ["a.csv", "b.csv", "b.csv.rejects.csv"]


def _bad_arrays():
    eye, quat = np.eye(3), [0.0, 0, 0, 1]
    return {
        "NaN angle": ("euler_deg", [1.0, np.nan, 3], "euler_deg is not finite"),
        "angle": ("euler_deg", [1.0, 400, 3], "1, 400, 3: an angle is beyond a full turn"),
        "radians": ("euler_rad", [1.0, 40, 3], "beyond a full turn of 6.2832 rad"),
        "zero": ("quat_xyzw", np.zeros(4), "the quaternion is zero"),
        "long": ("quat_xyzw", [0, 0, 0, 1.1], "not of length 1"),
        "NaN": ("quat_xyzw", [np.nan, *quat[1:]], "quat_xyzw is not finite"),
        "skewed": ("rotmat", eye + [[0, 0.1, 0], [0, 0, 0], [0, 0, 0]], "not orthonormal"),
        "scaled": ("rotmat", eye * 1.1, "not orthonormal"),
        "mirrored": ("rotmat", np.diag([1.0, 1, -1]), "mirrors"),
        "no matrix": ("rotmat", np.full((3, 3), np.inf), "rotmat is not finite"),
    }


@pytest.mark.parametrize("kind", _bad_arrays())
@pytest.mark.parametrize("suffix", [".npz", ".h5", ".parquet"])
def test_bad_rows_of_arrays_are_named_or_set_aside(tmp_path, small_blocks, kind, suffix, cells_of, names_in):
    small_blocks(2)
    name, bad, reason = _bad_arrays()[kind]
    good = {"euler_deg": [10.0, 20, 30], "euler_rad": [1.0, 0.5, 2], "quat_xyzw": [0.0, 0, 0, 1], "rotmat": np.eye(3)}
    values, names = np.array([good[name]] * 5 + [bad] + [good[name]] * 3), np.array(list("abcdefghi"), "S")
    path, out = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    if suffix == ".npz":
        np.savez(path, **{name: values, "name": names})
    elif suffix == ".h5":
        with h5py.File(path, "w") as file:
            file[name], file["name"] = values, names
    else:
        pq.write_table(pa.table({name: values.reshape(9, -1).tolist(), "name": names.astype(str)}), path)
    with pytest.raises(LabelFormatError) as raised:
        convert_labels_file(path, out)
    assert f"{path}: row 5, counted from 0: " in str(raised.value)
    assert reason in str(raised.value)
    assert names_in(tmp_path) == [path.name]
    done = convert_labels_file(path, out, on_error="skip")
    assert (done.rows, done.rejected) == (8, 1)
    header, row = cells_of(done.rejects)
    assert row[0] == "5"
    assert reason in row[1]
    assert row[header.index("name")] == "f"


def test_bad_matrices_and_quaternions_in_columns(tmp_path, write_csv):
    source = write_csv(["1,0,0,0", "0,0,0,2"], header="qw,qx,qy,qz")
    with pytest.raises(LabelFormatError, match="row 3: 0, 0, 2, 0: the quaternion is not of length 1"):
        convert_labels_file(source, tmp_path / "b.csv")
    header = ",".join(f"r{i}{j}" for i in range(3) for j in range(3))
    source = write_csv(["1,0,0,0,1,0,0,0,1", "1,0,0,0,1,0,0,0,-1"], header=header)
    with pytest.raises(LabelFormatError, match="row 3: the matrix mirrors"):
        convert_labels_file(source, tmp_path / "b.csv")


def test_many_bad_rows_of_all_kinds_in_order(tmp_path, small_blocks, cells_of):
    small_blocks(100)
    rng, bad = np.random.default_rng(0), list(BAD_CSV)
    lines, expected, row = [b"name,pitch,yaw,roll"], [], 1
    for number in range(400):
        row += 1
        kind = bad[number % len(bad)] if rng.random() < 0.3 else None
        line = BAD_CSV[kind][0] if kind else f"n{number},1,2,3"
        lines.append(line if isinstance(line, bytes) else line.encode())
        if kind:
            expected.append((str(row), BAD_CSV[kind][1]))
    (tmp_path / "a.csv").write_bytes(b"\n".join([*lines, b"z,1,2,3", b""]))
    done = convert_labels_file(tmp_path / "a.csv", tmp_path / "b.npz", on_error="skip", unit="deg")
    rejected = cells_of(done.rejects)[1:]
    assert done.rows == 401 - len(expected)
    assert [row[0] for row in rejected] == [row for row, _ in expected]
    assert all(reason in row[1] for row, (_, reason) in zip(rejected, expected, strict=True))


def test_no_good_row(tmp_path, write_csv, names_in):
    source = write_csv(["a,x,2,3", "b,1,2"])
    with pytest.raises(LabelFormatError, match="none of 2 rows is good; the first: .*row 2"):
        convert_labels_file(source, tmp_path / "b.csv", on_error="skip")
    with pytest.raises(LabelFormatError, match="has no rows"):
        convert_labels_file(write_csv([]), tmp_path / "b.csv")
    np.savez(tmp_path / "a.npz", euler_deg=np.zeros((0, 3)))
    with pytest.raises(LabelFormatError, match="has no rows"):
        convert_labels_file(tmp_path / "a.npz", tmp_path / "b.csv")
    assert names_in(tmp_path) == ["a.npz", "in.csv"]


def test_radians_where_degrees_are_declared(tmp_path, triples, cells_of, csv_of, names_in):
    small = np.radians(triples(30))
    for header in ("name,pitch,yaw,roll", "name,pitch_deg,yaw_deg,roll_deg"):
        (tmp_path / "a.csv").write_text(csv_of(small, header))
        for on_error in ("stop", "skip"):
            with pytest.raises(LabelFormatError, match="rows 2 to 31 exceeds 3.1416.*--unit rad or --unit deg"):
                convert_labels_file(tmp_path / "a.csv", tmp_path / "b.csv", "biwi+", on_error=on_error)
    assert names_in(tmp_path) == ["a.csv"]
    convert_labels_file(tmp_path / "a.csv", tmp_path / "b.csv", "biwi+", unit="deg")
    got = np.array([row[1:] for row in cells_of(tmp_path / "b.csv")[1:]], float)
    assert np.allclose(got, small, atol=1e-9)
    (tmp_path / "a.csv").write_text(csv_of(small))
    convert_labels_file(tmp_path / "a.csv", tmp_path / "b.csv", "biwi+", unit="rad", overwrite=True)
    assert cells_of(tmp_path / "b.csv")[0] == ["name", "pitch_rad", "yaw_rad", "roll_rad"]
    # our own files say their unit, and a head that hardly moves is none of radians
    convert_labels_file(tmp_path / "a.csv", tmp_path / "c.npz", "biwi+", unit="deg")
    assert convert_labels_file(tmp_path / "c.npz", tmp_path / "d.csv").rows == 30


def test_degrees_where_radians_are_declared(tmp_path, write_csv):
    source = write_csv(["a,0.1,0.2,0.3", "b,1,-45,0"], header="name,pitch_rad,yaw_rad,roll_rad")
    with pytest.raises(LabelFormatError, match="row 3: 1, -45, 0: an angle is beyond a full turn of 6.2832 rad"):
        convert_labels_file(source, tmp_path / "b.csv")
    with pytest.raises(LabelFormatError, match="titles say rad, not deg"):
        convert_labels_file(source, tmp_path / "b.csv", unit="deg")


def test_decimal_commas_and_their_detection(tmp_path, write_csv, cells_of):
    source = write_csv(["a;10,5;20;30", "b;1;2,25;3"], header="name;pitch;yaw;roll")
    with pytest.raises(LabelFormatError, match=r"row 2: pitch is '10,5', with a decimal comma"):
        convert_labels_file(source, tmp_path / "b.csv")
    convert_labels_file(source, tmp_path / "b.csv", "biwi+", decimal=",")
    rows = [row[0].split(";") for row in cells_of(tmp_path / "b.csv")[1:]]
    assert np.allclose(np.array([row[1:] for row in rows], float), [[10.5, 20, 30], [1, 2.25, 3]], atol=1e-9)
    source = write_csv(["a;10,5;20;30", "b;1.000;2;3"], header="name;pitch;yaw;roll")
    with pytest.raises(LabelFormatError, match="row 3: pitch is '1.000', with a point"):
        convert_labels_file(source, tmp_path / "c.csv", decimal=",")
