"""Small random samples and datasets of the schema."""

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.manifest import Manifest, ShardEntry, write_manifest
from synhead_tools.formats.sample import COLUMNS
from synhead_tools.formats.shards import write_shard
from synhead_tools.geometry.euler import euler_from_rotmat
from synhead_tools.geometry.pose_laws import uniform_rotations
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat


def _random_column(column, rows, sizes, rng):
    shape = (rows, *(sizes.get(size, size) for size in column.shape_tail))
    dtype = np.dtype(column.dtype)
    if dtype.kind == "f":
        return rng.normal(0, 100, shape).astype(dtype)
    if dtype.kind == "S":
        return np.array([f"n{number}" for number in rng.integers(0, 10**6, int(np.prod(shape)))], dtype).reshape(shape)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


@pytest.fixture(scope="session")
def make_columns():
    """make_columns(rows, names=None, height=6, width=5, seed=0): random columns of the schema, all by default."""

    def make(rows, names=None, height=6, width=5, seed=0):
        rng = np.random.default_rng(seed)
        rotmat = uniform_rotations(rows, rng)
        columns = {
            name: _random_column(column, rows, {"H": height, "W": width}, rng) for name, column in COLUMNS.items()
        }
        columns["rotmat"], columns["quat_xyzw"] = rotmat, quat_xyzw_from_rotmat(rotmat)
        columns["euler_deg"] = euler_from_rotmat(rotmat, "biwi+")
        return {name: columns[name] for name in (names or columns)}

    return make


@pytest.fixture(scope="session")
def make_dataset(make_columns):
    """make_dataset(folder, sizes, ...): a dataset with shards of these sizes, and its columns as arrays."""

    def make(folder, sizes, names=("image", "rotmat", "seed", "head_id"), convention="biwi+", seed=0):
        (folder / "shards").mkdir(parents=True)
        entries, parts = [], []
        for number, rows in enumerate(sizes):
            columns = make_columns(rows, names, seed=seed + number)
            path = f"shards/{number:05d}.h5"
            attributes = {"kind": "SynHead", "convention": convention}
            entries.append(ShardEntry(path, rows, write_shard(folder / path, columns, attributes)))
            parts.append(columns)
        image = {"width": 5, "height": 6}
        write_manifest(folder, Manifest("SynHead", convention, tuple(entries), image=image))
        return open_dataset(folder), {name: np.concatenate([part[name] for part in parts]) for name in names}

    return make
