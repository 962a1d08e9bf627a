import numpy as np
import pytest
from scipy.spatial import cKDTree

from synhead_tools.errors import HeadError
from synhead_tools.heads.assets import HAIRS, load_geometry, load_proxy
from synhead_tools.heads.haircuts import HAIRCUTS, HAIRSTYLES, hair_asset, hair_proxy, mirror_vertices
from synhead_tools.heads.proxies import fit, proxy_mesh
from synhead_tools.heads.surface import vertex_normals

REST = load_geometry().vertices_dm


def placed(name):
    return proxy_mesh(name, fit(hair_proxy(name), REST))


@pytest.mark.parametrize("name", HAIRCUTS)
def test_a_haircut_takes_hair_away_and_adds_none(name):
    cut, whole = placed(name)[0], placed(hair_asset(name))[0]
    sign = [-1, 1, 1] if HAIRCUTS[name].mirrored else [1, 1, 1]
    assert len(cut) > 0.3 * len(whole)
    low, high = (whole * sign).min(axis=0), (whole * sign).max(axis=0)
    assert (cut.min(axis=0) >= low - 0.01).all()
    assert (cut.max(axis=0) <= high + 0.01).all()


@pytest.mark.parametrize("name", [name for name in HAIRCUTS if "fringe" in name])
def test_no_fringe_hangs_below_the_brows(name):
    points = placed(name)[0]
    before_the_face = points[(np.abs(points[:, 0]) < 0.6) & (points[:, 2] > 1.2)]
    assert len(before_the_face)
    assert before_the_face[:, 1].min() > 7.55  # the brows' upper edge lies at 7.5


def test_lengths_end_where_they_should():
    lowest = {name: placed(name)[0][:, 1].min() for name in ("long01", "long01_shoulder", "long01_chin")}
    assert lowest["long01"] < lowest["long01_shoulder"] < lowest["long01_chin"]
    assert 6.0 < lowest["long01_chin"] < 6.6  # the chin lies at 6.23


@pytest.mark.parametrize("name", ["bob02_fringe", "short03_fringe"])
def test_a_mirrored_style_is_the_mirror_image_right_side_out(name):
    points, normals, _, triangles = placed(name)
    mirrored, mirrored_normals, _, turned = placed(f"{name}_mirrored")
    image = points * [-1, 1, 1]
    for one, other in ((image, mirrored), (mirrored, image)):  # quads on the cut are halved along the other diagonal
        distance = cKDTree(one).query(other)[0]
        assert np.percentile(distance, 95) < 1e-3
        assert distance.max() < 0.2
    for positions, given, faces in ((points, normals, triangles), (mirrored, mirrored_normals, turned)):
        agreement = (vertex_normals(positions, faces) * given).sum(axis=1)
        assert (agreement > 0).mean() > 0.9


def test_the_mirror_takes_each_vertex_to_the_other_side_and_back():
    mirror = mirror_vertices()
    skin = np.unique(load_geometry().faces)
    assert np.abs(REST[mirror[skin]] * [-1, 1, 1] - REST[skin]).max() < 1e-3
    assert np.abs(REST[mirror[mirror[skin]]] - REST[skin]).max() < 1e-3


def test_names():
    assert HAIRSTYLES[: len(HAIRS)] == HAIRS
    assert all(hair_asset(name) in HAIRS for name in HAIRSTYLES)
    assert hair_proxy("afro01") is load_proxy("afro01")
    with pytest.raises(HeadError, match="curly"):
        hair_proxy("curly")
