"""Read back by our reader of NVIDIA's SynHead, and as other loaders read it."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import ExportError
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.datasets.nvidia_synhead import NvidiaSynhead
from synhead_tools.formats.exporters.nvidia_synhead import export
from synhead_tools.formats.exporters.pictures import PictureStyle
from synhead_tools.formats.manifest import Manifest, ShardEntry, write_manifest
from synhead_tools.formats.open import open_any
from synhead_tools.formats.shards import write_shard
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.pose_laws import uniform_rotations


@pytest.fixture(scope="module")
def tracks(tmp_path_factory):
    """Two heads, a grid at gimbal lock and half turns, and a track of uniform rotations; head-major, as rendered."""
    folder = tmp_path_factory.mktemp("tracks") / "synhead"
    locked = rotmat_from_euler(np.array([[0, 0, 0], [90, 0, 10], [-90, 20, 0], [0, 180, 0], [0, 0, -180.0]]), "synhead")
    rotmats = np.concatenate([locked, uniform_rotations(40, np.random.default_rng(0))])
    alpha = np.random.default_rng(1).integers(0, 256, (90, 8, 8)).astype("u1")
    columns = {
        "image": (np.random.default_rng(2).random((90, 8, 8, 3)) * alpha[..., None]).astype("u1"),
        "alpha": alpha,
        "rotmat": np.tile(rotmats, (2, 1, 1)),
        "head_id": np.repeat(np.array([b"m03", b"anna"], "S16"), 45),
        "track_id": np.tile(np.repeat(np.array([-1, 117], "i4"), [5, 40]), 2),
        "frame_id": np.tile(np.concatenate([np.arange(5), 3 * np.arange(40) + 7]).astype("i4"), 2),
    }
    (folder / "shards").mkdir(parents=True)
    digest = write_shard(folder / "shards" / "00000.h5", columns, {"kind": "SynHead", "convention": "synhead"})
    write_manifest(folder, Manifest("SynHead", "synhead", (ShardEntry("shards/00000.h5", 90, digest),)))
    return open_dataset(folder), columns


def test_it_reads_back_with_heads_tracks_frames_pictures_and_rotations(tracks, tmp_path):
    dataset, columns = tracks
    facts = export(dataset, tmp_path / "out")
    back = open_any(tmp_path / "out")
    assert isinstance(back, NvidiaSynhead)
    assert facts["heads_as"] == {"m03": "m03", "anna": "f01"}
    assert facts["tracks"] == {"BIWI/00": -1, "breitenstein/17": 117}
    ours = {}
    for row in range(90):
        head = facts["heads_as"][columns["head_id"][row].decode()]
        ours[head, max(int(columns["track_id"][row]), 0), int(columns["frame_id"][row])] = row
    places = zip(*(back.read(name).tolist() for name in ("head_id", "track_id", "frame_id")), strict=True)
    rows = [ours.pop((head.decode(), track, frame)) for head, track, frame in places]
    assert not ours
    np.testing.assert_array_equal(back.read("image"), columns["image"][rows])
    assert geodesic_distance_deg(back.read("rotmat"), columns["rotmat"][rows]).max() < 2e-6


def test_a_csv_row_is_three_plain_numbers_of_six_digits(tracks, tmp_path):
    export(tracks[0], tmp_path / "out")
    assert (tmp_path / "out/BIWI/00.csv").read_text().splitlines()[0] == "0.000000,0.000000,0.000000"
    for file in tmp_path.rglob("*.csv"):
        for line in file.read_text().splitlines():
            assert re.fullmatch(r"(-?\d{1,3}\.\d{6},?){3}", line)


def test_a_loader_that_pairs_rows_with_sorted_names_gets_the_same(tracks, tmp_path):
    """As such loaders do: names of a clip, sorted as text, beside the rows of the track's file."""
    dataset, columns = tracks
    export(dataset, tmp_path / "out")
    angles_deg = np.loadtxt(tmp_path / "out/breitenstein/17.csv", delimiter=",")
    names = sorted(path.name for path in (tmp_path / "out/breitenstein/m03/17").iterdir())
    assert len(names) == len(angles_deg) == 40
    assert names[:2] == ["00007.png", "00010.png"]
    rotmats = rotmat_from_euler(angles_deg, "synhead")
    assert geodesic_distance_deg(rotmats, columns["rotmat"][5:45]).max() < 1e-4
    with Image.open(tmp_path / "out/breitenstein/m03/17" / names[1]) as picture:
        assert picture.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(picture), columns["image"][6])


def test_samples_that_know_no_head_or_track(endless, tmp_path):
    export(endless(70), tmp_path / "out")
    back = open_any(tmp_path / "out")
    assert len(back) == 70
    assert set(back.read("head_id").tolist()) == {b"f01"}
    assert back.read("frame_id").tolist() == list(range(70))


def test_what_does_not_fit_is_refused(tracks, endless, tmp_path):
    with pytest.raises(ExportError, match="PNG pictures only"):
        export(tracks[0], tmp_path / "out", pictures=PictureStyle("jpg"))
    many = endless(88)
    read = many.read
    many.read = lambda name, rows=None: (
        np.array([b"p%d" % (row // 8) for row in rows], "S16") if name == "head_id" else read(name, rows)
    )
    type(many).columns = property(lambda self: ("image", "rotmat", "head_id"))
    with pytest.raises(ExportError, match="there are 11 heads"):
        export(many, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_what_became_of_heads_and_tracks_is_written_down(tracks, tmp_path):
    facts = export(tracks[0], tmp_path / "out")
    told = json.loads((tmp_path / "out/export.json").read_text())
    assert told["heads_as"] == facts["heads_as"]
    assert told["tracks"] == facts["tracks"]
