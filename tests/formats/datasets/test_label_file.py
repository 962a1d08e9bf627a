import numpy as np
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.biwi_plus import BiwiPlusLabels
from synhead_tools.formats.datasets.label_file import LabelFile
from synhead_tools.formats.label_tables.convert import convert_labels_file
from synhead_tools.formats.open import open_any
from synhead_tools.geometry.euler import rotmat_from_euler

ANGLES = np.array([[10.0, 20.0, 30.0], [-40.0, 5.0, 2.0]])


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "poses.csv"
    rows = [f"{name},{p},{y},{r}" for name, (p, y, r) in zip("ab", ANGLES, strict=True)]
    path.write_text("\n".join(["image,pitch,yaw,roll", *rows]))
    return path


def test_a_csv_needs_its_convention_and_then_is_a_dataset(table):
    opened = open_any(table, convention="hopenet")
    assert isinstance(opened, LabelFile)
    # named columns are matched by name: hopenet writes yaw first
    assert np.abs(opened.read("rotmat") - rotmat_from_euler(ANGLES[:, [1, 0, 2]], "hopenet")).max() < 1e-12
    assert opened.read("target_id").tolist() == [b"a", b"b"]
    assert opened.describe()["convention"] == "hopenet"
    with pytest.raises(LabelFormatError, match=r"poses.csv holds Euler angles and does not say"):
        open_any(table)


@pytest.mark.parametrize("suffix", [".parquet", ".npz", ".h5"])
def test_files_that_say_their_convention_need_nothing(table, tmp_path, suffix):
    out = tmp_path / f"poses{suffix}"
    convert_labels_file(table, out, "biwi", "trg")
    opened = open_any(out)
    assert not isinstance(opened, BiwiPlusLabels)
    assert np.abs(opened.read("rotmat") - rotmat_from_euler(ANGLES, "biwi")).max() < 1e-9
    assert opened.describe()["convention"] == "trg"


def test_a_row_that_is_no_rotation_is_named(table):
    table.write_text(table.read_text() + "\nc,nan,1,2\n")
    with pytest.raises(LabelFormatError, match="row 4"):
        open_any(table, convention="biwi")
