import itertools
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import HeadError
from synhead_tools.heads import assets

FOLDER = assets.meshes_dir() / "assets"
# the assets whose CC0 release was checked; nothing else may enter
HAIRS = {"afro01", "bob01", "bob02", "braid01", "long01", "ponytail01", "short01", "short02", "short03", "short04"}
BROWS = {f"eyebrow{k:03d}" for k in range(1, 13)}
LASHES = {f"eyelashes{k:02d}" for k in range(1, 5)}
EYES = {"blue", "bluegreen", "brown", "brownlight", "deepblue", "green", "grey", "ice", "lightblue"}
SKIN = re.compile(r"(young|middleage|old)_(african|asian|caucasian)_(female|male)|young_caucasian_(female|male)_2")


def test_only_white_listed_assets_are_in_the_pack():
    with zipfile.ZipFile(FOLDER / "proxies.npz") as archive:
        names = {name.split("/")[0] for name in archive.namelist()}
    assert names == HAIRS | BROWS | LASHES | {"eyeballs"}
    textures = FOLDER / "textures"
    found = {kind.name: {path.stem for path in kind.iterdir()} for kind in textures.iterdir()}
    skins = found.pop("skin")
    assert len(skins) == 20
    assert all(SKIN.fullmatch(name) for name in skins)
    assert found == {
        "hair": HAIRS, "scalp": HAIRS, "brows": BROWS, "lashes": LASHES, "eyes": EYES, "masks": {"beard", "occlusion"},
    }  # fmt: skip
    assert {path.name for path in FOLDER.iterdir()} == {
        "geometry.npz", "proxies.npz", "torso.npz", "face_mesh.npz", "textures",
    }  # fmt: skip


def expanded(pattern):
    """Paths of a pattern with {one,other} in it."""
    parts = [part.split(",") for part in re.split(r"[{}]", pattern)]
    return {"".join(chosen) for chosen in itertools.product(*parts)}


def test_every_file_is_listed_with_its_origin_and_its_paragraph_of_the_notice():
    root = FOLDER.parent.parent
    rows = re.findall(
        r"^\| `(assets/[^`]+)` \|([^|]+)\|([^|]+)\| ([123, ]+) \|$", (FOLDER.parent / "README.md").read_text(), re.M
    )
    listed = [path for pattern, *_ in rows for path in expanded(pattern)]
    there = {str(path.relative_to(FOLDER.parent)) for path in FOLDER.rglob("*") if path.is_file()}
    assert len(listed) == len(set(listed))
    assert set(listed) == there
    assert all(re.search(r"\b[WT] `|\bW, as|painted by the packer", made_of) for _, _, made_of, _ in rows)
    notice = (root / "NOTICE").read_text()
    assert all(re.search(rf"^{number}\. ", notice, re.M) for *_, numbers in rows for number in numbers.split(", "))


def test_the_archives_have_the_same_hashes_everywhere():
    root = FOLDER.parent.parent
    pinned = re.findall(r'SHA256 = "([0-9a-f]{64})"', (root / "maintainers" / "pack_heads" / "archives.py").read_text())
    assert len(pinned) == 2
    for document in (root / "NOTICE", FOLDER.parent / "README.md"):
        assert set(re.findall(r"[0-9a-f]{64}", document.read_text())) == set(pinned)


def test_targets_are_of_the_known_groups():
    groups = {name.split("/")[0] for name in assets.load_geometry().target_names}
    assert groups == {"macrodetails", "expression", "head", "forehead", "eyebrows", "eyes", "nose", "mouth", "chin",
                      "cheek", "ears", "neck"}  # fmt: skip


def test_the_pack_is_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 6e6


def test_geometry_is_in_range_and_symmetric():
    geometry = assets.load_geometry()
    count = len(geometry.vertices_dm)
    assert geometry.faces.max() < count
    assert geometry.face_uv.max() < len(geometry.uv)
    assert 0 <= geometry.uv.min() <= geometry.uv.max() <= 1
    assert geometry.target_indptr[-1] == len(geometry.target_indices) == len(geometry.target_deltas_dm)
    skin = geometry.vertices_dm[np.unique(geometry.faces)]
    from scipy.spatial import cKDTree

    assert cKDTree(skin).query(skin * [-1, 1, 1])[0].max() < 1e-3


@pytest.mark.parametrize("kind", assets.TEXTURE_KINDS)
def test_every_texture_reads(kind):
    for name in assets.TEXTURE_KINDS[kind]:
        image = assets.load_texture(kind, name)
        assert min(image.size) >= 128


def test_wrong_names_and_places_are_one_line_errors(monkeypatch, tmp_path):
    with pytest.raises(HeadError, match="Full_beard.*known"):
        assets.load_proxy("Full_beard")
    with pytest.raises(HeadError, match="unknown hair texture"):
        assets.load_texture("hair", "curly")
    monkeypatch.setenv("SYNHEAD_MESHES", str(tmp_path))
    with pytest.raises(HeadError, match="SYNHEAD_MESHES"):
        assets.meshes_dir()
    (tmp_path / "assets").mkdir()
    assert assets.meshes_dir() == Path(tmp_path)


def _without(name):
    return lambda arrays: arrays.pop(name)


def _with(name, change):
    return lambda arrays: arrays.update({name: change(arrays[name])})


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (_without("uv"), "'uv'"),
        (_with("faces", lambda a: a.ravel()), "faces"),
        (_with("faces", lambda a: a + 60000), "faces"),
        (_with("target_indptr", lambda a: a[:3]), "target_indptr"),
        (_with("vertices_dm", lambda a: a * np.float32("nan")), "not finite"),
        (_with("landmark_vertices", lambda a: a[:1]), "landmark_vertices"),
        (_with("target_names", lambda a: a.astype(object)), "allow_pickle"),
    ],
)
def test_geometry_that_does_not_fit_together_is_named(tmp_path, monkeypatch, damage, word):
    with np.load(FOLDER / "geometry.npz") as data:
        arrays = dict(data)
    damage(arrays)
    (tmp_path / "assets").mkdir()
    np.savez(tmp_path / "assets" / "geometry.npz", **arrays)
    monkeypatch.setenv("SYNHEAD_MESHES", str(tmp_path))
    with pytest.raises(HeadError, match=word):
        assets.load_geometry.__wrapped__()


@pytest.mark.parametrize("kind", ["empty", "cut", "flipped", "text"])
def test_a_damaged_file_of_head_data_is_named(tmp_path, monkeypatch, kind):
    data = (FOLDER / "geometry.npz").read_bytes()
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 255
    content = {"empty": b"", "cut": data[: len(data) // 2], "flipped": bytes(flipped), "text": b"hello"}[kind]
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "geometry.npz").write_bytes(content)
    monkeypatch.setenv("SYNHEAD_MESHES", str(tmp_path))
    with pytest.raises(HeadError, match=r"geometry\.npz"):
        assets.load_geometry.__wrapped__()


def test_a_picture_bomb_among_the_textures_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "assets" / "textures" / "masks"
    folder.mkdir(parents=True)
    Image.new("1", (20000, 20000)).save(folder / "beard.webp", "png")
    monkeypatch.setenv("SYNHEAD_MESHES", str(tmp_path))
    with pytest.raises(HeadError, match="beard"):
        assets.load_texture.__wrapped__("masks", "beard")
