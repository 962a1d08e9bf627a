import numpy as np
import pytest
import torch

from synhead_tools.errors import TrainingError
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.rays import from_ray_frame
from synhead_tools.learning.pictures.data import (
    DomainCrops,
    LabelledCrops,
    crop_pictures,
    read_crops,
    read_labelled_crops,
)
from tests.learning.conftest import ToySource, make_toy


def test_labels_are_of_the_crops_ray_and_lead_back():
    toy = make_toy(20)
    crops = read_labelled_crops(toy, 48)
    np.testing.assert_allclose(from_ray_frame(crops.crop_rotmat, crops.ray_rotmat), toy.read("rotmat"), atol=1e-12)
    np.testing.assert_allclose(rotmat_from_euler(crops.euler_deg.numpy(), "biwi+"), crops.crop_rotmat, atol=1e-5)
    # the balls stand up to 7 pixels off axis at a focal length of 90: the two frames do differ
    assert np.abs(crops.crop_rotmat - toy.read("rotmat")).max() > 0.05


def test_reading_a_target_touches_no_label():
    toy = make_toy(5, "target")
    crops = read_crops(toy, 48)
    assert set(toy.reads) <= {"image", "alpha", "face_box_xyxy", "intrinsics"}
    assert type(crops) is DomainCrops
    assert not isinstance(crops, LabelledCrops)
    assert not any("euler" in name or name == "crop_rotmat" for name in dir(crops))


def test_alpha_comes_along_and_blocks_and_threads_do_not_matter(monkeypatch):
    toy = make_toy(20)
    whole = read_crops(toy, 48)
    assert whole.pictures.shape == (20, 48, 48, 4)
    assert whole.pictures.dtype == torch.uint8
    monkeypatch.setattr("synhead_tools.learning.pictures.data._BLOCK_ROWS", 7)
    seen = []
    parts = read_crops(toy, 48, workers=2, progress=lambda done, total: seen.append((done, total)))
    assert torch.equal(whole.pictures, parts.pictures)
    assert seen == [(7, 20), (14, 20), (20, 20)]


def test_rows_choose_and_order():
    toy = make_toy(9)
    rows = np.array([7, 2, 2])
    assert torch.equal(read_labelled_crops(toy, 48, rows=rows).euler_deg, read_labelled_crops(toy, 48).euler_deg[rows])


def test_without_intrinsics_the_label_is_the_cameras():
    toy = make_toy(4)
    table = {name: toy.read(name) for name in toy.columns if name != "intrinsics"}
    crops = read_labelled_crops(ToySource(table), 48)
    assert crops.ray_rotmat is None
    np.testing.assert_array_equal(crops.crop_rotmat, toy.read("rotmat"))


@pytest.mark.parametrize("column", ["image", "face_box_xyxy", "rotmat"])
def test_a_missing_column_is_named(column):
    toy = make_toy(2)
    table = {name: toy.read(name) for name in toy.columns}
    length = dict(table).pop("image")
    del table[column]
    source = ToySource(table)
    source.__class__ = type("Sized", (ToySource,), {"__len__": lambda self: len(length)})
    with pytest.raises(TrainingError, match=column):
        read_labelled_crops(source, 48)


def test_a_rotation_that_is_none_is_named_by_row():
    toy = make_toy(3)
    toy.read("rotmat")[1, 0, 0] = np.nan
    with pytest.raises(TrainingError, match="row 1"):
        read_labelled_crops(toy, 48)


def test_pictures_in_memory_give_the_same_crops_as_a_dataset():
    toy = make_toy(4, "target")
    boxes, intrinsics = toy.read("face_box_xyxy"), toy.read("intrinsics")
    from_memory = crop_pictures(list(toy.read("image")), boxes, 48, intrinsics=intrinsics[0])
    from_dataset = read_crops(toy, 48)
    assert torch.equal(from_memory.pictures, from_dataset.pictures)
    np.testing.assert_array_equal(from_memory.ray_rotmat, from_dataset.ray_rotmat)
    with pytest.raises(TrainingError, match="one box per picture"):
        crop_pictures(list(toy.read("image")), boxes[:3], 48)
