import numpy as np
import pytest

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.frames import check_rotmat


def test_rotations_pass_unchanged():
    assert (check_rotmat(np.eye(3)) == np.eye(3)).all()


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (np.diag([1.0, 1.0, -1.0]), "mirrors"),
        (2.0 * np.eye(3), "orthonormal"),
        (np.full((3, 3), np.nan), "finite"),
        (np.eye(4), "shape"),
    ],
)
def test_what_is_no_rotation_is_named(bad, why):
    with pytest.raises(ConventionError, match=why):
        check_rotmat(bad)


def test_the_first_bad_matrix_is_named():
    stack = np.stack([np.eye(3), np.eye(3), -np.eye(3)])
    with pytest.raises(ConventionError, match="matrix 2 mirrors"):
        check_rotmat(stack)
