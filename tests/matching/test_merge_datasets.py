import shutil
from dataclasses import replace

import numpy as np
import pytest

from synhead_tools.errors import ManifestError, OutputExistsError
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.manifest import read_manifest, write_manifest
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.matching.merge_datasets import merge_datasets
from synhead_tools.matching.synhead_plus import build_synhead_plus
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import render_dataset


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """``one`` of two heads, ``other`` of one of them and a third, ``one+`` and ``other+``."""
    folder = tmp_path_factory.mktemp("merge")
    poses = rotmat_from_euler([[0.0, -20.0, 0.0], [5.0, 10.0, 0.0], [0.0, 170.0, 0.0]], "biwi+")
    for name, heads, chosen in (("one", ("m01", "f01"), poses), ("other", ("f01", "f02"), poses[:2])):
        render_dataset(RenderPlan(heads, chosen, size_px=32, backend="cpu"), folder / name)
        build_synhead_plus(folder / name, folder / f"{name}+")
    return folder


@pytest.fixture
def data(rendered, tmp_path):
    shutil.copytree(rendered, tmp_path / "data")
    return tmp_path / "data"


def restate(folder, **changes):
    write_manifest(folder, replace(read_manifest(folder), **changes))


def test_samples_come_one_after_the_other_and_no_picture_is_copied(data):
    one, other = open_dataset(data / "one+"), open_dataset(data / "other+")
    merge_datasets([data / "one+", data / "other+"], data / "both")
    both = open_dataset(data / "both")
    assert len(one) == len(other) == 4  # the backs of heads are no SynHead+
    for name in ("image", "rotmat", "head_id", "euler_deg"):
        np.testing.assert_array_equal(both.read(name), np.concatenate([one.read(name), other.read(name)]))
    assert both.verify() == len(both.manifest.shards)
    assert not list((data / "both").glob("**/*.h5"))
    assert (data / "both" / "labels.parquet").exists()
    manifest = both.manifest
    assert (manifest.kind, manifest.convention, sorted(manifest.heads)) == ("SynHead+", "biwi+", ["f01", "f02", "m01"])
    assert [parent["frames"] for parent in manifest.parents] == [4, 4]


def test_what_one_knows_of_a_target_the_union_knows(data):
    restate(data / "other+", kind="SynHead++", target_labels_used=True, target_poses="BIWI")
    manifest = merge_datasets([data / "one+", data / "other+"], data / "both")
    assert (manifest.kind, manifest.target_labels_used, manifest.target_poses) == ("SynHead++", True, "BIWI")
    assert open_dataset(data / "both").describe()["target_labels_used"]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"convention": "biwi"}, "convention differs.*biwi.*convert-euler"),
        ({"image": {"width": 32, "height": 64}}, "image size differs.*32 x 64 px"),
        ({"kind": "SynHeadScenes"}, "SynHeadScenes.*cannot be united"),
        ({"composed": True}, "has backgrounds baked in"),
        ({"heads": {"f01": {"licence": "CC0-1.0", "recipe_sha256": "0" * 64}}}, "another head called 'f01'"),
    ],
)
def test_what_a_dataset_has_but_once_must_agree(data, changes, complaint):
    restate(data / "other+", **changes)
    with pytest.raises(ManifestError, match=complaint) as error:
        merge_datasets([data / "one+", data / "other+"], data / "both")
    assert "\n" not in str(error.value)
    assert not (data / "both").exists()


def test_one_is_no_union_and_no_frame_counts_twice(data):
    with pytest.raises(ManifestError, match="at least two"):
        merge_datasets([data / "one+"], data / "both")
    with pytest.raises(ManifestError, match="would count twice"):
        merge_datasets([data / "one+", data / "other+", data / "one+" / "dataset.json"], data / "both")
    merge_datasets([data / "one+", data / "other+"], data / "both")
    with pytest.raises(ManifestError, match=r"one\+ has frames that .*both has too"):
        merge_datasets([data / "both", data / "one+"], data / "more")


def test_nothing_is_lost(data):
    merge_datasets([data / "one+", data / "other+"], data / "both")
    before = (data / "both" / "dataset.json").read_bytes()
    with pytest.raises(OutputExistsError):
        merge_datasets([data / "one+", data / "other+"], data / "both")
    with pytest.raises(OutputExistsError, match="which is read here"):
        merge_datasets([data / "one+", data / "other+"], data / "one+", overwrite=True)
    merge_datasets([data / "one+", data / "other+"], data / "both", overwrite=True)
    assert (data / "both" / "dataset.json").read_bytes() == before
