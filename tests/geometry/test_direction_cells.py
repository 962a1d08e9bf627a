import numpy as np
import pytest

from synhead_tools.geometry.direction_cells import DirectionCells, view_directions
from synhead_tools.geometry.euler import rotmat_from_euler


def _uniform(count, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(count, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("cell_deg", [10.0, 15.0, 30.0])
def test_cells_are_about_equal_and_all_reached(cell_deg):
    cells = DirectionCells(cell_deg)
    assert len(cells) == pytest.approx(4 * np.pi / np.radians(cell_deg) ** 2, rel=0.05)
    hits = np.bincount(cells.index(_uniform(400 * len(cells))), minlength=len(cells))
    assert len(hits) == len(cells)
    assert 200 < hits.min() <= hits.max() < 650


def test_directions_of_one_cell_are_near_each_other():
    cells, directions = DirectionCells(15.0), _uniform(20_000)
    index = cells.index(directions)
    for cell in range(0, len(cells), 7):
        members = directions[index == cell]
        assert np.degrees(np.arccos(np.clip(members @ members[0], -1, 1))).max() < 2.2 * 15


def test_front_is_the_half_that_sees_the_face():
    cells = DirectionCells(15.0)
    assert cells.front.sum() == pytest.approx(len(cells) / 2, abs=6)
    for yaw_deg, front in ((0.0, True), (60.0, True), (-60.0, True), (130.0, False), (180.0, False)):
        seen = view_directions(rotmat_from_euler([[0.0, yaw_deg, 0.0]], "biwi+"))
        assert cells.front[cells.index(seen)[0]] == front


def test_a_turn_of_the_picture_leaves_the_cell():
    cells = DirectionCells(15.0)
    rolls = np.stack([np.full(9, 12.0), np.full(9, 40.0), np.linspace(-160, 160, 9)], axis=1)
    assert len(set(cells.index(view_directions(rotmat_from_euler(rolls, "biwi+"))).tolist())) == 1


def test_poles_and_a_wrong_size():
    cells = DirectionCells(15.0)
    poles = cells.index(np.array([[0, 1.0, 0], [0, -1.0, 0], [0, 0, -1.0], [-1e-300, 0, -1.0]]))
    assert (poles >= 0).all()
    assert (poles < len(cells)).all()
    with pytest.raises(ValueError, match="cell_deg"):
        DirectionCells(0.0)
