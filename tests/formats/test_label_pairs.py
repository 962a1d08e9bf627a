import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_pairs import join_rows, read_landmarks, read_rotations, read_triples, rows
from synhead_tools.geometry.euler import euler_from_rotmat
from synhead_tools.geometry.pose_laws import uniform_rotations
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat

TRUE = uniform_rotations(5, np.random.default_rng(0))
POINTS = np.arange(5 * 68 * 3.0).reshape(5, 68, 3)


def test_triples_are_read_as_they_are_written(tmp_path):
    (tmp_path / "a.csv").write_text("\ufeffid;Yaw (rad);note;PITCH_rad;roll_rad\r\n7;0.1;x;400;-0.3\r\n")
    found = read_triples(tmp_path / "a.csv", key="id")
    assert dict(zip(found.order, found.values[0].tolist(), strict=True)) == {"yaw": 0.1, "pitch": 400, "roll": -0.3}
    assert found.unit == "rad"
    assert found.keys == ["7"]
    assert sorted(found.titles) == ["PITCH_rad", "Yaw (rad)", "roll_rad"]


def test_columns_by_number_say_neither_order_nor_unit(tmp_path):
    (tmp_path / "a.csv").write_text("p/a.png,1,2,3,4\np/b.png,5,6,7,8\n")
    found = read_triples(tmp_path / "a.csv", ["4", "2", "3"], key="1")
    assert found.values.tolist() == [[3, 1, 2], [7, 5, 6]]
    assert found.order is found.unit is None
    assert found.keys == ["p/a.png", "p/b.png"]


def test_the_title_of_an_array_says_its_order(tmp_path):
    np.savez(tmp_path / "a.npz", ypr=np.ones((2, 3)), euler_deg=np.zeros((2, 3)))
    assert read_triples(tmp_path / "a.npz", ["ypr"]).order == ("yaw", "pitch", "roll")
    found = read_triples(tmp_path / "a.npz", ["euler_deg"])
    assert (found.order, found.unit, found.titles) == (None, "deg", ("euler_deg",))


@pytest.mark.parametrize("kind", ["rotmat", "quat_xyzw", "quat_wxyz"])
def test_rotations_of_arrays(tmp_path, kind):
    quat = quat_xyzw_from_rotmat(TRUE)
    arrays = {"rotmat": TRUE, "quat_xyzw": quat, "quat_wxyz": np.roll(quat, 1, axis=1)}
    np.savez(tmp_path / "a.npz", **{kind: arrays[kind]}, name=np.array(list("abcde")))
    rotmat, keys = read_rotations(tmp_path / "a.npz", key="name")
    assert np.abs(rotmat - TRUE).max() < 1e-12
    assert keys == list("abcde")


@pytest.mark.parametrize(("header", "convention"), [("", "biwi+"), ("_rad", "biwi+"), ("", "xyz:+--:rad")])
def test_unit_of_true_angles(tmp_path, header, convention):
    """Titles say it, else a spec; a named convention is for degrees where nothing else is said."""
    in_radians = bool(header) or convention.endswith("rad")
    angles = euler_from_rotmat(TRUE, "biwi+") * (np.pi / 180 if in_radians else 1)
    titles = ",".join(f"{name}{header}" for name in ("pitch", "yaw", "roll"))
    np.savetxt(tmp_path / "a.csv", angles, delimiter=",", header=titles, comments="", fmt="%.17g")
    assert np.abs(read_rotations(tmp_path / "a.csv", convention)[0] - TRUE).max() < 1e-12


def test_landmarks_of_arrays(tmp_path):
    np.savez(tmp_path / "a.npz", landmarks68=POINTS, flat=POINTS[..., :2], five=POINTS[:, :5])
    assert (read_landmarks(tmp_path / "a.npz")[0] == POINTS).all()
    assert (read_landmarks(tmp_path / "a.npz", in_picture=True)[0] == POINTS[..., :2]).all()
    assert (read_landmarks(tmp_path / "a.npz", "flat", in_picture=True)[0] == POINTS[..., :2]).all()
    for column in ("flat", "five", "nope"):
        with pytest.raises(LabelFormatError, match=column):
            read_landmarks(tmp_path / "a.npz", column)


def test_a_row_without_landmarks_is_named(tmp_path):
    lists = pa.array([POINTS[0].ravel().tolist(), None], pa.list_(pa.float64(), 204))
    pq.write_table(pa.table({"landmarks68": lists}), tmp_path / "a.parquet")
    with pytest.raises(LabelFormatError, match="row 1"):
        read_landmarks(tmp_path / "a.parquet")


def test_endless_and_empty_tables_are_refused(tmp_path, monkeypatch):
    np.savez(tmp_path / "a.npz", rotmat=TRUE)
    monkeypatch.setattr(rows, "ROWS_LIMIT", 4)
    with pytest.raises(LabelFormatError, match="more than 4 rows"):
        read_rotations(tmp_path / "a.npz")
    (tmp_path / "a.csv").write_text("pitch,yaw,roll\n")
    with pytest.raises(LabelFormatError, match="no rows"):
        read_triples(tmp_path / "a.csv")


def test_rows_are_joined_by_key_or_as_they_stand():
    assert join_rows("a", "b", (3, 3)).tolist() == [0, 1, 2]
    assert join_rows("a", "b", (2, 3), (["x", "y"], ["y", "z", "x"])).tolist() == [2, 0]
    with pytest.raises(LabelFormatError, match="a has 2 rows, b has 3"):
        join_rows("a", "b", (2, 3))
    with pytest.raises(LabelFormatError, match="2 of 3 frames are not in b, the first is 'q'"):
        join_rows("a", "b", (3, 1), (["x", "q", "r"], ["x"]))
    with pytest.raises(LabelFormatError, match="b: key 'x' is there twice"):
        join_rows("a", "b", (1, 2), (["x"], ["x", "x"]))
