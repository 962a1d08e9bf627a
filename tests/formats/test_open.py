import numpy as np
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.dataset import Dataset
from synhead_tools.formats.datasets.biwi_plus import BiwiPlusLabels
from synhead_tools.formats.datasets.csv_folder import CsvFolder
from synhead_tools.formats.open import open_any


def test_own_dataset_by_folder_or_manifest(tmp_path, make_dataset):
    make_dataset(tmp_path / "a", [3])
    for path in (tmp_path / "a", tmp_path / "a/dataset.json"):
        assert isinstance(open_any(path), Dataset)
    with pytest.raises(LabelFormatError, match="labels of its own"):
        open_any(tmp_path / "a", labels="x.npz")
    with pytest.raises(LabelFormatError, match="states its own Euler convention"):
        open_any(tmp_path / "a", convention="biwi+")


def test_foreign_datasets(tmp_path):
    npz = tmp_path / "labels.npz"
    np.savez(npz, images=np.array(["01/frame_00004_rgb.png"]), pyr=np.zeros((1, 3)), bbox=np.array([[1, 2, 3, 3]]))
    assert isinstance(open_any(npz), BiwiPlusLabels)
    with pytest.raises(LabelFormatError, match="states its own"):
        open_any(npz, convention="biwi+")
    (tmp_path / "a.png").touch()
    (tmp_path / "labels.csv").write_text("image,pitch,yaw,roll\na.png,10,0,0\n")
    assert isinstance(open_any(tmp_path, convention="hopenet"), CsvFolder)
    with pytest.raises(LabelFormatError, match="give their Euler convention"):
        open_any(tmp_path)


def test_nothing_there_and_nothing_known(tmp_path):
    with pytest.raises(LabelFormatError, match="does not exist"):
        open_any(tmp_path / "a")
    with pytest.raises(LabelFormatError, match="is no dataset: neither dataset.json in it nor biwi"):
        open_any(tmp_path)
