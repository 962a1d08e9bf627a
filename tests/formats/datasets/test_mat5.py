import io
import struct
import tracemalloc
import zlib

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import loadmat, savemat
from scipy.sparse import eye_array

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.mat5 import VARIABLE_BYTES_LIMIT, numeric_matrices

DTYPES = ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]


def _saved(variables, **options):
    file = io.BytesIO()
    savemat(file, variables, **options)
    return file.getvalue()


def _complaint(data, names=("a",)):
    try:
        numeric_matrices(data, names, "x.mat")
    except LabelFormatError as error:
        return str(error)
    return None


def _header(order="<"):
    text = b"MATLAB 5.0 MAT-file".ljust(124)
    return text + struct.pack(order + "HH", 0x0100, 0x4D49)


def _element(kind, content, order="<", size=None):
    head = struct.pack(order + "II", kind, len(content) if size is None else size)
    return head + content + bytes(-len(content) % 8)


def _matrix(name, shape, values, kind=9, order="<", flags=6, size=None):
    parts = _element(6, struct.pack(order + "II", flags, 0), order)
    parts += _element(5, struct.pack(f"{order}{len(shape)}i", *shape), order) + _element(1, name, order)
    return _element(14, parts + _element(kind, values, order, size), order)


@given(
    st.lists(st.tuples(st.sampled_from(DTYPES), st.integers(1, 5), st.integers(1, 7)), min_size=1, max_size=4),
    st.booleans(),
    st.integers(0, 99),
)
def test_reads_what_scipy_writes_as_scipy_reads_it(specs, deflated, seed):
    rng = np.random.default_rng(seed)
    arrays = {
        f"v{i}": rng.integers(0, 200 if dtype != "i1" else 100, (r, c)).astype(dtype)
        for i, (dtype, r, c) in enumerate(specs)
    }
    data = _saved(arrays, do_compression=deflated)
    found, known = numeric_matrices(data, arrays, "x.mat"), loadmat(io.BytesIO(data))
    assert set(found) == set(arrays)
    for name in arrays:
        assert found[name].dtype == known[name].dtype
        assert np.array_equal(found[name], known[name])


def test_matlab_stores_whole_numbers_in_fewer_bytes():
    # class double, values as uint8, as MATLAB itself saves them, and a short element for a two-letter name
    body = _element(6, struct.pack("<II", 6, 0)) + _element(5, struct.pack("<2i", 2, 3))
    body += struct.pack("<HH", 1, 2) + b"ab\0\0" + _element(2, bytes(range(6)))
    found = numeric_matrices(_header() + _element(14, body), ["ab"], "x.mat")["ab"]
    assert found.dtype == np.float64
    assert found.tolist() == [[0, 2, 4], [1, 3, 5]]


def test_other_byte_order():
    values = np.arange(6.0).astype(">f8").tobytes()
    found = numeric_matrices(_header(">") + _matrix(b"a", (3, 2), values, order=">"), ["a"], "x.mat")
    assert found["a"].tolist() == [[0, 3], [1, 4], [2, 5]]


@pytest.mark.parametrize("deflated", [False, True])
def test_only_what_is_asked_for_is_read(deflated):
    others = {"s": {"x": 1.0}, "c": np.array([1, "b"], object), "t": "text", "z": np.eye(3) * 1j, "p": eye_array(4)}
    data = _saved({**others, "a": np.eye(2), "big": np.zeros((500, 500))}, do_compression=deflated)
    assert list(numeric_matrices(data, ["a", "missing"], "x.mat")) == ["a"]
    said = {"s": "a struct", "c": "a cell array", "t": "text", "z": "complex", "p": "sparse", "big": "bytes"}
    for name in ("s", "c", "t", "z", "p"):
        assert f"{name} is {said[name]}" in _complaint(data, [name])
    assert "big" in _complaint(data, ["big"])


def test_objects_and_function_handles_are_never_built():
    for flags, what in ((16, "a function handle"), (3, "an object")):
        data = _header() + _matrix(b"a", (1, 1), b"x" * 8, flags=flags) + _matrix(b"b", (1, 1), bytes(8))
        assert f"a is {what}" in _complaint(data)
        assert list(numeric_matrices(data, ["b"], "x.mat")) == ["b"]
    opaque = _element(14, _element(6, struct.pack("<II", 17, 0)) + _element(1, b"a"))
    assert numeric_matrices(_header() + opaque, ["a"], "x.mat") == {}


def test_other_kinds_of_file_are_named(tmp_path):
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        file["a"] = np.eye(2)
    assert "MATLAB 7.3 (HDF5) file; save it with -v7" in _complaint((tmp_path / "a.mat").read_bytes())
    with h5py.File(tmp_path / "b.mat", "w") as file:
        file["a"] = np.eye(2)
    assert "MATLAB 7.3" in _complaint((tmp_path / "b.mat").read_bytes())
    for data in (b"", b"a,b\n1,2\n", _saved({"a": np.eye(2)}, format="4"), bytes(4096)):
        assert "not a MATLAB 5 file" in _complaint(data)


@pytest.mark.parametrize("deflated", [False, True])
def test_no_truncated_or_flipped_file_does_harm(deflated):
    arrays = {"a": np.arange(12.0).reshape(3, 4), "b": np.eye(3, dtype="f4")}
    data = _saved(arrays, do_compression=deflated)
    whole = 0
    for length in range(len(data)):
        if _complaint(data[:length], ("a", "b")) is None:
            whole += 1
    assert whole == 2  # after the header, and after the first variable
    rng = np.random.default_rng(0)
    complaints = 0
    for _ in range(300):
        flipped = bytearray(data)
        flipped[rng.integers(len(data))] ^= 1 << rng.integers(8)
        complaints += _complaint(bytes(flipped), ("a", "b")) is not None
    assert complaints > 30


def test_memory_is_never_that_of_a_claim():
    bomb = zlib.compress(_matrix(b"a", (1, 8 << 20), bytes(64 << 20)), 9)
    claims = [
        _element(15, bomb),
        _matrix(b"a", (1, 1 << 28), b"", size=1 << 31),
        _matrix(b"a", (1 << 30, 1 << 30), bytes(8)),
        _matrix(b"a", (-1, -1), bytes(8)),
        _matrix(b"a", (3,) * 20000, bytes(8)),
        _matrix(b"a", (0, 5), b""),
        _matrix(b"a", (1, 1), bytes(8), kind=77),
        _element(14, bytes(100), size=1 << 30),
        _element(15, b"not deflated"),
        _element(77, bytes(16)),
        _element(14, b""),
        _matrix(b"a", (1, 1 + VARIABLE_BYTES_LIMIT // 8), bytes(VARIABLE_BYTES_LIMIT + 8)),
    ]
    for claim in claims:
        data = _header() + claim
        tracemalloc.start()
        complaint = _complaint(data)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert complaint is not None
        assert "x.mat" in complaint
        assert "\n" not in complaint
        assert peak < 4 * VARIABLE_BYTES_LIMIT + 2 * len(data)


def test_a_bomb_and_a_torn_stream_are_told_apart():
    stream = zlib.compress(_matrix(b"a", (1, 1 << 20), np.random.default_rng(0).bytes(8 << 20)))
    assert "a inflates without end" in _complaint(_header() + _element(15, stream))
    stream = zlib.compress(_matrix(b"a", (1, 1000), np.random.default_rng(0).bytes(8000)))
    assert "a breaks off" in _complaint(_header() + _element(15, stream[:4000]))


def test_a_name_given_twice_is_refused():
    data = _header() + _matrix(b"a", (1, 1), bytes(8)) * 2
    assert "a is there twice" in _complaint(data)
