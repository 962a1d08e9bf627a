import os
import shutil

import h5py
import hdf5plugin
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synhead_tools.errors import ShardError
from synhead_tools.formats.shards import ShardReader, write_shard


@pytest.fixture
def hostile(tmp_path):
    """hostile(change): a file that is a good shard of 4 samples but for what `change(file)` does to it."""

    def build(change, good=True):
        path = tmp_path / "hostile.h5"
        with h5py.File(path, "w") as file:
            file.attrs["schema_version"] = 1
            if good:
                file["frame_id"] = np.arange(4, dtype="i4")
            change(file)
        return path

    return build


def _refusal(path):
    with pytest.raises(ShardError) as raised:
        ShardReader(path)
    message = str(raised.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_the_good_file_the_others_are_made_from_is_read(hostile):
    with ShardReader(hostile(lambda file: None)) as shard:
        assert shard.rows == 4


def _secret(tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["track_id"] = np.arange(4, dtype="i4")
    (tmp_path / "secret.bin").write_bytes(bytes(range(32)))
    return tmp_path


def _virtual(file):
    layout = h5py.VirtualLayout((4,), "i4")
    layout[:] = h5py.VirtualSource("secret.h5", "track_id", shape=(4,))
    file.create_virtual_dataset("track_id", layout)


def _external_storage(file):
    file.create_dataset("track_id", (4,), "i4", external=[("secret.bin", 0, h5py.h5f.UNLIMITED)])


def _intermediate_link(file):
    file["group"] = h5py.ExternalLink("secret.h5", "/")
    file["track_id"] = h5py.SoftLink("/group/track_id")


def _vlen(file):
    file.create_dataset("track_id", (4,), h5py.vlen_dtype("i4"))


def _unknown_filter(file):
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_chunk((4,))
    creation.set_filter(256, h5py.h5z.FLAG_OPTIONAL, (1,))
    h5py.h5d.create(file.id, b"track_id", h5py.h5t.NATIVE_INT32, h5py.h5s.create_simple((4,)), creation)


def _compound(file):
    file["track_id"] = np.zeros(4, [("a", "i4")])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.__setitem__("track_id", h5py.ExternalLink("secret.h5", "/track_id")), "link"),
        (lambda f: f.__setitem__("track_id", h5py.SoftLink("/frame_id")), "link"),
        (lambda f: f.__setitem__("track_id", h5py.SoftLink("/track_id")), "link"),
        (_intermediate_link, "link|not in the schema"),
        (_virtual, "virtual"),
        (_external_storage, "external"),
        (lambda f: f.create_dataset("head_id", (4,), h5py.string_dtype()), "variable-length"),
        (lambda f: f.create_dataset("track_id", (4,), h5py.ref_dtype), "reference"),
        (_vlen, "variable-length"),
        (_compound, "compound"),
        (lambda f: f.create_group("track_id"), "not a dataset"),
        (lambda f: f.__setitem__("track_id", h5py.h5t.STD_I32LE.dtype), "not a dataset"),
        (lambda f: f.create_dataset("track_id", (5,), "i4"), "frame_id 4.*track_id 5|track_id 5.*frame_id 4"),
        (lambda f: f.create_dataset("track_id", (4,), "i8"), "type int64"),
        (lambda f: f.create_dataset("track_id", (4,), ">i4"), "type >i4"),
        (lambda f: f.create_dataset("track_id", (4, 1), "i4"), "shape"),
        (lambda f: f.create_dataset("track_id", (), "i4"), "shape"),
        (lambda f: f.create_dataset("track_id", data=h5py.Empty("i4")), "shape"),
        (lambda f: f.create_dataset("pose", (4,), "i4"), "'pose' is not in the schema"),
        (_unknown_filter, "filter 256"),
        (lambda f: f.attrs.__setitem__("schema_version", 2), "schema_version 2"),
        (lambda f: f.attrs.__delitem__("schema_version"), "no schema_version"),
        (lambda f: f.attrs.__setitem__("schema_version", "1"), "short text or number"),
        (lambda f: f.attrs.__setitem__("note", np.bytes_(b"x" * 5000)), "'note'"),
        (lambda f: f.attrs.__setitem__("note", np.zeros(1000)), "'note'"),
        (lambda f: [f.attrs.__setitem__(f"a{i}", i) for i in range(80)], "81 attributes"),
    ],
)
def test_hostile_file_is_refused(tmp_path, hostile, change, message):
    _secret(tmp_path)
    path = hostile(change)
    text = _refusal(path)
    assert pytest.raises(ShardError, ShardReader, path).match(message), text


def test_rows_that_were_never_stored_are_refused(hostile):
    """2^40 pictures declared in a file of a few kilobytes."""
    path = hostile(lambda f: f.create_dataset("image", (2**40, 8, 8, 3), "u1", chunks=(64, 8, 8, 3)), good=False)
    assert "declares" in _refusal(path)


def test_compression_bomb_is_refused(hostile):
    def bomb(file):
        creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        creation.set_chunk((64, 512, 512, 3))
        creation.set_deflate(9)
        dataset = h5py.h5d.create(
            file.id, b"image", h5py.h5t.STD_U8LE, h5py.h5s.create_simple((640, 512, 512, 3)), creation
        )
        dataset.write_direct_chunk((0, 0, 0, 0), b"\0" * 64)

    assert "declares 503316480 bytes" in _refusal(hostile(bomb, good=False))


def test_giant_chunk_is_refused(hostile):
    def giant(file):
        file.create_dataset("image", (64, 2048, 2048, 3), "u1", chunks=(64, 2048, 2048, 3), **hdf5plugin.Zstd())
        file["image"].id.write_direct_chunk((0, 0, 0, 0), np.random.default_rng(0).bytes(1 << 20))

    assert "chunks of 805306368 bytes" in _refusal(hostile(giant, good=False))


def test_file_without_columns_is_refused(hostile):
    assert "none" in _refusal(hostile(lambda file: None, good=False))


def test_not_hdf5_and_not_there(tmp_path):
    text = tmp_path / "a.h5"
    text.write_text("pitch,yaw,roll\n")
    assert "not an HDF5 file" in _refusal(text)
    text.write_bytes(b"")
    assert "not an HDF5 file" in _refusal(text)
    assert "No such file" in _refusal(tmp_path / "b.h5")
    assert "not a regular file" in _refusal(tmp_path)


def test_fifo_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.h5")
    assert "not a regular file" in _refusal(tmp_path / "pipe.h5")


def test_every_truncation_is_refused_or_fails_in_one_line(tmp_path, make_columns):
    path = tmp_path / "a.h5"
    write_shard(path, make_columns(20, ["image", "rotmat", "head_id"]), {"kind": "SynHead"})
    data = path.read_bytes()
    for length in range(0, len(data), max(1, len(data) // 60)):
        (tmp_path / "cut.h5").write_bytes(data[:length])
        _refusal(tmp_path / "cut.h5")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_flipped_bytes_never_crash(tmp_path, make_columns, data):
    good = tmp_path / "good.h5"
    if not good.exists():
        write_shard(good, make_columns(20, ["image", "rotmat", "head_id"]), {"kind": "SynHead"})
    blob = bytearray(good.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        blob[data.draw(st.integers(0, len(blob) - 1))] ^= data.draw(st.integers(1, 255))
    bad = tmp_path / "bad.h5"
    bad.write_bytes(blob)
    complaint = _complaint_when_read_whole(bad)
    assert complaint is None or str(bad) in complaint


def _complaint_when_read_whole(path):
    try:
        with ShardReader(path) as shard:
            for name in shard.columns:
                assert len(shard.read(name)) == shard.rows
    except ShardError as error:
        return str(error)
    return None


def test_reads_ranges_and_refuses_those_outside(tmp_path, make_columns):
    path = tmp_path / "a.h5"
    columns = make_columns(150, ["image", "frame_id"])
    write_shard(path, columns, {"kind": "SynHead"})
    with ShardReader(path) as shard:
        assert shard.picture_size == (6, 5)
        assert np.array_equal(shard.read("image", 60, 131), columns["image"][60:131])
        assert shard.read("frame_id", 5, 5).shape == (0,)
        for start, stop in [(-1, 3), (0, 151), (9, 3)]:
            with pytest.raises(ShardError, match="rows"):
                shard.read("frame_id", start, stop)
        with pytest.raises(ShardError, match="no column 'alpha'; it has image, frame_id"):
            shard.read("alpha")


def test_reads_a_read_only_file_and_closes_it(tmp_path, make_columns):
    path = tmp_path / "a.h5"
    write_shard(path, make_columns(3, ["seed"]), {})
    path.chmod(0o444)
    shard = ShardReader(path)
    assert shard.picture_size is None
    shard.close()
    shard.close()
    shutil.move(path, tmp_path / "b.h5")
    with pytest.raises(ShardError):
        shard.read("seed")
