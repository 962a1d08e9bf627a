import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.convert import convert_labels_file
from synhead_tools.formats.label_tables.open_table import open_table


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".parquet", ".pq", ".npz", ".h5", ".hdf5"])
@pytest.mark.parametrize("named", ["right", "wrong", "not at all"])
def test_files_are_known_by_what_they_begin_with(tmp_path, write_csv, suffix, named):
    out = tmp_path / f"out{suffix}"
    convert_labels_file(write_csv(["a,10,20,30"]), out, "biwi+")
    name = {"right": out, "wrong": tmp_path / "out.csv", "not at all": tmp_path / "out"}[named]
    out.rename(name)
    table = open_table(name)
    assert next(table.blocks()).batch.num_rows == 1
    assert "name" in table.schema.names
    table.close()


@pytest.mark.parametrize("suffix", [".parquet", ".npz", ".h5", ".mat"])
def test_text_under_another_name_is_not_guessed_at(tmp_path, suffix):
    (tmp_path / f"a{suffix}").write_text("pitch,yaw,roll\n1,2,3\n")
    with pytest.raises(LabelFormatError, match=f"a{suffix}"):
        open_table(tmp_path / f"a{suffix}")


def test_numbers_of_columns_tell_whether_there_is_a_header(tmp_path, write_csv):
    path = write_csv(["a.png,10,20,30"], header=None)
    assert open_table(path).has_header
    assert not open_table(path, ("2", "3", "4")).has_header


def test_biwi_plus_files_say_their_camera(tmp_path):
    for camera, pyr in (("rgb", (-8.58916, -3.55111, 2.29379)), ("depth", (-7.70527, -3.05309, 1.99114))):
        names = np.array(["01/frame_00003_rgb.png", "01/frame_00004_rgb.png"])
        np.savez(tmp_path / "a.npz", images=names, pyr=np.array([pyr, pyr]), bbox=np.array([[1, 2, 3, 4]] * 2))
        assert open_table(tmp_path / "a.npz").facts.camera == camera
        np.savez(tmp_path / "a.npz", images=names[1:], pyr=np.array([pyr]), bbox=np.array([[1, 2, 3, 4]]))
        assert open_table(tmp_path / "a.npz").facts.camera is None


def test_missing(tmp_path):
    with pytest.raises(LabelFormatError, match="cannot be read"):
        open_table(tmp_path / "nothing.csv")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "a.parquet")
    with pytest.raises(LabelFormatError, match="no column called pitch"):
        convert_labels_file(tmp_path / "a.parquet", tmp_path / "b.csv")
