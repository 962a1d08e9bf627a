from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from synhead_tools.errors import HeadError
from synhead_tools.heads import assets
from synhead_tools.heads.build import build_head
from synhead_tools.heads.cloth import cloth_texture
from synhead_tools.heads.library import load_head, load_recipe
from synhead_tools.heads.pose_neck import bend_neck
from synhead_tools.heads.recipe import CLOTHS, NOTHING
from synhead_tools.heads.regions import Region
from synhead_tools.heads.torso import (
    STYLES,
    below_neckline_dm,
    cut_triangles,
    torso_mesh,
    torso_topology,
    torso_vertices,
)
from synhead_tools.heads.torso_geometry import load_torso


def welded(positions, triangles):
    """Directed edges over positions that are one where rims are doubled."""
    places = np.unique(np.round(positions, 6), axis=0, return_inverse=True)[1].ravel()[triangles]
    edges = np.stack([places, np.roll(places, -1, 1)], -1).reshape(-1, 2)
    return edges[edges[:, 0] != edges[:, 1]]


@pytest.fixture(scope="module", params=STYLES)
def dressed(request):
    """A stout man in each style."""
    recipe = replace(load_recipe("m02"), cloth=request.param, weight=1.0, muscle=0.2)
    return build_head(recipe, "dressed")


def test_recipes_know_the_styles():
    assert set(CLOTHS) == set(STYLES)


@pytest.mark.parametrize("fine", [False, True])
@pytest.mark.parametrize("style", STYLES)
def test_the_torso_is_closed_and_faces_outward(style, fine):
    positions, normals, uv, triangles, rest = torso_mesh(torso_vertices({}), style, 3, fine)
    assert len(positions) == len(normals) == len(uv) == len(rest)
    uses = Counter(map(tuple, welded(positions, triangles).tolist()))
    assert set(uses.values()) == {1}
    assert all(edge[::-1] in uses for edge in uses)
    a, b, c = np.moveaxis(positions[triangles] - positions.mean(axis=0), 1, 0)
    assert 20 < np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6 < 60  # litres
    assert 0 <= uv.min() <= uv.max() <= 1
    assert np.allclose(np.linalg.norm(normals, axis=1), 1)


@pytest.mark.parametrize("style", STYLES)
def test_the_last_triangles_close_the_cuts(style):
    positions, _, _, triangles, _ = torso_mesh(torso_vertices({}), style, 3)
    cut = positions[triangles[-cut_triangles(style) :]]
    assert len(torso_topology(style).rims) == 4  # neckline, two arms, hips
    assert cut[..., 1].max() < 2.7
    kept = positions[np.unique(triangles[: -cut_triangles(style)])]
    assert 0.3 < kept[:, 1].min() < 0.6


def test_the_arms_hang():
    torso = load_torso()
    before, after = torso.vertices_dm, torso_vertices({})
    wrist = np.argmax(before[:, 0])
    assert after[wrist, 0] < before[wrist, 0] - 0.9
    assert after[wrist, 1] < before[wrist, 1] - 0.9
    assert after[wrist, 2] < before[wrist, 2] - 0.6
    chest = np.abs(before[:, 0]) < 0.5
    assert np.allclose(after[chest], before[chest], atol=1e-9)
    mirrored = cKDTree(after).query(after * [-1, 1, 1])[0]
    assert mirrored.max() < 2e-3


def test_the_torso_follows_the_body():
    slim, stout = (torso_vertices({f"macrodetails/universal-male-young-averagemuscle-{w}": 1.0})
                   for w in ("minweight", "maxweight"))  # fmt: skip
    chest = (np.abs(slim[:, 0]) < 1.0) & (slim[:, 1] < 4)
    assert np.ptp(stout[chest, 2]) > np.ptp(slim[chest, 2]) + 0.08
    assert np.array_equal(torso_vertices({"no/such": 1.0}), torso_vertices({}))
    assert set(load_torso().target_names) <= set(assets.load_geometry().target_names)


def test_necklines_differ_where_they_should():
    front, side, nape = np.array([[0, 5.35, 1.0], [0.72, 5.8, 0.1], [0, 5.9, -0.3]])
    below = {style: [below_neckline_dm(place, style) for place in (front, side, nape)] for style in STYLES}
    assert (np.array(below["turtleneck"]) > 0).all()
    assert below["crew_neck"][0] > 0 > below["v_neck"][0]
    assert below["crew_neck"][1:] == below["v_neck"][1:]


def test_skin_below_the_neckline_lies_inside_of_the_cloth(dressed):
    """Along a cloth vertex's normal, no skin lies outside of it; bent or not."""
    for head in (dressed, bend_neck(dressed, np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]), 0.0)):
        skin, cloth = head.part("skin"), head.part("cloth")
        outer = np.arange(torso_topology(dressed.recipe.cloth).cloth.mix.shape[0])  # without hem and cuts
        distance, nearest = cKDTree(cloth.vertices_m[outer]).query(skin.vertices_m)
        normals = cloth.normals[outer][nearest]
        height = np.einsum("ij,ij->i", skin.vertices_m - cloth.vertices_m[outer][nearest], normals)
        seen = np.isin(np.arange(len(skin.vertices_m)), skin.triangles[skin.triangle_region == Region.NECK])
        covered = seen & (skin.bend > 0.5) & (distance < 0.02) & (height < 0.03)
        assert covered.sum() > 150
        assert np.quantile(height[covered], 0.98) < 0
        assert height[covered].max() < 0.003


@pytest.mark.parametrize("detail", [0, 1])
def test_the_skin_below_is_left_out_and_closed(dressed, detail):
    head = build_head(dressed.recipe, "dressed", detail)
    bare = build_head(replace(dressed.recipe, cloth=NOTHING), "bare", detail)
    skin, whole = head.part("skin"), bare.part("skin")
    assert len(skin.vertices_m) == len(whole.vertices_m)
    assert len(skin.triangles) < 0.98 * len(whole.triangles)
    uses = Counter(map(tuple, welded(skin.vertices_m.astype(float), skin.triangles).tolist()))
    assert set(uses.values()) == {1}
    assert all(edge[::-1] in uses for edge in uses)
    unused = np.setdiff1d(np.arange(len(skin.vertices_m)), skin.triangles)
    assert len(unused)
    assert (skin.bend[unused] == 0).all()


def test_hair_lies_on_the_cloth():
    for name in ("f01", "f02", "f04"):
        hair, cloth = load_head(name).part("hair"), load_head(name).part("cloth")
        distance, nearest = cKDTree(cloth.vertices_m).query(hair.vertices_m)
        height = np.einsum("ij,ij->i", hair.vertices_m - cloth.vertices_m[nearest], cloth.normals[nearest])
        low = height[(distance < 0.05) & (hair.bend > 0)]
        assert low.min() > 0
        assert np.quantile(low, 0.01) > 0.0039


def test_cloth_is_cloth_and_of_the_recipes_colour(dressed):
    cloth = dressed.part("cloth")
    assert set(cloth.triangle_region.tolist()) == {Region.CLOTH}
    mean = cloth.texture[..., :3].mean(axis=(0, 1)) / 255
    assert np.allclose(mean, dressed.recipe.cloth_rgb, atol=0.02)
    assert cloth_texture((0.4, 0.5, 0.6), 7).tobytes() == cloth_texture((0.4, 0.5, 0.6), 7).tobytes()
    assert cloth_texture((0.4, 0.5, 0.6), 7).tobytes() != cloth_texture((0.4, 0.5, 0.6), 8).tobytes()


def test_a_bare_bust_has_no_cloth_and_bends_all_the_same():
    bare = build_head(replace(load_recipe("m03"), cloth=NOTHING), "bare")
    assert bare.part("cloth") is None
    turned = bend_neck(bare, np.diag([-1.0, -1.0, 1.0]) @ np.diag([1.0, -1.0, -1.0]), 0.3)  # half a turn about y
    assert turned is bare or turned.rest is bare


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda arrays: arrays.pop("joint_vertices"), "'joint_vertices'"),
        (lambda arrays: arrays.update(joint_vertices=arrays["joint_vertices"][:2]), "joint_vertices"),
        (lambda arrays: arrays.update(faces=arrays["faces"] + 9999), "faces"),
        (lambda arrays: arrays.update(vertices_dm=arrays["vertices_dm"] + np.float32("inf")), "not finite"),
    ],
)
def test_torso_data_that_does_not_fit_together_is_named(tmp_path, monkeypatch, change, word):
    with np.load(assets.meshes_dir() / "assets" / "torso.npz") as data:
        arrays = dict(data)
    change(arrays)
    (tmp_path / "assets").mkdir()
    np.savez(tmp_path / "assets" / "torso.npz", **arrays)
    monkeypatch.setenv("SYNHEAD_MESHES", str(tmp_path))
    with pytest.raises(HeadError, match=word):
        load_torso.__wrapped__()
