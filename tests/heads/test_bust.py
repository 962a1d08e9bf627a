from collections import Counter

import numpy as np
import pytest

from synhead_tools.heads.assets import load_geometry
from synhead_tools.heads.bust import bust_level, bust_topology, skin_mesh
from synhead_tools.heads.regions import Region


@pytest.fixture(scope="module")
def mesh():
    return skin_mesh(load_geometry().vertices_dm)


def _welded(positions, triangles):
    """Triangles over positions that are one where uv seams doubled them."""
    return np.unique(np.round(positions, 6), axis=0, return_inverse=True)[1].ravel()[triangles]


def test_the_bust_is_closed(mesh):
    positions, _, _, triangles, _ = mesh
    welded = _welded(positions, triangles)
    edges = Counter(map(tuple, np.sort(np.stack([welded, np.roll(welded, -1, 1)], -1).reshape(-1, 2), axis=1).tolist()))
    open_edges = [edge for edge, uses in edges.items() if uses == 1 and edge[0] != edge[1]]
    assert not open_edges


def test_all_triangles_face_outward_of_a_positive_volume(mesh):
    positions, _, _, triangles, _ = mesh
    a, b, c = np.moveaxis(positions[triangles] - positions.mean(axis=0), 1, 0)
    volume_dm3 = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6
    assert 3.5 < volume_dm3 < 9  # a head with neck and collar; negative if the winding were inside out
    welded = _welded(positions, triangles)
    directed = np.stack([welded, np.roll(welded, -1, 1)], -1).reshape(-1, 2)
    directed = directed[directed[:, 0] != directed[:, 1]]
    assert len(np.unique(directed, axis=0)) >= 0.999 * len(directed)  # neighbours agree on what is outside


def test_nothing_is_left_outside_of_the_ellipsoid():
    topology = bust_topology()
    rest = topology.skin.mix @ topology.subdivide @ load_geometry().vertices_dm
    assert bust_level(rest).min() > -1e-3
    assert np.allclose(bust_level(rest[topology.rim]), 0, atol=2e-3)


def test_base_vertices_keep_their_numbers():
    geometry = load_geometry()
    moved = bust_topology().subdivide @ geometry.vertices_dm
    shift = np.linalg.norm(moved[:len(geometry.vertices_dm)] - geometry.vertices_dm, axis=1)  # fmt: skip
    assert shift.max() < 0.06  # subdivision rounds by millimetres, it does not renumber


def test_regions_lie_where_they_should(mesh):
    positions, _, _, triangles, region = mesh
    centre = positions[triangles].mean(axis=1)
    assert set(region.tolist()) == {1, 2, 6, 7, 8, 9, 10, 11}
    for value, low, high in ((Region.LIP, 6.4, 6.8), (Region.NOSE, 6.7, 7.4), (Region.EYELID, 7.1, 7.5)):
        height = centre[region == value, 1]
        assert low < height.min() < height.max() < high
    assert np.abs(centre[region == Region.NOSE, 0]).max() < 0.25
    assert np.abs(centre[region == Region.EAR, 0]).min() > 0.6
    for value in Region:  # the base head is symmetric, so are its regions
        assert abs(np.sign(centre[region == value, 0]).sum()) <= 0.02 * (region == value).sum() + 40
