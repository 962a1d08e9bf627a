import numpy as np
import pytest

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.conventions import CONVENTIONS, get_convention
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import euler_from_rotmat, rotmat_from_euler
from synhead_tools.geometry.pose_laws.distinct import count_distinct
from synhead_tools.geometry.pose_laws.grid import euler_grid
from synhead_tools.geometry.pose_laws.ranges import parse_range_deg

WITH_ANGLES = [name for name in CONVENTIONS if get_convention(name).sequence]
FULL_TURN, LOCKED = parse_range_deg("-180:180:45"), parse_range_deg("-90,-89.999999,0,89.999999,90")


def _turn(axis, degrees):
    angle = np.radians(degrees)
    turned = np.eye(3)
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    turned[[i, j], [i, j]] = np.cos(angle)
    turned[i, j], turned[j, i] = -np.sin(angle), np.sin(angle)
    return turned


@pytest.mark.parametrize("convention", ["biwi+", "hopenet", "300w-lp", "synhead"])
def test_a_grid_holds_every_combination(convention):
    rotmats = euler_grid([-20, 0], [-30, 0, 30], [5], convention)
    assert rotmats.shape == (6, 3, 3)
    distances = geodesic_distance_deg(rotmats[:, None], rotmats[None]) + 180 * np.eye(6)
    assert distances.min() > 15
    unit = np.degrees if convention == "300w-lp" else np.asarray
    written = unit(euler_from_rotmat(rotmats[0], convention))
    assert sorted(np.round(written, 6)) == [-30, -20, 5]


def test_pitch_is_outermost_and_roll_innermost():
    grid = euler_grid([-80, 10], [0, 170, 180], [-5, 5], "zyx:+++:deg")
    for number, (pitch, yaw, roll) in enumerate(np.ndindex(2, 3, 2)):
        angles = [-80, 10][pitch], [0, 170, 180][yaw], [-5, 5][roll]
        by_hand = _turn("x", angles[0]) @ _turn("y", angles[1]) @ _turn("z", angles[2])
        assert geodesic_distance_deg(grid[number], by_hand) < 1e-9


@pytest.mark.parametrize("convention", WITH_ANGLES)
def test_the_labels_of_frames_at_lock_and_at_half_turns_are_the_very_rotation(convention):
    """For every convention, whichever angle its lock is at: what is written of a grid's rotation gives it back."""
    for axis in range(3):
        ranges = [FULL_TURN, FULL_TURN, FULL_TURN]
        ranges[axis] = LOCKED
        grid = euler_grid(*ranges, convention)
        again = rotmat_from_euler(euler_from_rotmat(grid, convention), convention)
        assert geodesic_distance_deg(again, grid).max() < 1e-6


def test_combinations_that_make_one_rotation_are_kept_and_counted():
    """`biwi+` locks at yaw +-90 (its middle turn), where roll and pitch turn about one axis."""
    grid = euler_grid([0, 10, 20], [90], [0, 10, 20], "biwi+")
    assert len(grid) == 9
    assert count_distinct(grid) == 5
    assert len(euler_grid([0], [-180, 0, 180], [0], "synhead")) == 3
    assert count_distinct(euler_grid([0], [-180, 0, 180], [0], "synhead")) == 2


def test_a_grid_of_a_billion_poses_is_refused_before_memory_is_taken():
    axis = parse_range_deg("0:90:0.09")
    with pytest.raises(ConventionError, match="1001 x 1001 x 1001 angles has 1003003001 poses, more than 1000000"):
        euler_grid(axis, axis, axis, "biwi+")


def test_no_angles_are_no_grid():
    with pytest.raises(ConventionError, match="no poses"):
        euler_grid([], [0], [0], "biwi+")
