"""One rule through all rooms: what stands over a background for good is never put over another."""

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import ExportError, ManifestError
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.exporters.export_dataset import export_dataset
from synhead_tools.formats.exporters.pictures import PictureStyle
from synhead_tools.formats.manifest import Manifest, read_manifest
from synhead_tools.formats.sample import LIGHT_COLUMNS, can_composite
from synhead_tools.formats.selection import union_entries
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.matching.build import build_matched
from synhead_tools.matching.turn_picture import turn_composed
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.preview import contact_sheet
from synhead_tools.rendering.render_dataset import render_dataset

BLUE = (20, 60, 200)
ROTMATS = rotmat_from_euler([[0.0, 0, 0], [10, 30, 0], [-10, -20, 5]], "biwi+")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The same three samples, left open and composed over blue."""
    out = tmp_path_factory.mktemp("sets")
    for name, background in (("open", None), ("composed", "solid:#143cc8")):
        plan = RenderPlan(("m03",), ROTMATS, size_px=64, background=background, lighting="random")
        render_dataset(plan, out / name)
    return out


@pytest.fixture
def both(folders):
    with open_dataset(folders / "open") as left_open, open_dataset(folders / "composed") as composed:
        yield left_open, composed


def test_the_manifest_and_the_description_say_it(both):
    left_open, composed = both
    assert not left_open.manifest.composed
    assert composed.manifest.composed
    assert "composed" not in left_open.describe()
    assert composed.describe()["composed"] is True
    assert can_composite(left_open)
    assert not can_composite(composed)


def test_manifests_of_before_are_not_composed(folders, tmp_path):
    import json

    document = json.loads((folders / "open" / "dataset.json").read_text())
    del document["composed"]
    (tmp_path / "dataset.json").write_text(json.dumps(document))
    assert read_manifest(tmp_path).composed is False
    assert Manifest("SynHead", "synhead").composed is False


def test_alpha_is_as_rendered_and_the_picture_is_over_the_background(both):
    left_open, composed = both
    alpha = composed.read("alpha")
    np.testing.assert_array_equal(alpha, left_open.read("alpha"))
    assert (composed.read("image")[alpha == 0] == BLUE).all()
    inside = alpha == 255
    np.testing.assert_array_equal(composed.read("image")[inside], left_open.read("image")[inside])
    np.testing.assert_array_equal(composed.read("head_box_xyxy"), left_open.read("head_box_xyxy"))


def test_the_preview_shows_it_over_its_own_background(both):
    left_open, composed = both
    corner = (2, 2)
    assert contact_sheet(composed, [np.array([0])]).getpixel(corner) == BLUE
    assert len(set(contact_sheet(left_open, [np.array([0])]).getpixel(corner))) == 1


def test_exports_keep_it_and_refuse_another(both, tmp_path):
    _, composed = both
    with pytest.raises(ExportError, match="already"):
        export_dataset(composed, tmp_path / "no", "coco", pictures=PictureStyle(background=(1, 2, 3)))
    export_dataset(composed, tmp_path / "coco", "coco")
    first = sorted((tmp_path / "coco" / "images").glob("*.png"))[0]
    np.testing.assert_array_equal(np.asarray(Image.open(first)), composed.read("image", [0])[0])


def test_the_trainer_does_not_put_anything_behind_it(both):
    pytest.importorskip("torch")
    from synhead_tools.learning.pictures.data import read_labelled_crops

    left_open, composed = both
    assert read_labelled_crops(left_open, 32).has_alpha
    crops = read_labelled_crops(composed, 32, 1.2)
    assert not crops.has_alpha
    colours = crops.pictures.numpy().reshape(3, -1, 3)
    assert all((np.abs(sample.astype(int) - BLUE).max(axis=1) <= 1).mean() > 0.1 for sample in colours)


def test_turned_pictures_have_no_black_corners_and_no_stale_light(both, folders, tmp_path):
    left_open, composed = both
    for name, source in (("open", left_open), ("composed", composed)):
        build_matched(folders / name, source, tmp_path / name)
        with open_dataset(tmp_path / name / "synbiwi+") as turned, open_dataset(tmp_path / name / "synhead++") as union:
            assert turned.manifest.composed == union.manifest.composed == source.manifest.composed
            assert not set(LIGHT_COLUMNS) & set(turned.columns)
            assert set(LIGHT_COLUMNS[:4]) <= set(source.columns)
            assert can_composite(turned) == can_composite(source)


def test_corners_show_the_mirror_image():
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:] = BLUE
    picture[15:25, 25:35] = 200
    for turn_deg in (0.0, 30.0, -77.0, 180.0):
        turned = turn_composed(picture, turn_deg, (31.0, 18.0))
        assert turned.shape == picture.shape
        assert (turned[[0, 0, -1, -1], [0, -1, 0, -1]] == BLUE).all()
    np.testing.assert_array_equal(turn_composed(picture, 0.0, (31.0, 18.0)), picture)


def test_a_union_is_of_one_kind(both, tmp_path):
    with pytest.raises(ManifestError, match="has not"):
        union_entries(both, tmp_path / "union")
