import json
import re

import numpy as np
import pytest

from synhead_tools.formats.inspection import BAR_WIDTH, TEXT_WIDTH, inspect_dataset, inspection_text
from synhead_tools.formats.sample import COLUMNS
from synhead_tools.geometry.euler import rotmat_from_euler


class Source:
    def __init__(self, **columns):
        self._columns = columns
        self.columns = tuple(name for name in COLUMNS if name in columns)

    def __len__(self):
        return len(next(iter(self._columns.values())))

    def read(self, name, rows=None):
        return self._columns[name] if rows is None else self._columns[name][rows]

    def describe(self):
        return {"dataset": "test", "convention": "biwi+", "calibrated": None, "frames": len(self)}


@pytest.fixture
def source():
    angles = np.array([[0.0, yaw, roll] for yaw, roll in ((-40, 1), (-35, 2), (-31, 3), (50, 4))])
    return Source(
        rotmat=rotmat_from_euler(angles, "biwi+"),
        face_box_xyxy=np.array([[0, 0, 2000, 2000], [0, 0, 9, 9], [0, 0, 9, 9], [9, 0, 0, 9]], "f4"),
        sequence=np.array([1, 1, 2, 2], "i4"),
        track_id=np.arange(4, dtype="i4"),
    )


def test_values_are_json_and_complete(source):
    result = inspect_dataset(source)
    json.dumps(result, allow_nan=False)
    assert result["frames"] == 4
    assert result["columns"] == ["rotmat", "face_box_xyxy", "track_id", "sequence"]
    assert {"angles_deg", "from_frontal_deg", "boxes_px", "counts", "view_directions"} <= set(result["labels"])
    assert [problem["column"] for problem in result["problems"]] == ["face_box_xyxy"]


def test_bars_follow_the_counts(source):
    text = inspection_text(inspect_dataset(source))
    yaw = text.partition("yaw (biwi+)")[2].partition("\n\n")[0]
    rows = {low: (int(count), len(bar)) for low, count, bar in re.findall(r"(-?\d+)\.\.-?\d+ +(\d+) ?(#*)", yaw)}
    assert rows["-45"] == (3, BAR_WIDTH)
    assert rows["45"] == (1, -(-BAR_WIDTH // 3))
    assert rows["0"] == (0, 0)
    assert (min(map(int, rows)), max(map(int, rows))) == (-45, 45)


def test_text_tells_problems_counts_and_open_bins(source):
    text = inspection_text(inspect_dataset(source))
    assert max(map(len, text.splitlines())) <= TEXT_WIDTH
    assert "frames: 4" in text
    assert re.search(r"1024\.\. +1", text)
    assert "sequence: 2 values, 2 to 2 frames each" in text
    assert "problems: 1 (rows count from 0)" in text
    assert "  - face_box_xyxy: inverted" in text


def test_many_values_are_cut_short_and_a_value_stays_with_its_count():
    source = Source(track_id=np.repeat(np.arange(1000, 1100, dtype="i4"), 3))
    lines = inspection_text(inspect_dataset(source)).splitlines()
    shown = [line for line in lines if line.startswith("  1")]
    assert all(re.fullmatch(r"  (\d{4} 3(, |,$|$))*(and 68 more)?", line) for line in shown)
    assert sum(line.count(" 3") for line in shown) == 32
    assert "68 more" in " ".join(lines)


def test_a_dataset_without_rotations_says_what_it_has():
    text = inspection_text(inspect_dataset(Source(sequence=np.array([1], "i4"))))
    assert "columns: sequence" in text
    assert "pitch" not in text
    assert text.endswith("problems: none found")


def test_rows_without_a_rotation_are_told():
    rotmat = np.stack([np.eye(3), np.full((3, 3), np.nan)])
    text = inspection_text(inspect_dataset(Source(rotmat=rotmat)))
    assert "frames without a rotation, left out above: 1" in text
    assert "rotmat: NaN or infinite (row 1)" in text
