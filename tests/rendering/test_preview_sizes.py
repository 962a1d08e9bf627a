"""Sheets and histograms of one sample, of very many, of pictures of any shape and size."""

import resource

import numpy as np
import pytest
from PIL import Image

from synhead_tools.geometry.pose_laws import biwi_like_rotations
from synhead_tools.rendering.preview import AXES, write_preview, write_stats


class Many:
    """A dataset of as many samples as there are rotations, all with one picture."""

    columns = ("image", "rotmat", "translation_m", "intrinsics", "head_id")

    def __init__(self, rotmat, width, height, heads=10):
        self.rotmat, self.width, self.height = rotmat, width, height
        self.head_id = np.array([f"h{k * heads // len(rotmat)}" for k in range(len(rotmat))], "S16")
        self.most_pictures_read = 0

    def __len__(self):
        return len(self.rotmat)

    def describe(self):
        return {}

    def read(self, name, rows=None):
        rows = np.arange(len(self)) if rows is None else rows
        if name in ("rotmat", "head_id"):
            return getattr(self, name)[rows]
        if name == "translation_m":
            return np.tile([0.0, 0.0, 1.0], (len(rows), 1))
        if name == "intrinsics":
            focal, half = 2.0 * self.width, (self.width / 2, self.height / 2)
            return np.tile([[focal, 0, half[0]], [0, focal, half[1]], [0, 0, 1]], (len(rows), 1, 1))
        self.most_pictures_read = max(self.most_pictures_read, len(rows))
        return np.full((len(rows), self.height, self.width, 3), 90, np.uint8)


@pytest.mark.parametrize(
    ("width", "height", "tile"),
    [(160, 120, (160, 120)), (32, 64, (128, 256)), (64, 8, (128, 16)), (2048, 1024, (512, 256))],
)
def test_tiles_keep_the_shape_of_their_pictures_and_a_size_that_can_be_seen(tmp_path, width, height, tile):
    one = Many(np.eye(3)[None], width, height)
    write_preview(one, tmp_path / "p.png")
    sheet = np.asarray(Image.open(tmp_path / "p.png").convert("RGB"))
    assert sheet.shape == (tile[1], tile[0], 3)
    rows, columns = np.nonzero((sheet == AXES[0][1]).all(axis=-1))
    assert abs(columns.min() - tile[0] / 2) <= 3, "the subject's left starts at the centre"
    assert columns.max() == pytest.approx(tile[0] * 0.7, abs=3), "and is 0.1 m long"
    assert abs(rows - tile[1] / 2).max() <= 3
    write_stats(one, tmp_path / "s.png")
    assert Image.open(tmp_path / "s.png").size == (1100, 280)


def test_half_a_million_samples(tmp_path):
    many = Many(biwi_like_rotations(500_000, np.random.default_rng(0)), 1000, 500)
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    write_preview(many, tmp_path / "p.png")
    write_stats(many, tmp_path / "s.png")
    assert Image.open(tmp_path / "p.png").size == (8 * 512, 10 * 256)
    assert many.most_pictures_read <= 8
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before_mb < 250


def test_samples_that_do_not_differ(tmp_path):
    write_stats(Many(np.tile(np.eye(3), (50, 1, 1)), 16, 16), tmp_path / "s.png")
    picture = np.asarray(Image.open(tmp_path / "s.png").convert("RGB"))
    assert ((picture == (0x44, 0x77, 0xAA)).all(axis=-1)).sum() > 1000, "three bars"
