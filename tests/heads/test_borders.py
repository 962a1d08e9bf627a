"""Regions of the skin: whole, smooth, the same on both sides."""

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from synhead_tools.heads.assets import load_geometry
from synhead_tools.heads.bust import bust_topology, skin_mesh
from synhead_tools.heads.regions import Region

# region: (pieces, borders of all pieces together); a ring has two borders
WHOLE = {
    Region.NOSE: (1, 1),
    Region.LIP: (1, 2),  # a ring around the mouth
    Region.EAR: (2, 2),
    Region.EYELID: (2, 4),  # a ring around each eye
    Region.MOUTH_INSIDE: (1, 1),
    Region.EYE_SOCKET: (2, 2),
    Region.NECK: (1, 1),  # closed below
    Region.SKIN: (1, 7),  # what is left: around the nose, the lips, two ears, two pairs of lids, and above the neck
}
DRAWN = (Region.NOSE, Region.LIP, Region.EAR, Region.EYELID, Region.NECK)  # whose borders are cut into triangles


@pytest.fixture(scope="module", params=[0, 1, 2])
def rest(request):
    """Places (m), triangles over places (seams of the texture closed) and regions of the rest skin, at each detail."""
    positions, _, _, triangles, region = skin_mesh(load_geometry().vertices_dm, request.param)
    _, place = np.unique(np.round(positions, 6), axis=0, return_inverse=True)
    places = np.zeros((place.max() + 1, 3))
    places[place.ravel()] = positions * 0.1
    return places, place.ravel()[triangles], region


def border_edges(triangles):
    sides = triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    sides = sides[sides[:, 0] != sides[:, 1]]
    _, which, counts = np.unique(np.sort(sides, axis=1), axis=0, return_inverse=True, return_counts=True)
    return sides[counts[which.ravel()] == 1]


def loops(edges):
    following = dict(edges.tolist())
    assert len(following) == len(edges), "a border that touches itself"
    found = []
    while following:
        loop = [next(iter(following))]
        while following.get(loop[-1]) is not None:
            loop.append(following.pop(loop[-1]))
        found.append(loop[:-1])
    return found


def pieces(triangles):
    numbers, corners = np.unique(triangles, return_inverse=True)
    corners = corners.reshape(-1, 3)
    rows, columns = corners[:, [0, 1]].ravel(), corners[:, [1, 2]].ravel()
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(numbers),) * 2)
    return connected_components(graph, directed=False)[0]


@pytest.mark.parametrize("region", WHOLE, ids=lambda r: r.name)
def test_every_region_is_in_one_piece_on_each_side_and_has_no_holes(rest, region):
    _, triangles, regions = rest
    mine = triangles[regions == region]
    wanted_pieces, wanted_borders = WHOLE[region]
    assert pieces(mine) == wanted_pieces
    assert len(loops(border_edges(mine))) == wanted_borders


@pytest.mark.parametrize("region", DRAWN, ids=lambda r: r.name)
def test_borders_are_smooth_lines(rest, region):
    """Their length is nearly that of the same line after smoothing out all that is smaller than 2 mm."""
    places, triangles, regions = rest
    for loop in loops(border_edges(triangles[regions == region])):
        line = places[loop]
        length = np.linalg.norm(np.roll(line, -1, axis=0) - line, axis=1)
        along = np.concatenate([[0], np.cumsum(length)])
        count = int(along[-1] / 0.001)
        even = np.stack(
            [np.interp(np.arange(count) * along[-1] / count, along, np.append(axis, axis[0])) for axis in line.T],
            axis=1,
        )
        for _ in range(4):
            even = (np.roll(even, 1, axis=0) + 2 * even + np.roll(even, -1, axis=0)) / 4
        smooth = np.linalg.norm(np.roll(even, -1, axis=0) - even, axis=1).sum()
        assert along[-1] / smooth < 1.05, len(loop)


def test_both_sides_have_the_same_regions(rest):
    places, triangles, regions = rest
    middles = places[triangles].mean(axis=1)
    areas = np.linalg.norm(np.cross(*(places[triangles[:, k]] - places[triangles[:, 0]] for k in (1, 2))), axis=1)
    for region in WHOLE:
        left, right = (areas[(regions == region) & (middles[:, 0] * side > 0)].sum() for side in (1, -1))
        assert left == pytest.approx(right, rel=0.004), region
    levels, rest_dm = load_geometry().region_levels, load_geometry().vertices_dm
    skin = np.unique(load_geometry().faces)
    mirror = skin[cKDTree(rest_dm[skin]).query(rest_dm[skin] * [-1, 1, 1])[1]]
    assert np.array_equal(levels[:, skin], levels[:, mirror])


def test_regions_are_where_they_should_be(rest):
    places, triangles, regions = rest
    middles = places[triangles].mean(axis=1)
    geometry = load_geometry()
    landmarks = (bust_topology().subdivide[geometry.landmark_vertices] @ geometry.vertices_dm) * 0.1

    def at(point, radius=0.004):
        near = np.linalg.norm(middles - point, axis=1) < radius
        return set(regions[near].tolist())

    assert Region.NOSE in at(landmarks[30])
    assert at(landmarks[30], 0.008) == {Region.NOSE}
    assert at(landmarks[28]) == {Region.NOSE}
    for corner in (48, 54):
        assert Region.LIP in at(landmarks[corner])
    for number in (51, 57, 62, 66):
        assert Region.LIP in at(landmarks[number])
    assert at(landmarks[8], 0.01) == {Region.SKIN}
    assert Region.EYELID in at(landmarks[44])
    assert at(landmarks[24], 0.003) == {Region.SKIN}  # the brow is a part of its own
    neck = places[np.unique(triangles[regions == Region.NECK])]
    assert neck[:, 1].max() < landmarks[33, 1]
    assert places[:, 1].min() == neck[:, 1].min()


def test_cutting_changes_neither_shape_nor_texture():
    geometry, topology = load_geometry(), bust_topology()
    skin = topology.skin
    assert np.allclose(np.asarray(skin.mix.sum(axis=1)).ravel(), 1)
    positions = skin.mix @ (topology.subdivide @ geometry.vertices_dm)
    # each part of a cut triangle lies in the quad it comes from
    corners = topology.subdivide[: len(geometry.vertices_dm)] @ geometry.vertices_dm
    middles = positions[skin.triangles].mean(axis=1)
    quads = corners[geometry.faces[skin.face // 4]]
    reach = np.linalg.norm(quads - quads.mean(axis=1, keepdims=True), axis=2).max(axis=1)
    assert (np.linalg.norm(middles - quads.mean(axis=1), axis=1) < 1.3 * reach + 1e-3).all()
    a, b, c = np.moveaxis(positions[skin.triangles], 1, 0)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    assert area.min() > 0
