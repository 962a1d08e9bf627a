"""No crop of a frame that is kept shows a corner that was never rendered, whatever resamples it."""

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.manifest import Manifest, ShardEntry, write_manifest
from synhead_tools.formats.shards import write_shard
from synhead_tools.learning.pictures.crops import resample_crop, square_crop_xyxy
from synhead_tools.matching.build import build_matched
from synhead_tools.matching.choice import choose, chosen_targets
from synhead_tools.matching.match_poses import match_poses
from synhead_tools.matching.settings import MatchSettings
from synhead_tools.matching.target import read_target

SIZE, COUNT = 64, 150


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """Pictures that are white and covered everywhere, with face boxes at all places and of all sizes."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("full")
    (folder / "shards").mkdir()
    principal = rng.uniform(24, 40, (COUNT, 2))
    intrinsics = np.tile(np.diag([100.0, 100.0, 1.0]), (COUNT, 1, 1))
    intrinsics[:, :2, 2] = principal
    centre, half = rng.uniform(16, 48, (COUNT, 2)), rng.uniform(4, 30, (COUNT, 1))
    columns = {
        "image": np.full((COUNT, SIZE, SIZE, 3), 255, "u1"),
        "alpha": np.full((COUNT, SIZE, SIZE), 255, "u1"),
        "rotmat": np.tile(np.eye(3), (COUNT, 1, 1)),
        "intrinsics": intrinsics,
        "face_box_xyxy": np.concatenate([centre - half, centre + half], axis=1).astype("f4"),
        "head_id": np.array([f"h{k:03d}" for k in range(COUNT)], "S16"),  # so that every frame is matched
    }
    digest = write_shard(folder / "shards" / "00000.h5", columns, {})
    image = {"width": SIZE, "height": SIZE}
    write_manifest(folder, Manifest("SynHead+", "biwi+", (ShardEntry("shards/00000.h5", COUNT, digest),), image))
    return folder


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """Three turns, so that every frame is turned by each of them."""
    from synhead_tools.formats.open import open_any

    path = tmp_path_factory.mktemp("target") / "turns.csv"
    path.write_text("pitch,yaw,roll\n0,0,20\n0,0,-45\n0,0,160\n")
    return read_target(open_any(path, convention="biwi+"))


@pytest.mark.parametrize("crop_to_box", [1.0, 1.4])
def test_every_pixel_of_every_kept_crop_was_rendered(full, target, tmp_path, crop_to_box):
    settings = MatchSettings(crop_to_box=crop_to_box)
    report = build_matched(full, target, tmp_path / "kept", settings)
    with open_dataset(tmp_path / "kept" / "synbiwi+") as kept:
        assert len(kept) + report["empty_corners"]["frames"] == 3 * COUNT
        assert 30 < len(kept) < 2 * COUNT
        crops = square_crop_xyxy(kept.read("face_box_xyxy"), crop_to_box)
        for picture, crop in zip(kept.read("image"), crops, strict=True):
            for side_px in (45, 64, 224):
                assert resample_crop(picture, crop, side_px).min() == 255


def test_what_is_left_out_would_have_shown_one(full, target, tmp_path):
    from synhead_tools.formats.open import open_any

    source = open_any(full)
    matches = match_poses(source.read("rotmat"), source.read("head_id"), target.rotmat)
    left_out = ~choose(matches, source, MatchSettings()).drawn
    report = build_matched(full, target, tmp_path / "all", MatchSettings(keep_corners=True))
    assert report["empty_corners"] == {"frames": int(left_out.sum()), "written": True}
    with open_dataset(tmp_path / "all" / "synbiwi+") as everything:
        boxes = everything.read("face_box_xyxy").astype(float)
        crops = square_crop_xyxy(boxes) + [-3, -3, 3, 3]  # the picture goes on for two pixels beyond its edge
        empty = [
            resample_crop(np.dstack([picture, alpha]), crop, 128).min() < 255
            for picture, alpha, crop in zip(everything.read("image"), everything.read("alpha"), crops, strict=True)
        ]
    assert np.array(empty)[left_out].all()


def test_targets_are_spread_evenly():
    assert chosen_targets(10, 4).tolist() == [0, 3, 6, 9]
    assert chosen_targets(3, 4).tolist() == chosen_targets(3, None).tolist() == [0, 1, 2]
