import numpy as np
import pytest

from synhead_tools.heads.subdivision import catmull_clark, linear

CUBE = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=float)
CUBE_FACES = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
OPEN_BOX = CUBE_FACES[:-1]


def textbook_step(vertices, faces):
    """Catmull-Clark by the book, one vertex at a time; returns old vertices moved, {edge: point}, face points."""
    face_points = [vertices[face].mean(axis=0) for face in faces]
    edge_faces = {}
    for number, face in enumerate(faces):
        for a, b in zip(face, np.roll(face, -1), strict=True):
            edge_faces.setdefault(frozenset((int(a), int(b))), []).append(number)
    edge_points = {}
    for edge, sides in edge_faces.items():
        ends = [vertices[i] for i in edge]
        edge_points[edge] = np.mean([*ends, *(face_points[k] for k in sides)] if len(sides) == 2 else ends, axis=0)
    moved = vertices.copy()
    for i in range(len(vertices)):
        edges = [edge for edge in edge_faces if i in edge]
        border = [edge for edge in edges if len(edge_faces[edge]) == 1]
        around = [point for face, point in zip(faces, face_points, strict=True) if i in face]
        middles = [np.mean([vertices[j] for j in edge], axis=0) for edge in (border or edges)]
        n = len(around)
        if border:
            moved[i] = (np.mean(middles, axis=0) + vertices[i]) / 2
        elif n:
            moved[i] = (np.mean(around, axis=0) + 2 * np.mean(middles, axis=0) + (n - 3) * vertices[i]) / n
    return moved, edge_points, np.array(face_points)


def key(points):
    return sorted(map(tuple, np.round(points, 12)))


@pytest.mark.parametrize("faces", [CUBE_FACES, OPEN_BOX], ids=["closed", "open"])
def test_equals_the_textbook(faces):
    vertices = CUBE + 0.2 * np.random.default_rng(1).standard_normal(CUBE.shape)
    operator, finer = catmull_clark(faces, 8)
    result = operator @ vertices
    moved, edge_points, face_points = textbook_step(vertices, faces)
    assert np.allclose(result[:8], moved)
    assert np.allclose(result[-len(faces):], face_points)  # fmt: skip
    assert key(result[8:-len(faces)]) == key(list(edge_points.values()))  # fmt: skip
    assert finer.shape == (4 * len(faces), 4)
    for quad, parent in zip(finer, np.repeat(faces, 4, axis=0), strict=True):
        corner, after, centre, before = quad
        following, previous = (parent[(list(parent).index(corner) + step) % 4] for step in (1, -1))
        assert np.allclose(result[after], edge_points[frozenset((int(corner), int(following)))])
        assert np.allclose(result[before], edge_points[frozenset((int(corner), int(previous)))])
        assert np.allclose(result[centre], face_points[np.flatnonzero((faces == parent).all(axis=1))[0]])


def test_a_cube_of_two_steps_is_nearer_to_a_ball():
    first, finer = catmull_clark(CUBE_FACES, 8)
    second, _ = catmull_clark(finer, first.shape[0])
    radius = np.linalg.norm(second @ first @ CUBE - 0.5, axis=1)
    assert radius.max() / radius.min() < 1.15 < np.sqrt(3)


@pytest.mark.parametrize("step", [catmull_clark, linear])
def test_rows_sum_to_one_and_unused_vertices_stay(step):
    operator, finer = step(CUBE_FACES, 9)
    assert np.allclose(operator.sum(axis=1), 1)
    assert operator[8, 8] == 1
    assert 8 not in finer


def test_linear_moves_nothing():
    operator, _ = linear(CUBE_FACES, 8)
    result = operator @ CUBE
    assert np.array_equal(result[:8], CUBE)
    assert np.allclose(np.sort(np.abs(result[8:20] - 0.5), axis=1), [0, 0.5, 0.5])
