import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import identity
from scipy.spatial import ConvexHull

from synhead_tools.heads.surface import Surface, clip, split, split_quads, unit, vertex_normals

GRID = 6
X, Y = (axis.ravel().astype(float) for axis in np.meshgrid(np.arange(GRID + 1), np.arange(GRID + 1)))
POINTS = np.column_stack([X, Y, np.zeros_like(X)])
CORNER = np.arange((GRID + 1) * GRID).reshape(GRID, GRID + 1)[:, :GRID].ravel()
QUADS = np.column_stack([CORNER, CORNER + 1, CORNER + GRID + 2, CORNER + GRID + 1])


def area(surface):
    a, b, c = np.moveaxis((surface.mix @ POINTS)[surface.triangles], 1, 0)
    return np.cross(b - a, c - a)[:, 2].sum() / 2


@given(st.floats(0.01, GRID - 0.01), st.floats(-1, 1))
def test_clipping_keeps_exactly_the_wanted_side(height, slope):
    sheet = split_quads(QUADS, POINTS[:, :2] / GRID, QUADS, len(POINTS))
    level = height - Y + slope * (X - GRID / 2)
    clipped, rim = clip(sheet, level)
    points = clipped.mix @ POINTS
    assert (height - points[:, 1] + slope * (points[:, 0] - GRID / 2) > -1e-9).all()
    line = np.clip(height + slope * (np.linspace(0, GRID, 20001) - GRID / 2), 0, GRID)
    assert np.isclose(area(clipped), np.trapezoid(line, dx=GRID / 20000), atol=1e-3)
    assert np.allclose(clipped.uv, points[:, :2] / GRID)  # uv is cut where the position is
    on_cut = points[rim.ravel()]
    assert np.allclose(height - on_cut[:, 1] + slope * (on_cut[:, 0] - GRID / 2), 0, atol=1e-9)


@given(st.floats(0.01, GRID - 0.01), st.floats(-1, 1))
def test_splitting_takes_nothing_away_and_the_line_runs_along_edges(height, slope):
    sheet = split_quads(QUADS, POINTS[:, :2] / GRID, QUADS, len(POINTS))
    level = height - Y + slope * (X - GRID / 2)
    cut, inside = split(sheet, level)
    points = cut.mix @ POINTS
    assert np.isclose(area(cut), GRID**2)
    corners = (height - points[:, 1] + slope * (points[:, 0] - GRID / 2))[cut.triangles]
    assert (corners[inside] > -1e-9).all()
    assert (corners[~inside] < 1e-9).all()
    assert np.array_equal(points[: len(level)], POINTS)  # old vertices keep their numbers
    line = np.clip(height + slope * (np.linspace(0, GRID, 20001) - GRID / 2), 0, GRID)
    part = Surface(cut.mix, cut.uv, cut.triangles[inside], cut.face[inside])
    assert np.isclose(area(part), np.trapezoid(line, dx=GRID / 20000), atol=1e-3)
    a, b, c = np.moveaxis(points[cut.triangles], 1, 0)
    assert (np.cross(b - a, c - a)[:, 2] > -1e-12).all()  # the same way round


def test_a_line_through_vertices_cuts_nothing():
    sheet = split_quads(QUADS, POINTS[:, :2], QUADS, len(POINTS))
    cut, inside = split(sheet, 3.0 - Y)
    assert np.array_equal(cut.triangles, sheet.triangles)
    assert np.array_equal(inside, (sheet.mix @ POINTS)[sheet.triangles].mean(axis=1)[:, 1] < 3)


def test_uncut_and_wholly_cut():
    sheet = split_quads(QUADS, POINTS[:, :2], QUADS, len(POINTS))
    whole, rim = clip(sheet, np.ones(len(POINTS)))
    assert len(whole.triangles) == len(sheet.triangles)
    assert len(rim) == 0
    assert len(clip(sheet, -np.ones(len(POINTS)))[0].triangles) == 0


def test_triangles_with_a_repeated_corner_give_one_triangle():
    triangles = np.array([[0, 1, 2, 2], [0, 2, 3, 3]])
    surface = split_quads(triangles, np.zeros((4, 2)), triangles, 4)
    assert sorted(map(tuple, np.sort(surface.triangles, axis=1))) == [(0, 1, 2), (0, 2, 3)]


def test_normals_of_a_ball_point_outward():
    rng = np.random.default_rng(0)
    points = unit(rng.standard_normal((400, 3)))
    hull = ConvexHull(points)
    triangles = hull.simplices.copy()
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    flipped = np.einsum("ij,ij->i", np.cross(b - a, c - a), hull.equations[:, :3]) < 0
    triangles[flipped] = triangles[flipped][:, ::-1]
    normals = vertex_normals(points, triangles)
    assert np.einsum("ij,ij->i", normals, points).min() > 0.95
    assert np.allclose(np.linalg.norm(normals, axis=1), 1)


def test_a_vertex_without_area_gets_a_unit_normal():
    surface = Surface(identity(4, format="csr"), np.zeros((4, 2)), np.array([[0, 1, 2]]), np.array([0]))
    normals = vertex_normals(np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 5, 5]]), surface.triangles)
    assert np.allclose(normals, [0, 0, 1])
