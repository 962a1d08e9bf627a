import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.convert import convert_labels_file
from synhead_tools.formats.label_tables.open_table import open_table
from synhead_tools.formats.label_tables.rotation_columns import find_rotation
from synhead_tools.formats.label_tables.rotation_values import values_of
from synhead_tools.geometry.conventions import CONVENTIONS, get_convention
from synhead_tools.geometry.euler import convert_euler, rotmat_from_euler
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat

FORMATS = (".csv", ".tsv", ".parquet", ".npz", ".h5")


def test_known_frame_of_biwi_in_four_conventions(tmp_path, write_csv):
    """01/frame_00501, not calibrated: the same rotation in pose.bin's, Biwi+'s and Hopenet's numbers."""
    source = write_csv(["62.06397;01/frame_00501;41.50347;12.80173"], header="yaw;image;pitch;roll")
    done = convert_labels_file(source, tmp_path / "b.csv", "biwi+", "hopenet")
    assert (done.rows, done.source, done.target, done.assumed) == (1, "biwi+", "hopenet", False)
    header, row = [line.split(";") for line in (tmp_path / "b.csv").read_text().splitlines()]
    assert header == ["yaw", "image", "pitch", "roll"]
    assert row[1] == "01/frame_00501"
    assert np.allclose([float(row[0]), float(row[2]), float(row[3])], [-52.37569, -54.91994, 41.55426], atol=1e-4)
    convert_labels_file(tmp_path / "b.csv", tmp_path / "c.csv", "hopenet", "biwi", write="rotmat")
    matrix = [float(cell) for cell in (tmp_path / "c.csv").read_text().splitlines()[1].split(";")[:9]]
    assert np.allclose(matrix, [0.45684, -0.404949, -0.792031, -0.103806, 0.860022, -0.499587, 0.883471, 0.310449,
                                0.350856], atol=1e-5)  # fmt: skip
    convert_labels_file(tmp_path / "c.csv", tmp_path / "d.csv", "biwi", "biwi", write="euler")
    angles = [float(cell) for cell in (tmp_path / "d.csv").read_text().splitlines()[1].split(";")[:3]]
    assert np.allclose(angles, [41.50347, -62.06395, -12.80173], atol=1e-4)


def test_a_plain_table_needs_no_option(tmp_path, write_csv, cells_of):
    source = write_csv(["a,10,20,30", "b,-5,0.5,7"])
    done = convert_labels_file(source, tmp_path / "b.csv")
    assert (done.source, done.target, done.assumed) == ("synhead", "biwi+", True)
    got = [[float(cell) for cell in row[1:]] for row in cells_of(tmp_path / "b.csv")[1:]]
    assert np.allclose(got, convert_euler([[10, 20, 30], [-5, 0.5, 7]], "synhead", "biwi+"), atol=1e-9)


def test_angles_are_degrees_in_a_convention_of_radians_unless_somebody_says_so(tmp_path, write_csv, cells_of):
    source = write_csv(["10,20,30"], header=None)
    convert_labels_file(source, tmp_path / "b.csv", "hopenet", "300w-lp")
    assert np.allclose([float(cell) for cell in cells_of(tmp_path / "b.csv")[0]], [10, 20, 30])
    convert_labels_file(source, tmp_path / "c.csv", "hopenet", "300w-lp", to_unit="rad")
    assert np.allclose([float(cell) for cell in cells_of(tmp_path / "c.csv")[0]], np.radians([10, 20, 30]))
    convert_labels_file(tmp_path / "c.csv", tmp_path / "d.csv", "XYZ:-++:rad", "XYZ:-++:deg")
    assert np.allclose([float(cell) for cell in cells_of(tmp_path / "d.csv")[0]], [10, 20, 30])


@pytest.mark.parametrize(
    "target", [name for name in CONVENTIONS if get_convention(name).has_angles] + ["zxz:+-+", "ZYX"]
)
def test_every_convention_by_name_of_the_angle(tmp_path, triples, target, cells_of, csv_of):
    angles = triples(50, "hopenet")  # yaw, pitch, roll
    (tmp_path / "a.csv").write_text(csv_of(angles, "name,yaw,pitch,roll"))
    convert_labels_file(tmp_path / "a.csv", tmp_path / "b.csv", "hopenet", target)
    header, *rows = cells_of(tmp_path / "b.csv")
    convention = get_convention(target)
    order = [[title.removesuffix("_deg") for title in header].index(name) for name in convention.order]
    got = np.array([[float(row[place]) for place in order] for row in rows])
    got = np.radians(got) if convention.unit == "rad" else got
    assert np.abs(rotmat_from_euler(got, target) - rotmat_from_euler(angles, "hopenet")).max() < 1e-9


@pytest.mark.parametrize("out", FORMATS)
@pytest.mark.parametrize("write", ["euler", "quat_xyzw", "rotmat", "all"])
@pytest.mark.parametrize("target", ["biwi+", "300w-lp", "6drepnet"])
def test_any_kind_in_any_file_is_read_back_as_the_same_rotation(
    tmp_path, triples, out, write, target, cells_of, csv_of
):
    angles = triples(20)
    (tmp_path / "a.csv").write_text(csv_of(angles))
    convert_labels_file(tmp_path / "a.csv", tmp_path / f"b{out}", "biwi+", target, write=write)
    says_nothing = out in (".csv", ".tsv")
    columns = ("pitch_deg", "yaw_deg", "roll_deg") if write == "all" and says_nothing else None
    again = target if says_nothing else None
    convert_labels_file(tmp_path / f"b{out}", tmp_path / "c.csv", again, "biwi+", write="euler", columns=columns)
    header, *rows = cells_of(tmp_path / "c.csv")
    first = [title.removesuffix("_deg") for title in header].index("pitch")
    got = np.array([row[first : first + 3] for row in rows], float)
    assert np.abs(rotmat_from_euler(got, "biwi+") - rotmat_from_euler(angles, "biwi+")).max() < 1e-9
    assert [row[header.index("name")] for row in rows] == [f"n{row}" for row in range(20)]


def test_arrays_called_rotmat_are_head_to_camera_whatever_the_convention(tmp_path, triples, csv_of):
    angles = triples(5)
    (tmp_path / "a.csv").write_text(csv_of(angles))
    convert_labels_file(tmp_path / "a.csv", tmp_path / "b.npz", "biwi+", "hopenet", write="all")
    convert_labels_file(tmp_path / "a.csv", tmp_path / "c.npz", "biwi+", "300w-lp", write="rotmat")
    rotmat = rotmat_from_euler(angles, "biwi+")
    assert np.allclose(np.load(tmp_path / "b.npz")["rotmat"], rotmat, atol=1e-12)
    assert np.allclose(np.load(tmp_path / "b.npz")["quat_xyzw"], quat_xyzw_from_rotmat(rotmat), atol=1e-12)
    flip = np.diag([1, -1, -1])
    assert np.allclose(np.load(tmp_path / "c.npz")["rotmat_300w-lp"], flip @ rotmat @ flip, atol=1e-12)


def test_files_with_metadata_say_their_convention_and_unit(tmp_path, write_csv):
    source = write_csv(["a,10,20,30"])
    for suffix in (".parquet", ".npz", ".h5"):
        convert_labels_file(source, tmp_path / f"b{suffix}", "biwi+", "hopenet", to_unit="rad")
        with open_table(tmp_path / f"b{suffix}") as table:
            assert (table.facts.convention, table.facts.unit) == ("hopenet", "rad")
        done = convert_labels_file(tmp_path / f"b{suffix}", tmp_path / "c.npz", overwrite=True, to_unit="deg")
        assert (done.source, done.assumed) == ("hopenet", False)
        assert np.allclose(np.load(tmp_path / "c.npz")["euler_deg"], [[10, 20, 30]], atol=1e-9)


def test_quaternions_that_begin_with_the_scalar(tmp_path, triples):
    quat = quat_xyzw_from_rotmat(rotmat_from_euler(triples(4), "biwi+"))
    np.savez(tmp_path / "a.npz", q=quat[:, [3, 0, 1, 2]], quat_wxyz=quat[:, [3, 0, 1, 2]])
    for options in ({"columns": ("q",), "scalar_first": True}, {}):
        convert_labels_file(
            tmp_path / "a.npz", tmp_path / "b.npz", "biwi+", write="quat_xyzw", overwrite=True, **options
        )
        assert np.allclose(np.load(tmp_path / "b.npz")["quat_xyzw"], quat, atol=1e-12)


def test_numbered_columns_of_a_table_without_a_header(tmp_path, write_csv, cells_of):
    """The CSV of Hopenet's SynHead reader: path, box, yaw, pitch, roll."""
    source = write_csv(["x.png,1,2,3,4,20,10,30", "y.png,1,2,3,4,-20,1,3"], header=None)
    with pytest.raises(LabelFormatError, match="row 1: no header"):
        convert_labels_file(source, tmp_path / "b.csv")
    convert_labels_file(source, tmp_path / "b.csv", columns=("7", "6", "8"), target="synhead")
    rows = cells_of(tmp_path / "b.csv")
    assert [row[:5] for row in rows] == [["x.png", "1", "2", "3", "4"], ["y.png", "1", "2", "3", "4"]]
    assert np.allclose(np.array([row[5:] for row in rows], float), [[20, 10, 30], [-20, 1, 3]], atol=1e-9)
    convert_labels_file(source, tmp_path / "c.parquet", columns=("7", "6", "8"), target="synhead")
    assert pq.read_schema(tmp_path / "c.parquet").names[-3:] == ["pitch_deg", "yaw_deg", "roll_deg"]


@pytest.mark.parametrize("suffix", [".parquet", ".npz", ".h5"])
def test_titles_that_cannot_name_arrays(tmp_path, write_csv, suffix):
    convert_labels_file(write_csv(["x,1,2,3,y"], header=",pitch,yaw,roll, note "), tmp_path / f"b{suffix}")
    assert {"column_1", "note"} <= set(open_table(tmp_path / f"b{suffix}").schema.names)
    for header in (
        "a,a,pitch,yaw,roll",
        *(["a/b,c,pitch,yaw,roll", "unit,c,pitch,yaw,roll"] if suffix == ".npz" else []),
    ):
        with pytest.raises(LabelFormatError, match="rename"):
            convert_labels_file(write_csv(["x,y,1,2,3"], header=header), tmp_path / f"c{suffix}")
    assert convert_labels_file(write_csv(["x,y,1,2,3"], header="a,a,pitch,yaw,roll"), tmp_path / "c.csv").rows == 1


def test_empty_cells_of_other_columns(tmp_path):
    columns = {"pitch": [1.0, 2], "yaw": [3.0, 4], "roll": [5.0, 6], "note": [None, "b"], "size": [1.5, None]}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    convert_labels_file(tmp_path / "a.parquet", tmp_path / "b.parquet")
    assert pq.read_table(tmp_path / "b.parquet").select(["note", "size"]).to_pydict() == {
        "note": [None, "b"], "size": [1.5, None],
    }  # fmt: skip
    convert_labels_file(tmp_path / "a.parquet", tmp_path / "b.npz")
    assert np.load(tmp_path / "b.npz")["note"].tolist() == ["", "b"]
    assert np.isnan(np.load(tmp_path / "b.npz")["size"]).tolist() == [False, True]
    pq.write_table(pa.table({**columns, "count": [1, None]}), tmp_path / "a.parquet")
    with pytest.raises(LabelFormatError, match="column 'count' has empty cells"):
        convert_labels_file(tmp_path / "a.parquet", tmp_path / "c.h5")


def test_columns_a_file_cannot_hold_are_said(tmp_path):
    columns = {"pitch": [1.0], "yaw": [3.0], "roll": [5.0], "image": [{"bytes": b"x", "path": "a"}]}
    wide = pa.array([[0] * 257], pa.list_(pa.int8(), 257))
    pq.write_table(pa.table({**columns, "pixels": wide, "list": [[1]]}), tmp_path / "a.parquet")
    for suffix in (".csv", ".npz", ".h5"):
        done = convert_labels_file(tmp_path / "a.parquet", tmp_path / f"b{suffix}")
        assert [text.split()[0] for text in done.left_out] == ["image", "pixels", "list"]
    convert_labels_file(tmp_path / "a.parquet", tmp_path / "b.parquet")
    assert pq.read_table(tmp_path / "b.parquet")["image"].to_pylist() == [{"bytes": b"x", "path": "a"}]


def test_equal_input_gives_equal_bytes(tmp_path, triples, csv_of):
    (tmp_path / "a.csv").write_text(csv_of(triples(100)))
    for suffix in FORMATS:
        for name in ("b", "c"):
            convert_labels_file(tmp_path / "a.csv", tmp_path / f"{name}{suffix}", "biwi+")
            time.sleep(0.01)
        assert (tmp_path / f"b{suffix}").read_bytes() == (tmp_path / f"c{suffix}").read_bytes()


@pytest.mark.real
def test_published_biwi_plus_labels_both_ways(real_data, tmp_path):
    """pyr in biwi+ and ypr in hopenet are the same rotations: 15,678 of them to 1e-9 degrees."""
    published = np.load(real_data / "biwi_plus" / "Biwi_plus.npz")
    done = convert_labels_file(real_data / "biwi_plus" / "Biwi_plus.npz", tmp_path / "a.npz", target="hopenet")
    assert (done.rows, done.source) == (15678, "biwi+")
    assert np.abs(np.load(tmp_path / "a.npz")["euler_deg"] - published["ypr"]).max() < 1e-9
    done = convert_labels_file(real_data / "biwi_plus" / "Biwi_plus.npz", tmp_path / "b.csv", columns=("ypr",))
    assert done.source == "hopenet"
    with open_table(tmp_path / "b.csv") as table:
        rotation = find_rotation(table.schema, "b.csv")
        (block,) = table.blocks()
        values = values_of(block.batch, rotation, rotation.places, ".")
    assert np.abs(values - published["pyr"]).max() < 1e-9
