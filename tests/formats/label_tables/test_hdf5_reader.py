import os

import h5py
import numpy as np
import pyarrow as pa
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.hdf5_reader import Hdf5Table
from synhead_tools.formats.shards import write_shard


def _read(path):
    with Hdf5Table(path) as table:
        return table, pa.Table.from_batches([block.batch for block in table.blocks()])


def test_the_labels_of_a_shard(tmp_path, make_columns, small_blocks):
    small_blocks(3)
    columns = make_columns(8, ("image", "rotmat", "quat_xyzw", "euler_deg", "landmarks68", "head_id", "seed"))
    write_shard(tmp_path / "a.h5", columns, {"convention": "biwi+"})
    table, read = _read(tmp_path / "a.h5")
    assert table.facts.convention == "biwi+"
    assert table.facts.left_out == () if columns["image"][0].size <= 256 else ("image (shape (8, 6, 5, 3))",)
    for name in ("rotmat", "quat_xyzw", "euler_deg", "seed"):
        assert np.array_equal(np.array(read[name].to_pylist()).reshape(columns[name].shape), columns[name])
    assert read["head_id"].to_pylist() == [name.decode() for name in columns["head_id"].tolist()]


def test_pictures_are_left_out(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["image"], file["rotmat"] = np.zeros((4, 20, 20, 3), "u1"), np.tile(np.eye(3), (4, 1, 1))
    table, read = _read(tmp_path / "a.h5")
    assert read.column_names == ["rotmat"]
    assert table.facts.left_out == ("image (shape (4, 20, 20, 3))",)


def _external_link(file):
    file["other"] = h5py.ExternalLink("secret.h5", "a")


def _soft_link(file):
    file["other"] = h5py.SoftLink("/a")


def _group(file):
    file.create_group("other")


def _external_storage(file):
    file.create_dataset("other", (4,), "i4", external=[("secret.bin", 0, h5py.h5f.UNLIMITED)])


def _virtual(file):
    layout = h5py.VirtualLayout((4,), "i4")
    layout[:] = h5py.VirtualSource("secret.h5", "a", shape=(4,))
    file.create_virtual_dataset("other", layout)


def _objects(file):
    file["other"] = np.array(["a"] * 4, h5py.string_dtype())


def _huge(file):
    file.create_dataset("other", (1 << 40,), "f8", chunks=(1024,), compression="gzip")


def _unequal(file):
    file["other"] = np.zeros(3)


def _scalar(file):
    file["other"] = 3.0


def _version(file):
    file.attrs["schema_version"] = 99


def _long_attribute(file):
    file.attrs["convention"] = np.bytes_(b"x" * 5000)


@pytest.mark.parametrize(
    "change",
    [
        _external_link, _soft_link, _group, _external_storage, _virtual, _objects, _huge, _unequal, _scalar, _version,
        _long_attribute,
    ],
)  # fmt: skip
def test_hostile_files_are_refused(tmp_path, change):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a"] = np.zeros(4)
        change(file)
    with pytest.raises(LabelFormatError) as raised:
        Hdf5Table(tmp_path / "a.h5")
    assert str(tmp_path / "a.h5") in str(raised.value)
    assert "\n" not in str(raised.value)


def test_what_is_no_hdf5(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"hello")
    (tmp_path / "b.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    os.mkfifo(tmp_path / "c.h5")
    for name in "abcd":
        with pytest.raises(LabelFormatError, match=f"{name}.h5"):
            Hdf5Table(tmp_path / f"{name}.h5")


def test_text_that_is_no_utf8(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["name"] = np.array([b"\xff\xfe"])
    with pytest.raises(LabelFormatError, match="column 'name' is not UTF-8"):
        _read(tmp_path / "a.h5")
