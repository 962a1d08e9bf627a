"""A small dataset whose columns belong together: 68 points in space, seen by a camera, and a picture with an alpha."""

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.manifest import Manifest, ShardEntry, write_manifest
from synhead_tools.formats.shards import write_shard
from synhead_tools.geometry.boxes import face_box_xyxy
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.projection import intrinsics_from_fov, project_points
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat

HEIGHT, WIDTH = 40, 56


def _rotations(rows, rng):
    angles = rng.uniform((-60, -85, -40), (60, 85, 40), (rows, 3))
    angles[0] = 0, 0, 0
    return rotmat_from_euler(angles, "biwi+")


def _points(name, count, columns, rng):
    points_m = rng.uniform(-0.12, 0.12, (count, 3))
    points_px, depth_m = project_points(points_m, columns["rotmat"], columns["translation_m"], columns["intrinsics"])
    points = np.concatenate([points_px, depth_m[..., None]], axis=-1).astype("f4")
    inside = ((points_px >= 0) & (points_px < (WIDTH, HEIGHT))).all(axis=-1)
    seen = np.where(inside, rng.integers(1, 3, inside.shape), 0).astype("u1")
    return {name: points, f"{name}_visibility": seen}


def face_columns(rows, seed=0):
    """Columns of `rows` samples, 40 x 56 px."""
    rng = np.random.default_rng(seed)
    alpha = rng.integers(0, 256, (rows, HEIGHT, WIDTH)).astype("u1")
    columns = {
        "image": (rng.random((rows, HEIGHT, WIDTH, 3)) * alpha[..., None]).astype("u1"),
        "alpha": alpha,
        "region": rng.integers(0, 9, alpha.shape).astype("u1"),
        "depth_m": rng.random(alpha.shape).astype("f4"),
        "rotmat": _rotations(rows, rng),
        "translation_m": rng.uniform((-0.03, -0.03, 0.6), (0.03, 0.03, 0.8), (rows, 3)),
        "intrinsics": np.tile(intrinsics_from_fov(WIDTH, HEIGHT, 20.0), (rows, 1, 1)),
        "head_id": np.array([f"f{row:02d}".encode() for row in range(rows)], "S16"),
        "seed": rng.integers(2**60, 2**63, rows).astype("u8"),
    }
    columns["quat_xyzw"] = quat_xyzw_from_rotmat(columns["rotmat"])
    columns |= _points("points5", 5, columns, rng) | _points("landmarks68", 68, columns, rng)
    camera = (columns["rotmat"], columns["translation_m"], columns["intrinsics"])
    columns["face_box_xyxy"] = face_box_xyxy(*camera).astype("f4")
    columns["head_box_xyxy"] = (columns["face_box_xyxy"] + (-2, -3, 2, 1)).astype("f4")
    return columns


@pytest.fixture(scope="session")
def make_faces():
    """make_faces(folder, rows=5, without=(), convention="biwi+"): a dataset of ours, and its columns."""

    def make(folder, rows=5, without=(), convention="biwi+", seed=0):
        columns = {name: column for name, column in face_columns(rows, seed).items() if name not in without}
        (folder / "shards").mkdir(parents=True)
        digest = write_shard(folder / "shards" / "00000.h5", columns, {"kind": "SynHead", "convention": convention})
        entry = ShardEntry("shards/00000.h5", rows, digest)
        heads = {"f00": {"licence": "CC0-1.0", "recipe_sha256": "0" * 64}}
        image = {"width": WIDTH, "height": HEIGHT}
        write_manifest(folder, Manifest("SynHead", convention, (entry,), image=image, heads=heads))
        return open_dataset(folder), columns

    return make


@pytest.fixture(scope="session")
def faces(make_faces, tmp_path_factory):
    """Five samples with every column an exporter may want, and the columns."""
    return make_faces(tmp_path_factory.mktemp("faces") / "synhead")


@pytest.fixture
def endless():
    """endless(rows): a dataset of so many samples made when they are asked for, which tells how many at once."""

    class Endless:
        def __init__(self, rows):
            self.rows, self.largest_read, self._columns = rows, 0, face_columns(8)

        def __len__(self):
            return self.rows

        @property
        def columns(self):
            return ("image", "rotmat", "translation_m", "intrinsics", "face_box_xyxy", "landmarks68")

        def read(self, name, rows=None):
            assert rows is not None, "a whole column of a large dataset does not fit into memory"
            self.largest_read = max(self.largest_read, len(rows))
            return self._columns[name][np.asarray(rows) % 8]

        def describe(self):
            return {"dataset": "endless", "subset": "all", "convention": "biwi+", "frames": self.rows}

    return Endless
