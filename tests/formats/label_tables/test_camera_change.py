import numpy as np
import pyarrow as pa
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.camera_change import CameraChange
from synhead_tools.formats.label_tables.convert import convert_labels_file
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import rotmat_from_euler

A = [[0.999947, 0.004324, 0.009294], [-0.004463, 0.999877, 0.015044], [-0.009228, -0.015085, 0.999844]]
B = [[0.999984, -0.000034, -0.005709], [0.000178, 0.999678, 0.025357], [0.005706, -0.025357, 0.999662]]


def _cal(rotmat):
    rows = "\n".join(" ".join(map(str, row)) for row in rotmat)
    return f"517.679 0 320\n0 517.679 240.5\n0 0 1\n\n0 0 0 0\n\n{rows}\n\n24 0.7 3.8\n\n640 480\n"


@pytest.fixture
def hpdb(tmp_path):
    """BIWI's folder with the calibrations of two sequences."""
    for name, rotmat in (("01", A), ("06", B), ("07", None)):
        (tmp_path / "hpdb" / name).mkdir(parents=True)
        if rotmat:
            (tmp_path / "hpdb" / name / "rgb.cal").write_text(_cal(rotmat))
    return tmp_path / "hpdb"


def _batch(**columns):
    return pa.RecordBatch.from_arrays([pa.array(column) for column in columns.values()], names=list(columns))


@pytest.mark.parametrize(
    ("columns", "place"),
    [
        ({"x": [1.0, 2.0, 3.0], "sequence": [1, 6, 7]}, 1),
        ({"Sequence ": ["1", "06", "7"]}, 0),
        ({"note": ["a", "b", "c"], "name": ["01/frame_00003_rgb.png", "hpdb/06/frame_1.png", "x/07/frame_2"]}, 1),
    ],
)
def test_the_sequence_is_read_off_a_column(hpdb, columns, place):
    change, batch = CameraChange.read(hpdb), _batch(**columns)
    assert change.sequence_column(batch, "a.csv") == place
    rotmats, missing = change.of_rows(batch, place)
    assert np.array_equal(rotmats[:2], [A, B])
    assert missing == {2: "no rgb.cal of sequence 07; the camera is unknown"}


def test_one_file_is_for_all_rows(hpdb):
    change = CameraChange.read(hpdb / "06" / "rgb.cal", "depth")
    assert change.sequence_column(_batch(x=[1.0]), "a.csv") is None
    assert np.array_equal(change.of_rows(_batch(x=[1.0]), None)[0], np.transpose(B))


def test_what_is_no_calibration(hpdb, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(LabelFormatError, match=r"no NN/rgb\.cal"):
        CameraChange.read(tmp_path / "empty")
    with pytest.raises(LabelFormatError, match="unknown camera"):
        CameraChange.read(hpdb, "left")
    (tmp_path / "bad.cal").write_text("1 2 3")
    with pytest.raises(LabelFormatError, match=r"bad\.cal"):
        CameraChange.read(tmp_path / "bad.cal")
    with pytest.raises(LabelFormatError, match="no column tells the sequence"):
        CameraChange.read(hpdb).sequence_column(_batch(name=["a", "b"]), "a.csv")


def test_published_label_of_the_first_frame_there_and_back(hpdb, tmp_path, write_csv):
    """01/frame_00003 in Biwi+: not calibrated (-7.70527, -3.05309, 1.99114), calibrated as below."""
    source = write_csv(["01/frame_00003_rgb.png,-7.70527,-3.05309,1.99114"])
    to_rgb, to_depth = CameraChange.read(hpdb), CameraChange.read(hpdb, "depth")
    convert_labels_file(source, tmp_path / "b.csv", "biwi+", camera=to_rgb)
    got = [float(cell) for cell in (tmp_path / "b.csv").read_text().splitlines()[1].split(",")[1:]]
    assert np.allclose(got, [-8.58916, -3.55111, 2.29379], atol=2e-4)
    convert_labels_file(tmp_path / "b.csv", tmp_path / "c.csv", "biwi+", camera=to_depth)
    back = [float(cell) for cell in (tmp_path / "c.csv").read_text().splitlines()[1].split(",")[1:]]
    assert np.allclose(back, [-7.70527, -3.05309, 1.99114], atol=1e-4)


def test_calibrated_twice_is_refused_where_the_file_says_so(hpdb, tmp_path, write_csv):
    source = write_csv(["01/frame_00003_rgb.png,-7.7,-3.0,1.9", "06/frame_00003_rgb.png,-7.7,-3.0,1.9"])
    change = CameraChange.read(hpdb)
    convert_labels_file(source, tmp_path / "b.npz", "biwi+", camera=change)
    with pytest.raises(LabelFormatError, match="of the rgb camera already"):
        convert_labels_file(tmp_path / "b.npz", tmp_path / "c.npz", camera=change)
    labels = np.load(tmp_path / "b.npz")
    rotmat = rotmat_from_euler(labels["euler_deg"], "biwi+")
    expected = np.array([A, B]) @ rotmat_from_euler([-7.7, -3.0, 1.9], "biwi+")
    assert geodesic_distance_deg(rotmat, expected).max() < 1e-4
    assert str(labels["camera"]) == "rgb"


def test_rows_without_a_camera_are_bad_rows(hpdb, tmp_path, write_csv):
    source = write_csv(["01/frame_1,1,2,3", "07/frame_1,1,2,3", "other,1,2,3", "06/frame_1,1,2,nan"])
    change = CameraChange.read(hpdb)
    with pytest.raises(LabelFormatError, match=r"row 3: no rgb\.cal of sequence 07"):
        convert_labels_file(source, tmp_path / "b.csv", "biwi+", camera=change)
    done = convert_labels_file(source, tmp_path / "b.csv", "biwi+", camera=change, on_error="skip")
    assert (done.rows, done.rejected) == (1, 3)


@pytest.mark.real
def test_all_published_labels_of_sequence_01(real_data, tmp_path):
    """Biwi_plus_non_cal.npz and rgb.cal give Biwi_plus.npz; published with six digits of rgb.cal."""
    change = CameraChange.read(real_data / "biwi_sample" / "01" / "rgb.cal")
    folder = real_data / "biwi_plus"
    convert_labels_file(folder / "Biwi_plus_non_cal.npz", tmp_path / "a.npz", camera=change)
    published, got = np.load(folder / "Biwi_plus.npz"), np.load(tmp_path / "a.npz")
    of_01 = np.char.startswith(published["images"], "01/")
    assert of_01.sum() == 499
    assert np.array_equal(got["images"], published["images"])
    assert np.abs(got["euler_deg"] - published["pyr"])[of_01].max() < 5e-5
    with pytest.raises(LabelFormatError, match="rgb camera already"):
        convert_labels_file(folder / "Biwi_plus.npz", tmp_path / "b.npz", camera=change)
