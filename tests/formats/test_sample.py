import numpy as np
import pytest

from synhead_tools.errors import ShardError
from synhead_tools.formats.dataset import Dataset
from synhead_tools.formats.datasets.biwi_frames import BiwiFrames
from synhead_tools.formats.sample import COLUMNS, PICTURE_COLUMNS, SampleSource, check_column, check_columns


def test_every_column_is_described():
    for name, column in COLUMNS.items():
        assert column.name == name
        assert column.meaning
        assert column.unit
        assert np.dtype(column.dtype).kind in "uifS"


def test_pictures_are_the_columns_with_height_and_width():
    assert PICTURE_COLUMNS == ("image", "alpha", "region", "depth_m", "instance")


def test_good_columns_give_their_length(make_columns):
    assert check_columns(make_columns(7), "here") == 7


def _broken(columns, name, change):
    return {**columns, name: change(columns[name])}


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("seed", lambda a: a.astype("i8"), "type int64; expected uint64"),
        ("rotmat", lambda a: a.astype(">f8"), "type >f8"),
        ("rotmat", lambda a: a[:, :2], r"shape \(4, 2, 3\); expected \(N, 3, 3\)"),
        ("alpha", lambda a: a[:, :-1], r"expected \(N, 6, 5\)"),
        ("seed", lambda a: a[:-1], "differ in length"),
        ("rotmat", lambda a: a * 1.001, "row 0: rotmat is not a rotation"),
        ("rotmat", lambda a: -a, "not a rotation"),
        ("quat_xyzw", lambda a: 2 * a, "not of length one"),
        ("quat_xyzw", lambda a: np.roll(a, 1, axis=1), "different rotations"),
    ],
)
def test_wrong_columns_are_refused(make_columns, name, change, message):
    with pytest.raises(ShardError, match=message) as raised:
        check_columns(_broken(make_columns(4), name, change), "here")
    assert str(raised.value).startswith("here")
    assert "\n" not in str(raised.value)


def test_a_nan_rotation_is_named_by_row(make_columns):
    columns = make_columns(4, ["rotmat"])
    columns["rotmat"][2, 1, 1] = np.nan
    with pytest.raises(ShardError, match="row 2"):
        check_columns(columns, "here")


def test_unknown_and_missing_columns():
    with pytest.raises(ShardError, match="'pose' is not in the schema; known: image"):
        check_columns({"pose": np.zeros((3, 3))}, "here")
    with pytest.raises(ShardError, match="no columns"):
        check_columns({}, "here")
    with pytest.raises(ShardError, match="no samples"):
        check_columns({"seed": np.zeros(0, "u8")}, "here")


def test_picture_size_is_carried_from_column_to_column():
    sizes = {}
    check_column("image", np.dtype("u1"), (2, 8, 9, 3), sizes, "here")
    assert sizes == {"H": 8, "W": 9}
    with pytest.raises(ShardError):
        check_column("region", np.dtype("u1"), (2, 9, 8), sizes, "here")


@pytest.mark.parametrize("kind", [Dataset, BiwiFrames])
def test_datasets_follow_the_protocol(kind):
    for name in ("__len__", "columns", "read", "describe"):
        assert hasattr(kind, name)
        assert hasattr(SampleSource, name)
