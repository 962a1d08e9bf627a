import dataclasses

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.preview import AXES, contact_sheet, write_preview, write_stats
from synhead_tools.rendering.render_dataset import render_dataset

pytest.importorskip("numba", reason="datasets are rendered by the cpu backend here")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory, egg):
    angles_deg = [(0, 0, 0), (0, 40, 0), (30, 0, 0), (0, 0, 30)]
    heads = {"egg": egg, "twin": dataclasses.replace(egg, name="twin")}
    plan = RenderPlan(("egg", "twin"), rotmat_from_euler(angles_deg, "biwi+"), size_px=140)
    with open_dataset(render_dataset(plan, tmp_path_factory.mktemp("set") / "out", heads=heads)) as opened:
        yield opened


def drawn(tile, colour):
    rows, columns = np.nonzero((np.asarray(tile) == colour).all(axis=-1))
    return np.stack([columns, rows], -1)


@pytest.mark.parametrize(
    ("row", "blue_goes"),
    [(1, (1, 0)), (2, (0, 1))],
    ids=["yaw + turns the face's axis to image right", "pitch + turns it down"],
)
def test_axes_follow_the_pose(dataset, row, blue_goes):
    tile = contact_sheet(dataset, [np.array([row])])
    blue = drawn(tile, AXES[2][1]) - 70
    farthest = blue[np.linalg.norm(blue, axis=1).argmax()]
    assert farthest @ blue_goes > 10
    assert abs(farthest @ np.array(blue_goes)[::-1]) < 6


def test_axes_of_a_frontal_head(dataset):
    tile = contact_sheet(dataset, [np.array([0])])
    red, green = drawn(tile, AXES[0][1]), drawn(tile, AXES[1][1])
    assert red[:, 0].max() > 70 + 20, "the subject's left is at image right"
    assert np.ptp(red[:, 1]) <= 3
    assert green[:, 1].max() > 70 + 20
    assert np.ptp(green[:, 0]) <= 3


def test_sheet_has_a_row_per_head(dataset, tmp_path):
    write_preview(dataset, tmp_path / "sheet.png", poses=3)
    assert Image.open(tmp_path / "sheet.png").size == (3 * 140, 2 * 140)


def test_stats_are_drawn_and_repeat(dataset, tmp_path):
    for name in ("one", "two"):
        write_stats(dataset, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    picture = np.asarray(Image.open(tmp_path / "one").convert("RGB"))
    assert ((picture == (0x44, 0x77, 0xAA)).all(axis=-1)).sum() > 100


def test_stats_of_other_conventions_and_of_labels_with_gaps(tmp_path):
    class Labels:
        columns = ("rotmat",)

        def __init__(self, rotmat):
            self._rotmat = rotmat

        def __len__(self):
            return len(self._rotmat)

        def read(self, name, rows):
            return self._rotmat[rows]

    rotmat = rotmat_from_euler([(0, 0, 0), (5, 40, 0), (30, 0, 9)], "biwi+")
    for convention in ("biwi+", "300w-lp", "ZXZ"):
        write_stats(Labels(rotmat), tmp_path / "s.png", convention=convention)
    with_gap = np.concatenate([rotmat, np.full((1, 3, 3), np.nan)])
    write_stats(Labels(rotmat), tmp_path / "whole.png")
    write_stats(Labels(with_gap), tmp_path / "gap.png")
    assert (tmp_path / "gap.png").read_bytes() == (tmp_path / "whole.png").read_bytes()
    with pytest.raises(LabelFormatError, match="no rotations"):
        write_stats(Labels(with_gap[3:]), tmp_path / "none.png")
