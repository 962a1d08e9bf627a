import json

import numpy as np
import pytest

from synhead_tools.errors import ConventionError, UnknownNameError
from synhead_tools.formats.exporters import blocks as module
from synhead_tools.formats.exporters.blocks import blocks, json_value, sample_names, written_convention
from synhead_tools.formats.exporters.pictures import PictureStyle


def test_blocks_are_the_dataset_in_order(faces):
    dataset, columns = faces
    parts = list(blocks(dataset, ("rotmat", "image"), PictureStyle()))
    assert [name for names, _ in parts for name in names] == [f"{row:06d}" for row in range(5)]
    for name in ("rotmat", "image"):
        np.testing.assert_array_equal(np.concatenate([block[name] for _, block in parts]), columns[name])


def test_pictures_of_any_size_fit_into_memory(faces, monkeypatch):
    dataset, columns = faces
    for limit, sizes in ((2 * columns["image"][0].nbytes, [2, 2, 1]), (1, [1] * 5)):
        monkeypatch.setattr(module, "BLOCK_BYTES_LIMIT", limit)
        assert [len(names) for names, _ in blocks(dataset, ("image",), PictureStyle())] == sizes


def test_a_background_is_behind_every_picture(faces):
    dataset, columns = faces
    got = np.concatenate([b["image"] for _, b in blocks(dataset, ("image",), PictureStyle(background=(0, 90, 255)))])
    exact = columns["image"] + (1 - columns["alpha"][..., None] / 255) * (0, 90, 255)
    assert np.abs(got - exact).max() <= 0.5 + 1e-9


def test_names_have_as_many_digits_as_the_last_one_needs():
    assert sample_names(np.array([0, 41]), 1_000_000) == ["000000", "000041"]
    assert sample_names(np.array([0, 1_000_000]), 1_000_001) == ["0000000", "1000000"]


def test_the_convention_is_the_wanted_one_or_the_datasets_own(faces):
    assert written_convention(faces[0], None) == "biwi+"
    assert written_convention(faces[0], "zyx:+--:deg") == "zyx:+--:deg"
    with pytest.raises(UnknownNameError):
        written_convention(faces[0], "nope")
    with pytest.raises(ConventionError):
        written_convention(faces[0], "zzz:+++")


def test_json_says_what_the_numbers_are_and_null_where_there_are_none():
    third = np.float32(1) / np.float32(3)
    said = json.dumps(json_value(np.array([[third, np.nan], [np.inf, -2]], "f4")), allow_nan=False)
    assert said == "[[0.33333334, null], [null, -2.0]]"
    assert np.float32(json.loads(said)[0][0]) == third
    assert json_value(np.float64(np.nan)) is None
    assert json_value(third) == 0.33333334
    assert json_value(np.array([1 / 3])) == [1 / 3]
    assert json_value(np.uint64(2**63 + 1)) == 2**63 + 1
    assert json_value(b"m\xc3\xbc") == "mü"
