"""Good labels pass; each kind of damage is found, counted and placed, whatever the size of the blocks."""

import tracemalloc

import numpy as np
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.biwi_plus import BiwiPlusLabels
from synhead_tools.formats.problems import Problem, find_problems, label_blocks
from synhead_tools.formats.sample import COLUMNS
from synhead_tools.geometry.euler import euler_deg_from_rotmat, rotmat_from_euler, triples_of_angles
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat

ROWS = 40
MIRRORED = np.diag([1.0, 1.0, -1.0])


class Columns:
    """A source of columns in memory that nobody has checked."""

    def __init__(self, columns, convention="biwi+", problems=None):
        self._columns, self._convention, self.read_rows = columns, convention, []
        if problems is not None:
            self.problems = lambda: problems

    def __len__(self):
        return len(next(iter(self._columns.values())))

    @property
    def columns(self):
        return tuple(name for name in COLUMNS if name in self._columns)

    def read(self, name, rows=None):
        values = self._columns[name] if rows is None else self._columns[name][rows]
        if isinstance(values, np.ndarray):
            return values
        raise LabelFormatError(f"{name} is damaged")

    def describe(self):
        return {"dataset": "test", "convention": self._convention}


def good_columns(convention="biwi+", rows=ROWS):
    rng = np.random.default_rng(1)
    angles_deg = np.stack([rng.uniform(-30, 30, rows), rng.uniform(-60, 60, rows), rng.uniform(-20, 20, rows)], axis=1)
    rotmat = rotmat_from_euler(triples_of_angles(angles_deg, convention), convention)
    points = rng.uniform(10, 50, (rows, 5, 3))
    return {
        "image": np.zeros((rows, 60, 80, 3), np.uint8),
        "rotmat": rotmat,
        "quat_xyzw": quat_xyzw_from_rotmat(rotmat),
        "euler_deg": euler_deg_from_rotmat(rotmat, convention),
        "translation_m": np.tile([0.0, 0.0, 1.0], (rows, 1)),
        "intrinsics": np.tile(np.diag([100.0, 100, 1]), (rows, 1, 1)),
        "face_box_xyxy": np.tile(np.array([10, 10, 50, 50], "f4"), (rows, 1)),
        "points5": points.astype("f4"),
        "points5_visibility": np.full((rows, 5), 2, np.uint8),
        "target_id": np.array([f"{row:04d}.png" for row in range(rows)], "S64"),
    }


def found(columns, convention="biwi+", **options):
    return {
        (p.column, p.complaint): (p.rows, p.first_row) for p in find_problems(Columns(columns, convention), **options)
    }


def only(columns, **options):
    problems = found(columns, **options)
    assert len(problems) == 1, problems
    return next(iter(problems.items()))


@pytest.mark.parametrize("convention", ["biwi+", "hopenet", "300w-lp", "openvino", "ZXZ:+-+", "nobody's", None])
def test_good_labels_have_no_problems(convention):
    stated = convention if convention not in ("nobody's", None) else "biwi+"
    assert found(good_columns(stated), convention) == {}


@pytest.mark.parametrize("block_rows", [1, 7, 1000])
@pytest.mark.parametrize(
    ("column", "rows", "value", "words"),
    [
        ("rotmat", [3, 17], np.nan, "NaN or infinite"),
        ("rotmat", [5], 2 * np.eye(3), "not orthonormal"),
        ("rotmat", [5], 1e300 * np.eye(3), "not orthonormal"),
        ("rotmat", [0, 39], MIRRORED, "mirrored"),
        ("quat_xyzw", [9], (0.0, 0, 0, 2), "not of length 1"),
        ("quat_xyzw", [9], (0.0, 0, 0, 0), "not of length 1"),
        ("quat_xyzw", [9], (0.0, np.inf, 0, 0), "NaN or infinite"),
        ("quat_xyzw", [11, 12], (0.6, 0.0, 0.0, 0.8), "another rotation than rotmat"),
        ("euler_deg", [2], (170.0, 10, 10), "another rotation than rotmat, read as biwi+"),
        ("euler_deg", [2, 4], (np.nan, 10, 10), "NaN or infinite"),
        ("face_box_xyxy", [8], (50, 10, 10, 50), "inverted"),
        ("face_box_xyxy", [8], (50, 10, 50, 50), "empty"),
        ("face_box_xyxy", [8, 9], (81, 10, 99, 50), "outside of the picture of 80 x 60 px"),
        ("face_box_xyxy", [8], (np.nan, 10, 99, 50), "NaN or infinite"),
        ("points5", [6], (90.0, 20, 1), "outside of the picture of 80 x 60 px, coded inside"),
        ("points5", [6], (20.0, 20, -1), "behind the camera"),
        ("points5", [6], (np.nan, 20, 1), "NaN or infinite"),
        ("points5_visibility", [6], 7, "a code other than 0, 1 and 2"),
        ("translation_m", [6], (0.0, 0, -1), "behind the camera"),
        ("intrinsics", [6], np.diag([0.0, 100, 1]), "focal length"),
    ],
)
def test_bad_rows_are_counted_and_placed(column, rows, value, words, block_rows):
    columns = good_columns()
    columns[column][rows] = value
    (where, complaint), (count, first) = only(columns, block_rows=block_rows)
    assert where == column
    assert words in complaint
    assert (count, first) == (len(rows), rows[0])


def test_what_is_unknown_is_no_problem():
    """A depth that nobody knows is NaN; a point outside that is coded so is right; rounded angles agree."""
    columns = good_columns()
    columns["points5"][3, :, 2] = np.nan
    columns["points5"][4, 0, 0], columns["points5_visibility"][4, 0] = -30, 0
    columns["euler_deg"] = columns["euler_deg"].round(3)
    columns["face_box_xyxy"][5] = (-20, -20, 30, 30)
    assert found(columns) == {}


def test_the_reading_that_explains_a_disagreement_is_named():
    columns = good_columns()
    columns["quat_xyzw"] = columns["quat_xyzw"][:, [3, 0, 1, 2]]
    assert only(columns) == (("quat_xyzw", "agrees with rotmat only when read as w, x, y, z"), (ROWS, 0))
    columns = good_columns()
    columns["rotmat"] = np.swapaxes(columns["rotmat"], 1, 2)
    del columns["euler_deg"]
    assert only(columns) == (("quat_xyzw", "agrees with rotmat only when inverted"), (ROWS, 0))
    columns = good_columns()
    columns["euler_deg"] = np.radians(columns["euler_deg"])
    complaints = [complaint for _, complaint in found(columns)]
    assert complaints[0] == "agrees with rotmat only when read as radians"
    assert complaints[1].startswith("no angle exceeds 1.")


def test_the_wrong_order_of_turns_is_found():
    columns = good_columns("XYZ:+--")
    assert ("euler_deg", "another rotation than rotmat, read as biwi+") in found(columns)


@pytest.mark.parametrize(
    ("angles", "words"),
    [
        (lambda a: a / 60, "no angle exceeds 1.00 degrees; were radians taken for degrees?"),
        (lambda a: a * (1, 1, 0), "roll (biwi+) is 0 in every row"),
        (lambda a: a * (0, 1, 1) + (7, 0, 0), "pitch (biwi+) is 7 in every row"),
        (lambda a: np.clip(a * (1, 6, 1), -90, 90), "yaw is cut off at +-90"),
        (lambda a: np.clip(a * (1, 6, 1), -99, 99), "yaw is cut off at +-99"),
    ],
)
@pytest.mark.parametrize("block_rows", [3, 1000])
def test_columns_that_are_suspicious_as_a_whole(angles, words, block_rows):
    columns = {"euler_deg": angles(good_columns(rows=300)["euler_deg"])}
    (column, complaint), (count, first) = only(columns, block_rows=block_rows)
    assert column == "euler_deg"
    assert words in complaint
    assert (count, first) == (None, None)


def test_angles_are_made_of_rotations_where_none_are_stated():
    rotmat = rotmat_from_euler(good_columns()["euler_deg"] * (1, 1, 0), "biwi+")
    assert only({"rotmat": rotmat}) == (("rotmat", "roll (biwi+) is 0 in every row"), (None, None))


def test_an_even_grid_that_ends_at_90_degrees_is_not_cut_off():
    yaw = np.tile(np.linspace(-90, 90, 13), 20)
    grid = np.stack([np.linspace(-20, 20, len(yaw)), yaw, np.linspace(-9, 9, len(yaw))], axis=1)
    assert found({"euler_deg": grid}) == {}


def test_few_rows_say_nothing_as_a_whole():
    assert found({"euler_deg": np.zeros((9, 3))}) == {}


@pytest.mark.parametrize("block_rows", [4, 1000])
def test_names_that_occur_twice(block_rows):
    columns = good_columns()
    columns["target_id"][[20, 30]] = b"0003.png"
    columns["target_id"][[25, 26]] = b""  # no name is not the same name
    (column, complaint), where = only(columns, block_rows=block_rows)
    assert (column, where) == ("target_id", (2, 20))
    assert "'0003.png'" in complaint
    columns["head_id"] = np.array([f"m{row:02d}" for row in range(ROWS)], "S16")
    assert found(columns) == {}, "each head may be matched to the same target"


def test_what_the_dataset_itself_knows_is_told():
    problems = find_problems(Columns(good_columns(), problems=["01/frame_00003 has no pose.bin"]))
    assert [str(problem) for problem in problems] == ["01/frame_00003 has no pose.bin"]


def test_a_picture_that_cannot_be_read_is_a_problem():
    columns = good_columns()
    columns["image"] = ["damaged"] * 40

    class Damaged(Columns):
        def read(self, name, rows=None):
            if name == "image":
                raise LabelFormatError("a.png is damaged")
            return super().read(name, rows)

    (problem,) = find_problems(Damaged(columns))
    assert str(problem) == "image: a.png is damaged (row 0)"


def test_problems_as_text():
    assert str(Problem("rotmat", "mirrored", 1, 4)) == "rotmat: mirrored (row 4)"
    assert str(Problem("rotmat", "mirrored", 3, 4)) == "rotmat: mirrored (3 rows, first row 4)"
    assert Problem("a", "b").to_dict() == {"column": "a", "complaint": "b", "rows": None, "first_row": None}


def test_pictures_are_not_read_and_memory_does_not_grow_with_rows():
    class Endless(Columns):
        """So many rows of landmarks that all at once would be 800 MB."""

        columns = ("landmarks68", "rotmat")

        def __len__(self):
            return 1_000_000

        def read(self, name, rows=None):
            shape = (68, 3) if name == "landmarks68" else (3, 3)
            return (
                np.ones((len(rows), *shape), "f4") if name == "landmarks68" else np.tile(np.eye(3), (len(rows), 1, 1))
            )

        def describe(self):
            return {}

    tracemalloc.start()
    for start, block in label_blocks(Endless({}), 1 << 13):
        assert len(block["rotmat"]) <= 1 << 13
        if start > 200_000:
            break
    assert tracemalloc.get_traced_memory()[1] < 40e6
    tracemalloc.stop()


@pytest.mark.real
def test_biwi_plus_is_clean(real_data):
    for name in ("Biwi_plus", "Biwi_plus_non_cal", "Biwi_FSA-Net"):
        assert find_problems(BiwiPlusLabels(real_data / "biwi_plus" / f"{name}.npz")) == []


@pytest.mark.real
def test_biwi_plus_labels_read_in_the_wrong_order_are_not(real_data):
    labels = BiwiPlusLabels(real_data / "biwi_plus" / "Biwi_plus.npz")
    columns = {name: labels.read(name) for name in ("rotmat", "euler_deg")}
    ((column, complaint), (rows, _)) = only(columns, convention="XYZ:+--")
    assert column == "euler_deg"
    assert "read as XYZ:+--" in complaint
    assert rows > 15_600
