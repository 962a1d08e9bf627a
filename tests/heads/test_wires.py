import numpy as np
import pytest

from synhead_tools.heads.wires import joined, signed_volume, tube

UP = np.array([0.0, 0.0, 1.0])


def circle(radius, count, turns=1.0):
    angle = 2 * np.pi * turns * np.arange(count) / count
    return radius * np.column_stack([np.cos(angle), np.sin(angle), 0 * angle])


def is_closed(triangles):
    directed = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2).tolist()
    return sorted(directed) == sorted([b, a] for a, b in directed)


@pytest.mark.parametrize("turn", [1, -1], ids=["one way", "the other way"])
def test_a_loop_encloses_the_volume_of_a_ring_and_faces_outward(turn):
    vertices, triangles = tube(circle(5.0, 400)[::turn], 0.5, 0.3, UP, closed=True)
    octagon = 8 / 2 * np.sin(2 * np.pi / 8) * 0.5 * 0.3  # eight sides, not round
    assert signed_volume(vertices, triangles) / 6 == pytest.approx(2 * np.pi * 5.0 * octagon, rel=1e-3)
    assert is_closed(triangles)


@pytest.mark.parametrize("turn", [1, -1])
def test_an_open_tube_is_capped(turn):
    path = np.column_stack([np.linspace(0, 10, 5), np.zeros(5), np.zeros(5)])[::turn]
    vertices, triangles = tube(path, 1.0, 2.0, UP, closed=False)
    assert is_closed(triangles)
    assert signed_volume(vertices, triangles) / 6 == pytest.approx(10 * 8 / 2 * np.sin(2 * np.pi / 8) * 2)
    assert np.allclose(np.abs(vertices).max(axis=0), [10, 1, 2])


def test_joining_keeps_surfaces_apart():
    pieces = [tube(circle(3.0, 20) + shift, 0.2, 0.2, UP, closed=True) for shift in (0, [10, 0, 0])]
    vertices, normals, triangles = joined(pieces)
    assert len(vertices) == sum(len(piece[0]) for piece in pieces)
    assert np.ptp(triangles // len(pieces[0][0]), axis=1).max() == 0
    assert np.allclose(np.linalg.norm(normals, axis=1), 1)
