import numpy as np
import pyarrow as pa
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.rotation_columns import RotationColumns
from synhead_tools.formats.label_tables.rotation_values import values_of, written_places
from synhead_tools.geometry.conventions import get_convention


@pytest.mark.parametrize(
    ("angles", "convention", "places"),
    [
        (("pitch", "yaw", "roll"), "biwi+", (4, 5, 6)),
        (("pitch", "yaw", "roll"), "hopenet", (5, 4, 6)),
        (("yaw", "pitch", "roll"), "biwi+", (5, 4, 6)),
        (None, "hopenet", (5, 4, 6)),
        (None, "zxz:+++", (4, 5, 6)),
        (("alpha", "beta", "gamma"), "zxz:+++:deg:gamma,beta,alpha", (6, 5, 4)),
    ],
)
def test_angles_go_where_the_convention_writes_them(angles, convention, places):
    rotation = RotationColumns("euler", (4, 5, 6), angles)
    assert written_places(rotation, get_convention(convention), "a.csv") == places


def test_other_angles_than_the_convention_has():
    for angles, convention in ((("alpha", "beta", "gamma"), "biwi"), (("pitch", "yaw", "roll"), "zxz:+++")):
        with pytest.raises(LabelFormatError, match="choose another convention"):
            written_places(RotationColumns("euler", (0, 1, 2), angles), get_convention(convention), "a.csv")


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["1.5", " 2", "", "x"]),
        pa.array(["1.5", "2", None, None]),
        pa.array(["1.5", "2", None, None], pa.large_string()),
        pa.array(["1.5", "2", None, None]).dictionary_encode(),
        pa.array([1.5, 2, None, float("nan")]),
        pa.array([1.5, 2, None, None], pa.float32()),
    ],
    ids=lambda column: str(column.type),
)
def test_numbers_of_any_type(column):
    batch = pa.RecordBatch.from_arrays([column, column, column], names=["p", "y", "r"])
    values = values_of(batch, RotationColumns("euler", (0, 1, 2)), (2, 1, 0), ".")
    assert np.array_equal(values, np.repeat([[1.5], [2], [np.nan], [np.nan]], 3, axis=1), equal_nan=True)


@pytest.mark.parametrize(
    "kind",
    [pa.list_(pa.float64(), 4), pa.list_(pa.float64()), pa.large_list(pa.float32()), pa.list_(pa.int16(), 4)],
    ids=str,
)
def test_arrays_of_any_type(kind):
    column = pa.array([[9] * 4, [1, 2, 3, 4], None, [5, 6, None, 8]], kind)[1:]
    rotation = RotationColumns("quat_xyzw", (0,))
    nan = np.nan
    expected = [[1, 2, 3, 4], [nan] * 4, [5, 6, nan, 8]]
    batch = pa.RecordBatch.from_arrays([column], names=["q"])
    assert np.array_equal(values_of(batch, rotation, (0,), "."), expected, equal_nan=True)
    first = RotationColumns("quat_xyzw", (0,), scalar_first=True)
    assert values_of(batch, first, (0,), ".")[0].tolist() == [2, 3, 4, 1]


def test_lists_of_lists_and_of_other_lengths():
    rows = [[[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1, 2]], None, [], [[1, 2, 3], [4, 5, 6], [7, 8, 9]]]
    batch = pa.RecordBatch.from_arrays([pa.array(rows, pa.list_(pa.list_(pa.float64())))], names=["rotmat"])
    values = values_of(batch, RotationColumns("rotmat", (0,)), (0,), ".")
    assert values[[0, 4]].tolist() == [list(range(1, 10))] * 2
    assert np.isnan(values[1:4]).all()


def test_columns_of_something_else():
    batch = pa.RecordBatch.from_arrays([pa.array([True])] * 3, names=["p", "y", "r"])
    with pytest.raises(LabelFormatError, match="column 'p' holds bool"):
        values_of(batch, RotationColumns("euler", (0, 1, 2)), (0, 1, 2), ".")
