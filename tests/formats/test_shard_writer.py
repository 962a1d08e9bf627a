import hashlib
import os
import pickle
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synhead_tools.errors import OutputExistsError, ShardError
from synhead_tools.formats import shard_image
from synhead_tools.formats.sample import COLUMNS
from synhead_tools.formats.shards import COMPRESSIONS, ShardReader, ShardWriter, write_shard

ATTRIBUTES = {"kind": "SynHead", "convention": "biwi+", "first_index": 12, "ratio": 0.5, "note": "Zoë"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(
    rows=st.integers(1, 200),
    names=st.sets(st.sampled_from(list(COLUMNS)), min_size=1),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    compression=st.sampled_from(list(COMPRESSIONS)),
    seed=st.integers(0, 99),
)
def test_what_is_written_is_read(tmp_path, make_columns, rows, names, size, compression, seed):
    columns = make_columns(rows, names, *size, seed=seed)
    path = tmp_path / "shard.h5"
    digest = write_shard(path, columns, ATTRIBUTES, compression=compression, overwrite=True)
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    with ShardReader(path) as shard:
        assert shard.rows == rows
        assert shard.columns == tuple(name for name in COLUMNS if name in names)
        assert ATTRIBUTES.items() <= shard.attributes.items()
        for name, array in columns.items():
            stored = shard.read(name)
            assert stored.dtype == array.dtype
            assert np.array_equal(stored, array)


def test_bytes_depend_on_the_samples_alone(tmp_path, make_columns):
    columns = make_columns(70)
    first = write_shard(tmp_path / "a.h5", columns, ATTRIBUTES)
    time.sleep(1.1)  # times in HDF5 have a resolution of one second
    turned = dict(reversed(columns.items()))
    assert write_shard(tmp_path / "b.h5", turned, dict(reversed(ATTRIBUTES.items()))) == first
    script = (
        "import pickle, sys; from synhead_tools.formats.shards import write_shard;"
        "columns, attributes, path = pickle.load(sys.stdin.buffer); print(write_shard(path, columns, attributes))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script],
        input=pickle.dumps((columns, ATTRIBUTES, tmp_path / "c.h5")),
        capture_output=True,
        check=True,
        env={**os.environ, "BLOSC_NTHREADS": "3", "PYTHONHASHSEED": "5"},
    )
    assert answer.stdout.decode().strip() == first
    columns["seed"][3] += np.uint64(1)
    assert write_shard(tmp_path / "d.h5", columns, ATTRIBUTES) != first


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 90), min_size=1, max_size=6), st.sampled_from(list(COMPRESSIONS)))
def test_bytes_do_not_depend_on_the_blocks(tmp_path, make_columns, lengths, compression):
    columns, rows = make_columns(sum(lengths)), sum(lengths)
    whole = write_shard(tmp_path / "a.h5", columns, ATTRIBUTES, compression=compression, overwrite=True)
    with ShardWriter(tmp_path / "b.h5", rows, ATTRIBUTES, compression=compression, overwrite=True) as shard:
        start = 0
        for length in lengths:
            block = {name: array[start : start + length].copy() for name, array in columns.items()}
            shard.append(block)
            for array in block.values():
                array.fill(0)  # the writer must not come back to it
            start += length
    assert shard.sha256 == whole == hashlib.sha256((tmp_path / "b.h5").read_bytes()).hexdigest()


def test_large_pictures_come_in_blocks_of_any_length(tmp_path, make_columns, monkeypatch):
    """Chunks of three pictures, of another column of nine; blocks of two."""
    monkeypatch.setattr(shard_image, "PICTURE_CHUNK_BYTES", 3 * 8 * 6 * 3 + 5)
    columns = make_columns(13, ["image", "alpha"], 8, 6)
    whole = write_shard(tmp_path / "a.h5", columns, {})
    with ShardWriter(tmp_path / "b.h5", 13, {}) as shard:
        for start in range(0, 13, 2):
            shard.append({name: array[start : start + 2] for name, array in columns.items()})
    assert shard.sha256 == whole
    with ShardReader(tmp_path / "b.h5") as stored:
        assert (stored.chunk_rows("image"), stored.chunk_rows("alpha")) == (3, 9)
        for name, array in columns.items():
            assert np.array_equal(stored.read(name), array)


def write_blocks(path, rows, blocks, attributes=ATTRIBUTES):
    with ShardWriter(path, rows, attributes) as shard:
        for block in blocks:
            shard.append(block)


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ([], "0 samples came where 4"),
        ([3], "3 samples came where 4"),
        ([3, 3], "6 samples came where 4"),
    ],
)
def test_a_shard_of_other_length_than_announced_is_refused(tmp_path, make_columns, blocks, message):
    with pytest.raises(ShardError, match=message):
        write_blocks(tmp_path / "a.h5", 4, map(make_columns, blocks))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("other", [["image"], ["image", "seed", "rotmat"]])
def test_blocks_must_have_the_same_columns(tmp_path, make_columns, other):
    blocks = [make_columns(2, ["image", "seed"]), make_columns(2, other)]
    with pytest.raises(ShardError, match="other columns"):
        write_blocks(tmp_path / "a.h5", 4, blocks)
    assert list(tmp_path.iterdir()) == []


def test_rotations_are_checked_in_every_block(tmp_path, make_columns):
    good, bad = make_columns(1, ["rotmat"]), make_columns(1, ["rotmat"])
    bad["rotmat"] *= 1.1
    with pytest.raises(ShardError, match="row 1: rotmat"):
        write_blocks(tmp_path / "a.h5", 2, [good, bad])
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_nothing(tmp_path, make_columns):
    def blocks():
        yield make_columns(2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_blocks(tmp_path / "a.h5", 4, blocks())
    assert list(tmp_path.iterdir()) == []


def test_memory_does_not_grow_with_the_shard(tmp_path):
    """320 blocks of black pictures, 250 MB before compression."""
    script = (
        "import resource, sys, numpy as np; from synhead_tools.formats.shards import ShardWriter\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "block = {'image': np.zeros((64, 64, 64, 3), 'u1')}\n"
        "with ShardWriter(sys.argv[1], 320 * 64, {}) as shard:\n"
        "    shard.append(block); before = peak()\n"
        "    for _ in range(319): shard.append(block)\n"
        "print((peak() - before) / 1024)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "a.h5")], capture_output=True, text=True)
    assert float(done.stdout) < 60, done.stderr


def test_nan_and_minus_zero_survive(tmp_path):
    points = np.full((3, 5, 3), np.nan, "f4")
    points[0] = -0.0
    write_shard(tmp_path / "a.h5", {"points5": points}, {})
    with ShardReader(tmp_path / "a.h5") as shard:
        assert shard.read("points5").tobytes() == points.tobytes()


def test_threads_write_at_the_same_time(tmp_path, make_columns):
    columns = make_columns(300, ["image"], 40, 40)
    with ThreadPoolExecutor(4) as pool:
        digests = set(pool.map(lambda number: write_shard(tmp_path / f"{number}.h5", columns, {}), range(8)))
    assert len(digests) == 1


def test_plain_h5py_reads_units_and_convention(tmp_path, make_columns):
    columns = make_columns(3)
    write_shard(tmp_path / "a.h5", columns, ATTRIBUTES)
    with h5py.File(tmp_path / "a.h5") as file:
        assert file.attrs["schema_version"] == 1
        assert file["euler_deg"].attrs["convention"] == b"biwi+"
        assert {name: file[name].attrs["unit"].decode() for name in file} == {n: c.unit for n, c in COLUMNS.items()}
        assert np.array_equal(file["image"][1], columns["image"][1])


def test_pictures_are_stored_in_blocks_and_labels_in_one(tmp_path, make_columns):
    write_shard(tmp_path / "a.h5", make_columns(150, ["image", "rotmat"]), {})
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["image"].chunks == (64, 6, 5, 3)
        assert file["rotmat"].chunks == (150, 3, 3)


def test_huge_pictures_get_smaller_blocks(tmp_path):
    columns = {"image": np.zeros((5, 2000, 3000, 3), "u1")}
    write_shard(tmp_path / "a.h5", columns, {})
    with ShardReader(tmp_path / "a.h5") as shard:
        assert shard.chunk_rows("image") == 3


def test_lossless_codec_shrinks_pictures_with_black_around(tmp_path):
    image = np.zeros((64, 64, 64, 3), "u1")
    image[:, 16:48, 16:48] = np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3))
    sizes = {}
    for name in COMPRESSIONS:
        write_shard(tmp_path / f"{name}.h5", {"image": image}, {}, compression=name)
        sizes[name] = (tmp_path / f"{name}.h5").stat().st_size
    assert sizes["none"] > image.nbytes
    assert max(sizes["lz4"], sizes["zstd"], sizes["gzip"]) < 0.4 * image.nbytes


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"kind": "SynHead"}, "convention"),
        ({**ATTRIBUTES, "schema_version": 2}, "reserved"),
        ({**ATTRIBUTES, "Bad Name": 2}, "Bad Name"),
        ({**ATTRIBUTES, "note": "x" * 5000}, "4096"),
        ({**ATTRIBUTES, "note": "a\0b"}, "NUL"),
        ({**ATTRIBUTES, "note": [1, 2]}, "list"),
    ],
)
def test_wrong_attributes_are_refused(tmp_path, make_columns, attributes, message):
    with pytest.raises(ShardError, match=message):
        write_shard(tmp_path / "a.h5", make_columns(2), attributes)
    assert list(tmp_path.iterdir()) == []


def test_unknown_compression_lists_the_known(tmp_path, make_columns):
    with pytest.raises(ShardError, match="known: none, lz4, zstd, gzip"):
        write_shard(tmp_path / "a.h5", make_columns(2), ATTRIBUTES, compression="jpeg")


def test_existing_shard_is_kept_unless_overwriting(tmp_path, make_columns):
    path = tmp_path / "a.h5"
    write_shard(path, make_columns(2), ATTRIBUTES)
    before = path.read_bytes()
    with pytest.raises(OutputExistsError):
        write_shard(path, make_columns(3), ATTRIBUTES)
    assert path.read_bytes() == before
    write_shard(path, make_columns(3), ATTRIBUTES, overwrite=True)
    assert path.read_bytes() != before


_WRITE = """
import sys
import numpy as np
from synhead_tools.formats.shards import write_shard
image = np.random.default_rng(0).integers(0, 256, (256, 64, 64, 3), dtype="u1")
print("ready", flush=True)
write_shard(sys.argv[1], {"image": image}, {"kind": "SynHead"}, overwrite=True)
"""


def test_full_disk_leaves_no_shard(tmp_path):
    def limit_file_size():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    answer = subprocess.run(
        [sys.executable, "-c", _WRITE, str(tmp_path / "a.h5")],
        preexec_fn=limit_file_size,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert "File too large" in answer.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("delay_s", [0.0, 0.01, 0.03])
def test_killed_writer_leaves_a_whole_shard_or_none(tmp_path, delay_s):
    path = tmp_path / "a.h5"
    with subprocess.Popen([sys.executable, "-c", _WRITE, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        time.sleep(delay_s)
        os.kill(process.pid, signal.SIGKILL)
    if path.exists():
        with ShardReader(path) as shard:
            assert shard.read("image").shape == (256, 64, 64, 3)
    assert {entry.suffix for entry in tmp_path.iterdir()} <= {".h5", ".tmp"}
