import dataclasses
import multiprocessing
import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synhead_tools.errors import ManifestError, ShardError
from synhead_tools.formats import dataset as dataset_module
from synhead_tools.formats.dataset import Dataset, open_dataset
from synhead_tools.formats.manifest import write_manifest
from synhead_tools.formats.sample import SampleSource
from synhead_tools.formats.shards import write_shard
from synhead_tools.geometry.euler import euler_from_rotmat


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 150), min_size=1, max_size=4), data=st.data())
def test_equals_one_long_array(tmp_path_factory, make_dataset, sizes, data):
    dataset, arrays = make_dataset(tmp_path_factory.mktemp("d") / "set", sizes)
    assert len(dataset) == sum(sizes)
    rows = data.draw(st.none() | st.lists(st.integers(0, len(dataset) - 1), max_size=60))
    expected = slice(None) if rows is None else np.array(rows, int)
    for name, array in arrays.items():
        assert np.array_equal(dataset.read(name, rows), array[expected])
        assert dataset.read(name, rows).dtype == array.dtype


def test_columns_labels_and_protocol(tmp_path, make_dataset):
    dataset, arrays = make_dataset(tmp_path / "a", [3, 4])
    assert isinstance(dataset, SampleSource)
    assert dataset.columns == ("image", "rotmat", "euler_deg", "head_id", "seed")
    labels = dataset.labels([6, 0])
    assert list(labels) == ["rotmat", "euler_deg", "head_id", "seed"]
    assert np.array_equal(labels["seed"], arrays["seed"][[6, 0]])


@pytest.mark.parametrize("convention", ["hopenet", "zyx:+--:deg", "300w-lp"])
def test_euler_angles_follow_the_manifest_not_the_shard(tmp_path, make_dataset, convention):
    names = ("rotmat", "euler_deg")
    stored, arrays = make_dataset(tmp_path / "a", [9], names)
    write_manifest(tmp_path / "a", dataclasses.replace(stored.manifest, convention=convention))
    restated = open_dataset(tmp_path / "a").read("euler_deg", [4, 2])
    expected = euler_from_rotmat(arrays["rotmat"][[4, 2]], convention)
    assert np.allclose(restated, np.rad2deg(expected) if convention == "300w-lp" else expected)
    assert not np.allclose(restated, arrays["euler_deg"][[4, 2]])


def test_shards_with_other_columns_offer_what_is_common(tmp_path, make_columns, make_dataset):
    dataset, _ = make_dataset(tmp_path / "a", [3, 4], ("image", "seed"))
    entries = list(dataset.manifest.shards)
    digest = write_shard(tmp_path / "a" / entries[1].path, make_columns(4, ["image", "frame_id"]), {}, overwrite=True)
    entries[1] = dataclasses.replace(entries[1], sha256=digest)
    write_manifest(tmp_path / "a", dataclasses.replace(dataset.manifest, shards=tuple(entries)))
    mixed = open_dataset(tmp_path / "a")
    assert mixed.columns == ("image",)
    with pytest.raises(ShardError, match="no column 'seed'; it has image"):
        mixed.read("seed")


def test_describes_itself_for_score_tables(tmp_path, make_dataset):
    dataset, _ = make_dataset(tmp_path / "a", [3, 4])
    assert dataset.describe() == {
        "dataset": "SynHead",
        "subset": "all 7 samples",
        "convention": "biwi+",
        "calibrated": True,
        "crop": "as rendered, 5x6 px",
        "frames": 7,
        "target_labels_used": False,
    }


def test_verify_finds_every_changed_byte(tmp_path, make_dataset):
    dataset, _ = make_dataset(tmp_path / "a", [3, 4])
    assert dataset.verify() == 2
    path = tmp_path / "a/shards/00001.h5"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ManifestError, match="00001.h5 is not the file"):
        open_dataset(tmp_path / "a").verify()
    path.unlink()
    with pytest.raises(ManifestError, match="00001.h5 cannot be read"):
        dataset.verify()


def test_missing_shard_is_named_when_opening(tmp_path, make_dataset):
    make_dataset(tmp_path / "a", [3, 4])
    (tmp_path / "a/shards/00000.h5").unlink()
    with pytest.raises(ManifestError, match="shards/00000.h5 is missing"):
        open_dataset(tmp_path / "a")


def test_shard_with_other_rows_or_pictures_is_refused(tmp_path, make_columns, make_dataset):
    dataset, _ = make_dataset(tmp_path / "a", [3])
    path = tmp_path / "a/shards/00000.h5"
    write_shard(path, make_columns(4, ["image"]), {}, overwrite=True)
    with pytest.raises(ManifestError, match="holds 4 samples, the manifest says 3"):
        dataset.read("image")
    write_shard(path, make_columns(3, ["image"], height=8), {}, overwrite=True)
    with pytest.raises(ManifestError, match="pictures of"):
        dataset.read("image")


def test_no_shards_yet(tmp_path, make_dataset):
    dataset, _ = make_dataset(tmp_path / "a", [3])
    with pytest.raises(ManifestError, match="no shards yet"):
        Dataset(tmp_path / "a", dataclasses.replace(dataset.manifest, shards=()))


def test_pickles_without_its_files(tmp_path, make_dataset):
    dataset, arrays = make_dataset(tmp_path / "a", [3, 70])
    dataset.read("image")
    twin = pickle.loads(pickle.dumps(dataset))
    assert np.array_equal(twin.read("image", [50, 1]), arrays["image"][[50, 1]])


def _read_in_child(dataset, rows, queue):
    queue.put(dataset.read("image", rows))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_reads_in_another_process_after_reading_here(tmp_path, make_dataset, method):
    dataset, arrays = make_dataset(tmp_path / "a", [100, 70])
    dataset.read("image", [0, 150])
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    target, arguments = (_read_in_child, (dataset, [169, 5], queue)) if method == "fork" else (None, None)
    if target is None:  # test modules cannot be imported by a spawned process: send a library function instead
        with context.Pool(1) as pool:
            got = pool.apply(dataset.read, ("image", [169, 5]))
    else:
        process = context.Process(target=target, args=arguments)
        process.start()
        got = queue.get(timeout=30)
        process.join()
    assert np.array_equal(got, arrays["image"][[169, 5]])
    assert np.array_equal(dataset.read("image", [169, 5]), arrays["image"][[169, 5]])


def test_many_shards_need_few_open_files(tmp_path, make_dataset, monkeypatch):
    monkeypatch.setattr(dataset_module, "OPEN_SHARDS_LIMIT", 3)
    dataset, arrays = make_dataset(tmp_path / "a", [2] * 9, ("frame_id",))
    rows = np.random.default_rng(0).permutation(18)
    assert np.array_equal(dataset.read("frame_id", rows), arrays["frame_id"][rows])
    assert len(dataset._open) == 3
    dataset.close()
    assert np.array_equal(dataset.read("frame_id", rows), arrays["frame_id"][rows])
