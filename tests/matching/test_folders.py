"""Output folders are replaced whole, and never with anything that is still needed."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from synhead_tools.errors import LabelFormatError, OutputExistsError
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.manifest import ShardEntry, write_manifest
from synhead_tools.formats.shards import ShardReader, write_shard
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.matching.build import build_matched
from synhead_tools.matching.folders import matched_folder, new_dataset_folder
from synhead_tools.matching.synhead_plus import build_synhead_plus
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import render_dataset


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rendered") / "synhead"
    poses = rotmat_from_euler([[0.0, -20.0, 0.0], [5.0, 10.0, 0.0]], "biwi+")
    render_dataset(RenderPlan(("m01",), poses, size_px=32, backend="cpu"), folder)
    return folder


@pytest.fixture
def data(rendered, tmp_path):
    """``synhead`` and ``synhead+`` side by side."""
    shutil.copytree(rendered, tmp_path / "synhead")
    build_synhead_plus(tmp_path / "synhead", tmp_path / "synhead+")
    return tmp_path


def _listing(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("source", ["synhead", "synhead+"])
def test_a_dataset_never_replaces_the_pictures_it_points_to(data, source):
    before = _listing(data)
    with pytest.raises(OutputExistsError, match="which is read here"):
        build_synhead_plus(data / source, data / "synhead", overwrite=True)
    assert _listing(data) == before
    assert open_dataset(data / "synhead+").verify() == 1


def test_a_match_never_replaces_a_folder_of_other_datasets(data):
    """A folder that holds datasets need not be one that an earlier match has made."""
    shutil.copytree(data / "synhead", data / "others" / "dear")
    before = _listing(data)
    for out, complaint in ((data, "which is read here"), (data / "others", "'dear'")):
        with pytest.raises(OutputExistsError, match=complaint):
            build_matched(data / "synhead+", open_dataset(data / "synhead"), out, overwrite=True)
        assert _listing(data) == before


def test_a_match_replaces_an_earlier_one_and_its_report_is_whole(data):
    target = open_dataset(data / "synhead")
    first = build_matched(data / "synhead+", target, data / "matched")
    with pytest.raises(OutputExistsError, match="--overwrite"):
        build_matched(data / "synhead+", target, data / "matched")
    assert build_matched(data / "synhead+", target, data / "matched", overwrite=True) == first
    assert np.allclose(open_dataset(data / "matched" / "synbiwi+").read("residual_deg"), 0, atol=1e-6)
    assert [path.name for path in data.iterdir() if path.name.startswith(".")] == []


def test_what_somebody_else_put_there_is_kept(data):
    (data / "synhead+" / "notes.txt").write_text("mine")
    with pytest.raises(OutputExistsError, match=r"notes\.txt"):
        build_synhead_plus(data / "synhead", data / "synhead+", overwrite=True)
    assert (data / "synhead+" / "notes.txt").read_text() == "mine"


def test_a_block_that_fails_leaves_the_old_folder(data):
    before = _listing(data)

    def fail_halfway():
        with new_dataset_folder(data / "synhead+", overwrite=True) as folder:
            (folder / "half").touch()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert _listing(data) == before


def test_turned_shards_state_degrees_in_a_convention_of_radians(data):
    build_synhead_plus(data / "synhead", data / "rad", convention="300w-lp")
    build_matched(data / "rad", open_dataset(data / "synhead"), data / "matched")
    turned = open_dataset(data / "matched" / "synbiwi+")
    with ShardReader(turned.folder / turned.manifest.shards[0].path) as shard:
        np.testing.assert_allclose(shard.read("euler_deg"), turned.read("euler_deg"))
    assert np.abs(turned.read("euler_deg")).max() > 5


def test_a_run_killed_between_its_two_renames_loses_nothing(data):
    (data / "synhead+").rename(data / ".synhead+.old")
    with pytest.raises(OutputExistsError, match="already there"), new_dataset_folder(data / "synhead+"):
        pass
    assert open_dataset(data / "synhead+").verify() == 1
    assert [path.name for path in data.iterdir() if path.name.startswith(".")] == []


def test_a_source_without_rotations_is_refused(data):
    dataset = open_dataset(data / "synhead")
    columns = {name: dataset.read(name) for name in ("image", "alpha", "head_id")}
    (data / "less" / "shards").mkdir(parents=True)
    digest = write_shard(data / "less" / "shards" / "00000.h5", columns, {"convention": "synhead"})
    entry = ShardEntry("shards/00000.h5", len(dataset), digest)
    write_manifest(data / "less", replace(dataset.manifest, shards=(entry,)))
    with pytest.raises(LabelFormatError, match="no column 'rotmat'"):
        build_matched(data / "less", dataset, data / "matched")
    assert not (data / "matched").exists()


@pytest.mark.parametrize("name", ["alpha", "intrinsics", "region", "points5", "translation_m", "head_id"])
def test_what_a_source_has_is_turned(data, name):
    dataset = open_dataset(data / "synhead")
    columns = {column: dataset.read(column) for column in dataset.columns if column != name}
    (data / "less" / "shards").mkdir(parents=True)
    digest = write_shard(data / "less" / "shards" / "00000.h5", columns, {"convention": "synhead"})
    entry = ShardEntry("shards/00000.h5", len(dataset), digest)
    write_manifest(data / "less", replace(dataset.manifest, shards=(entry,)))
    build_matched(data / "less", dataset, data / "matched")
    with open_dataset(data / "matched" / "synbiwi+") as turned:
        assert name not in turned.columns
        assert {"image", "rotmat", "in_plane_deg"} <= set(turned.columns)


def test_a_match_does_not_replace_what_lies_in_its_datasets(data):
    build_matched(data / "synhead+", open_dataset(data / "synhead"), data / "matched")
    (data / "matched" / "synbiwi+" / "notes.txt").write_text("mine")
    for how in ({"overwrite": True}, {"resume": True}):
        with pytest.raises(OutputExistsError, match=r"notes\.txt"):
            build_matched(data / "synhead+", open_dataset(data / "synhead"), data / "matched", **how)
    assert (data / "matched" / "synbiwi+" / "notes.txt").read_text() == "mine"


def test_two_matches_do_not_write_into_one_folder(data):
    with (
        matched_folder(data / "matched", overwrite=False, resume=False),
        pytest.raises(OutputExistsError, match="is being written by process"),
    ):
        build_matched(data / "synhead+", open_dataset(data / "synhead"), data / "matched")
    build_matched(data / "synhead+", open_dataset(data / "synhead"), data / "matched")
