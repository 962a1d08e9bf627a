import io
import os
import struct
import zipfile

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.npz_reader import NpzTable


def _read(path):
    with NpzTable(path) as table:
        blocks = list(table.blocks())
    numbers = np.concatenate([block.numbers for block in blocks])
    return table, pa.Table.from_batches([block.batch for block in blocks]), numbers


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.integers(1, 40),
    tail=st.sampled_from([(), (3,), (4,), (3, 3), (2, 3, 2)]),
    dtype=st.sampled_from(["f8", ">f8", "f4", "i4", ">i2", "u1", "?"]),
    by_column=st.booleans(),
    packed=st.booleans(),
    block=st.integers(1, 50),
)
def test_arrays_are_read_as_numpy_reads_them(tmp_path, small_blocks, rows, tail, dtype, by_column, packed, block):
    small_blocks(block)
    array = np.random.default_rng(0).integers(0, 2 if dtype == "?" else 100, (rows, *tail)).astype(dtype)
    save = np.savez_compressed if packed else np.savez
    save(tmp_path / "a.npz", a=np.asfortranarray(array) if by_column else array)
    table, read, numbers = _read(tmp_path / "a.npz")
    assert np.array_equal(np.array(read["a"].to_pylist()).reshape(array.shape), np.load(tmp_path / "a.npz")["a"])
    assert numbers.tolist() == list(range(rows))
    assert pa.types.is_fixed_size_list(table.schema.field("a").type) == bool(tail)


def test_text_and_what_our_writer_says(tmp_path):
    np.savez(
        tmp_path / "a.npz", name=np.array(["a", "", "ü"]), code=np.array([b"x", b"\xc3\xbc", b""]),
        convention=np.array("hopenet"), unit=np.array(b"rad"), camera=np.array("rgb"),
    )  # fmt: skip
    table, read, _ = _read(tmp_path / "a.npz")
    assert read.to_pydict() == {"name": ["a", "", "ü"], "code": ["x", "ü", ""]}
    assert (table.facts.convention, table.facts.unit, table.facts.camera) == ("hopenet", "rad", "rgb")


def test_what_is_no_label_column_is_left_out_and_listed(tmp_path):
    np.savez(
        tmp_path / "a.npz", pose=np.zeros((5, 3)), box=np.zeros((5, 4)), image=np.zeros((5, 64, 64, 3), "u1"),
        ids=np.zeros(4), date=np.array("today"), any=np.array([None] * 5), wave=np.zeros(5, complex),
    )  # fmt: skip
    table, read, _ = _read(tmp_path / "a.npz")
    assert read.column_names == ["pose", "box"]
    assert table.facts.left_out == (
        "image (shape (5, 64, 64, 3))", "ids (4 rows instead of 5)", "date (one value for all rows)",
        "any (type object)", "wave (type complex128)",
    )  # fmt: skip


def _with_member(path, data, name="a.npy", **settings):
    with zipfile.ZipFile(path, "w", **settings) as archive:
        archive.writestr(name, data)


def _npy(shape, data=b"", descr="<f8", order="False"):
    header = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_npy("(1099511627776, 3)"), "declares"),
        (_npy("(4, 3)", bytes(95)), "declares 96 bytes but has 95"),
        (_npy("(4, 3)", bytes(97)), "declares"),
        (_npy("(-4, 3)", bytes(96)), "declares|no NumPy array"),
        (_npy("(4, 3)", descr="not a type"), "no NumPy array"),
        (_npy("(" * 300), "no NumPy array"),
        (b"\x93NUMPY\x01\x00\xff\xff" + b" " * 65535, "no NumPy array"),
        (b"\x93NUMPY\x09\x00\x00\x00", "no NumPy array"),
        (b"", "no NumPy array"),
        (_npy("(1,)", b"\x80\x04N.", "|O"), "holds no arrays of numbers"),
        (_npy("()", bytes(8)), "holds no arrays of numbers"),
    ],
)
def test_headers_are_not_believed(tmp_path, data, message):
    _with_member(tmp_path / "a.npz", data)
    with pytest.raises(LabelFormatError, match=message) as raised:
        NpzTable(tmp_path / "a.npz")
    assert str(tmp_path / "a.npz") in str(raised.value)
    assert "\n" not in str(raised.value)


def test_damaged_archives(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.random.default_rng(0).normal(size=(1000, 3)))
    good = path.read_bytes()
    for damaged in (b"", b"PK\x03\x04", good[:1000], good[: len(good) // 2] + good[len(good) // 2 + 9 :]):
        path.write_bytes(damaged)
        with pytest.raises(LabelFormatError, match=r"not a sound \.npz|fetch it anew"):
            _read(path)
    for place in range(60, len(good) - 200, 400):
        path.write_bytes(good[:place] + bytes([good[place] ^ 255]) + good[place + 1 :])
        with pytest.raises(LabelFormatError, match="a.npz"):
            _read(path)


def test_unusual_archives_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    _with_member(path, _npy("(1, 3)", bytes(24)), compression=zipfile.ZIP_BZIP2)
    with pytest.raises(LabelFormatError, match="packed in an unusual way"):
        NpzTable(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", _npy("(1, 3)", bytes(24)))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.npy", _npy("(1, 3)", bytes(24)))
    with pytest.raises(LabelFormatError, match="one name"):
        NpzTable(path)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(1001):
            archive.writestr(f"{number}.npy", _npy("(1,)", bytes(8)))
    with pytest.raises(LabelFormatError, match="1001 arrays"):
        NpzTable(path)


def test_a_bomb_is_read_in_bounded_pieces(tmp_path):
    """A hundred million rows in a hundred kilobytes: each block takes no more than any other file's."""
    path, rows = tmp_path / "a.npz", 50_000_000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.npy", "w") as member:
        member.write(_npy(f"({rows}, 3)", descr="|u1"))
        for _ in range(rows * 3 // 10_000_000):
            member.write(bytes(10_000_000))
    assert path.stat().st_size < 200_000
    with NpzTable(path) as table:
        block = next(table.blocks())
    assert block.batch.nbytes < 1 << 20


def test_pipes_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LabelFormatError, match="not a regular file"):
        NpzTable(tmp_path / "pipe")


def test_surrogates_are_no_text(tmp_path):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.array(["a"]))
    data = buffer.getvalue()[:-4] + struct.pack("<I", 0xD800)
    _with_member(tmp_path / "a.npz", data)
    with pytest.raises(LabelFormatError, match="a.npz"):
        _read(tmp_path / "a.npz")
