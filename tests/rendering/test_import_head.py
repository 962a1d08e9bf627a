"""The folder of an imported head: whole or not there, and what it says."""

import numpy as np
import pytest

from synhead_tools.errors import HeadError, OutputExistsError
from synhead_tools.heads.foreign.load import load_foreign_head, understand
from synhead_tools.heads.foreign.recipe import ForeignRecipe, LandmarkRule, PartRule
from synhead_tools.heads.foreign.recipe_file import read_foreign_recipe
from synhead_tools.rendering import import_head as module
from synhead_tools.rendering.head_preview import VIEWS, head_preview
from synhead_tools.rendering.import_head import import_head


@pytest.fixture(scope="module")
def foreign(egg, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scan")
    part = egg.parts[0]
    lines = [f"v {x} {-y} {-z}" for x, y, z in part.vertices_m.tolist()]
    lines += ["f " + " ".join(str(n + 1) for n in row) for row in part.triangles.tolist()]
    (folder / "egg.obj").write_text("\n".join(lines))
    rule = LandmarkRule(points5=tuple(map(tuple, (egg.points5_m * [1, -1, -1]).tolist())))
    recipe = ForeignRecipe(
        mesh="egg.obj", name="egg", licence="CC-BY-4.0", unit="m", up="+y", front="+z", landmarks=rule,
        parts=(("mesh", PartRule(region="nose")),), source=(("from", "a hen"),),
    )  # fmt: skip
    return understand(recipe, folder, "head.toml")


def test_the_folder_has_all_that_was_understood(foreign, tmp_path):
    assert import_head(foreign, tmp_path / "out") == tmp_path / "out"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"head.glb", "head.toml", "preview.png"}
    recipe = read_foreign_recipe(tmp_path / "out" / "head.toml")
    assert (recipe.unit, recipe.left, recipe.up, recipe.front, recipe.origin) == ("m", "+x", "+y", "+z", (0, 0, 0))
    source = dict(recipe.source)
    assert (source["from"], source["file"], source["axes"]) == ("a hen", "egg.obj", "left +x, up +y, front +z")
    assert source["recipe_sha256"] == foreign.head.recipe_sha256
    head = load_foreign_head(tmp_path / "out")
    assert np.array_equal(head.points5_m, foreign.head.points5_m)
    for name in ("vertices_m", "normals", "uv", "triangles", "triangle_region", "texture", "tint", "gloss", "specular"):
        assert np.array_equal(getattr(head.parts[0], name), getattr(foreign.head.parts[0], name)), name


def test_equal_imports_give_equal_bytes(foreign, tmp_path):
    for name in ("a", "b"):
        import_head(foreign, tmp_path / name)
    for name in ("head.glb", "head.toml", "preview.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_only_an_imported_head_is_replaced(foreign, tmp_path):
    out = import_head(foreign, tmp_path / "out")
    with pytest.raises(OutputExistsError, match="--overwrite"):
        import_head(foreign, out)
    import_head(foreign, out, overwrite=True)
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(OutputExistsError, match="left alone"):
        import_head(foreign, out, overwrite=True)
    assert (out / "thesis.txt").read_text() == "mine"


def test_an_import_that_fails_leaves_nothing(foreign, tmp_path, monkeypatch):
    def fail(*_):
        raise HeadError("no")

    monkeypatch.setattr(module, "head_preview", fail)
    with pytest.raises(HeadError):
        import_head(foreign, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_the_picture_shows_every_view_the_box_and_the_points(foreign, egg):
    sheet = np.asarray(head_preview(foreign.head, ["a note"], size_px=96))
    assert sheet.shape[1] == 96 * len(VIEWS)
    assert sheet.shape[0] > 96 + 3 * 16
    front = sheet[:96, :96].reshape(-1, 3).tolist()
    assert [250, 220, 60] in front  # the face box
    assert [255, 255, 255] in front  # the five points
