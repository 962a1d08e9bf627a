import dataclasses
import hashlib
import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synhead_tools.errors import ManifestError, OutputExistsError
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.manifest import Manifest, write_manifest
from synhead_tools.formats.selection import select_entries, union_entries
from synhead_tools.formats.selection_file import read_selection


def _open(folder, entries, kind="SynHead+"):
    write_manifest(folder, Manifest(kind, "biwi+", entries))
    return open_dataset(folder)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 90), min_size=1, max_size=4), data=st.data())
def test_selection_of_a_selection_equals_numpy_indexing(tmp_path_factory, make_dataset, sizes, data):
    base = tmp_path_factory.mktemp("d")
    dataset, arrays = make_dataset(base / "a", sizes)
    expected = np.arange(sum(sizes))
    for name in ("b", "deeper/c"):
        picked = data.draw(st.lists(st.integers(0, len(dataset) - 1), min_size=1, max_size=50))
        dataset = _open(base / name, select_entries(dataset, picked, base / name))
        expected = expected[np.sort(picked)]
        for column, array in arrays.items():
            assert np.array_equal(dataset.read(column), array[expected])
        assert dataset.verify() == len(dataset.manifest.shards)


def test_union_is_one_after_the_other(tmp_path, make_dataset):
    one, first = make_dataset(tmp_path / "a", [70, 5])
    two, second = make_dataset(tmp_path / "b", [8], seed=9)
    some = _open(tmp_path / "c", select_entries(one, [3, 72, 1], tmp_path / "c"))
    union = _open(tmp_path / "u", union_entries([some, two, one], tmp_path / "u"), "SynHead++")
    for name in first:
        expected = np.concatenate([first[name][[1, 3, 72]], second[name], first[name]])
        assert np.array_equal(union.read(name), expected)
        rows = np.random.default_rng(0).permutation(len(union))
        assert np.array_equal(union.read(name, rows), expected[rows])


def test_whole_shards_need_no_selection_and_unused_ones_are_left_out(tmp_path, make_dataset):
    dataset, _ = make_dataset(tmp_path / "a", [4, 5, 6])
    entries = select_entries(dataset, [*range(4), 12], tmp_path / "b")
    assert [(entry.path, entry.selected) for entry in entries] == [
        ("../a/shards/00000.h5", None),
        ("../a/shards/00002.h5", "selections/00001.npy"),
    ]
    assert not (tmp_path / "b/shards").exists()


def test_selection_files_are_plain_uint32_and_not_overwritten(tmp_path, make_dataset):
    dataset, _ = make_dataset(tmp_path / "a", [9])
    select_entries(dataset, [5, 2], tmp_path / "b")
    rows = np.load(tmp_path / "b/selections/00000.npy")
    assert rows.dtype == np.uint32
    assert rows.tolist() == [2, 5]
    with pytest.raises(OutputExistsError):
        select_entries(dataset, [5, 3], tmp_path / "b")
    select_entries(dataset, [5, 3], tmp_path / "b", overwrite=True)


def test_nothing_selected(tmp_path, make_dataset):
    dataset, _ = make_dataset(tmp_path / "a", [9])
    with pytest.raises(ManifestError, match="no row was selected"):
        select_entries(dataset, [], tmp_path / "b")


def test_works_through_a_symbolic_link(tmp_path, make_dataset):
    dataset, arrays = make_dataset(tmp_path / "a", [9])
    (tmp_path / "far/away").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far/away")
    selected = _open(tmp_path / "link", select_entries(dataset, [4], tmp_path / "link"))
    assert np.array_equal(selected.read("image"), arrays["image"][[4]])


def _npy(array, **options):
    data = io.BytesIO()
    np.save(data, array, **options)
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_npy(np.array([1, 2], "i8")), "uint32"),
        (_npy(np.array([[1, 2]], "u4")), "uint32"),
        (_npy(np.array([1, 2, 3], "u4")), "2 row numbers"),
        (_npy(np.array([1, 9], "u4")), "row 9 of a shard of 9"),
        (_npy(np.array([1, None], object), allow_pickle=True), "not a NumPy array"),
        (_npy(np.array([1, 2], "u4")).replace(b"(2,)", b"(9,)"), "not a NumPy array"),
        (_npy(np.array([1, 2], "u4"))[:40], "not a NumPy array"),
        (b"", "not a NumPy array"),
    ],
)
def test_wrong_selection_files_are_refused(tmp_path, make_dataset, data, message):
    dataset, _ = make_dataset(tmp_path / "a", [9])
    (entry,) = select_entries(dataset, [5, 2], tmp_path / "b")
    (tmp_path / "b/selections/00000.npy").write_bytes(data)
    with pytest.raises(ManifestError, match="not the selection the manifest"):
        read_selection(tmp_path / "b", entry)
    entry = dataclasses.replace(entry, selected_sha256=hashlib.sha256(data).hexdigest())
    with pytest.raises(ManifestError, match=message):
        read_selection(tmp_path / "b", entry)
    (tmp_path / "b/selections/00000.npy").unlink()
    with pytest.raises(ManifestError, match="No such file"):
        read_selection(tmp_path / "b", entry)


def test_a_selection_that_claims_more_rows_than_it_holds_is_refused_at_once(tmp_path, make_dataset):
    dataset, _ = make_dataset(tmp_path / "a", [9])
    (entry,) = select_entries(dataset, [5, 2], tmp_path / "b")
    lying = dataclasses.replace(entry, selected_rows=10**12)
    with pytest.raises(ManifestError, match="holds fewer than 1000000000000 row numbers"):
        _open(tmp_path / "b", (lying,))
    (tmp_path / "b" / entry.selected).unlink()
    with pytest.raises(ManifestError, match="is missing"):
        _open(tmp_path / "b", (entry,))
