import numpy as np
import pytest
from scipy.linalg import logm

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import euler_from_rotmat, rotmat_from_euler
from synhead_tools.geometry.pose_laws.biwi_like import biwi_like_rotations
from synhead_tools.geometry.pose_laws.kernel_density import SMALLEST_BANDWIDTH_DEG, RotationDensity
from synhead_tools.geometry.pose_laws.uniform import uniform_rotations
from synhead_tools.geometry.rotation_index import RotationIndex


def _drawn(rotmats, n, seed=0):
    return RotationDensity(rotmats).draw(n, np.random.default_rng(seed))


def _nearest_deg(data, queries):
    return RotationIndex(data).query(queries)[0][:, 0]


def test_moments_are_the_datas():
    data = biwi_like_rotations(4000, np.random.default_rng(1))
    angles, fitted = (euler_from_rotmat(rotmats, "biwi+") for rotmats in (data, _drawn(data, 8000)))
    assert np.abs(angles.mean(0) - fitted.mean(0)).max() < 1.5
    assert fitted.std(0) / angles.std(0) == pytest.approx(np.ones(3), abs=0.08)
    correlation = np.corrcoef(angles[:, 1], angles[:, 2])[0, 1]
    assert np.corrcoef(fitted[:, 1], fitted[:, 2])[0, 1] == pytest.approx(correlation, abs=0.06)


def test_without_the_shift_the_law_would_be_too_wide():
    """The half mean shift is what keeps the moments: the noise alone adds a fifth to the roll of these data."""
    data = biwi_like_rotations(2000, np.random.default_rng(1))
    density = RotationDensity(data)
    density.shift_rad[:] = 0
    wide = euler_from_rotmat(density.draw(4000, np.random.default_rng(0)), "biwi+")[:, 2].std()
    roll = euler_from_rotmat(data, "biwi+")[:, 2].std()
    assert wide / roll > 1.15
    assert euler_from_rotmat(_drawn(data, 4000), "biwi+")[:, 2].std() / roll < 1.1


def test_new_rotations_are_no_copies_and_as_near_as_others_of_the_same_law():
    """Distances to the data are those of an independent sample of the law the data came from, within a third."""
    data, independent = (biwi_like_rotations(2000, np.random.default_rng(seed)) for seed in (1, 2))
    new, other = _nearest_deg(data, _drawn(data, 2000)), _nearest_deg(data, independent)
    assert new.min() > 1e-3
    for share in (10, 50, 90):
        assert np.percentile(new, share) == pytest.approx(np.percentile(other, share), rel=0.33)


def test_a_uniform_law_stays_uniform_all_around():
    drawn = _drawn(uniform_rotations(3000, np.random.default_rng(1)), 3000)
    assert np.abs(drawn.mean(axis=0)).max() < 0.05  # of the uniform law it is zero
    behind = (drawn[:, 2, 2] < 0).mean()  # the face looks away from the camera
    assert behind == pytest.approx(0.5, abs=0.04)


def test_two_clusters_stay_two():
    """Faces seen from the front and heads seen from behind; a law fitted to the whole would fill the sides."""
    rng = np.random.default_rng(0)
    front, back = (rotmat_from_euler(rng.normal((0, yaw, 0), 4, (150, 3)), "biwi+") for yaw in (0, 180))
    data = np.concatenate([front, front, back])
    drawn = _drawn(data, 3000)
    from_front, from_back = (geodesic_distance_deg(drawn, rotmat_from_euler([0, yaw, 0], "biwi+")) for yaw in (0, 180))
    assert np.minimum(from_front, from_back).max() < 40
    assert (from_front < 40).mean() == pytest.approx(2 / 3, abs=0.04)  # what is there twice weighs twice


def test_three_rotations_are_enough():
    data = rotmat_from_euler(np.array([[0, -30, 0], [0, 0, 10], [20, 40, 0]]), "biwi+")
    density = RotationDensity(data)
    assert density.neighbours == 2
    drawn = density.draw(500, np.random.default_rng(0))
    assert np.allclose(drawn @ drawn.transpose(0, 2, 1), np.eye(3), atol=1e-12)
    spread = geodesic_distance_deg(drawn[:, None], data[None]).min(axis=1)
    assert 1 < np.median(spread) < 40
    assert np.ptp(euler_from_rotmat(drawn, "biwi+"), axis=0).min() > 20  # and fills all three angles


def test_shift_and_bandwidth_are_those_of_the_neighbourhood():
    """By another way: logarithms of relative matrices, neighbours by brute force."""
    data = uniform_rotations(50, np.random.default_rng(3))
    density = RotationDensity(data)
    assert density.neighbours == 8
    for centre in range(50):
        near = np.argsort(geodesic_distance_deg(data, data[centre]), kind="stable")[:9]
        turns = np.array([np.real(logm(data[centre].T @ data[other])) for other in near])[:, [2, 0, 1], [1, 2, 0]]
        assert density.shift_rad[centre] == pytest.approx(turns.mean(axis=0) / 2, abs=1e-6)
        deviation = turns - turns.mean(axis=0)
        assert density.bandwidth_deg[centre] == pytest.approx(np.degrees(np.sqrt((deviation**2).sum() / 24)))


def test_kernels_have_the_stated_centre_and_spread():
    density = RotationDensity(rotmat_from_euler(np.array([[0, 0, 0], [0, 170, 0]]), "biwi+"))
    density.bandwidth_deg[:], density.shift_rad[:] = 3.0, (0, 0, np.radians(20))
    drawn = density.draw(4000, np.random.default_rng(0))
    near = drawn[geodesic_distance_deg(drawn, np.eye(3)) < 60]
    turns_deg = np.degrees([near[:, 2, 1], near[:, 0, 2], near[:, 1, 0]])  # sines of small turns
    assert turns_deg.mean(axis=1) == pytest.approx([0, 0, np.degrees(np.sin(np.radians(20)))], abs=0.3)
    assert turns_deg.std(axis=1) == pytest.approx([3, 3, 3 * np.cos(np.radians(20))], rel=0.1)


def test_copies_with_a_hairs_difference_do_not_make_it_copy():
    data = rotmat_from_euler(np.arange(100)[:, None] * np.array([[1e-5, 0, 0]]), "biwi+")
    assert (RotationDensity(data).bandwidth_deg == SMALLEST_BANDWIDTH_DEG).all()


def test_many_rotations_are_thinned_evenly(monkeypatch):
    monkeypatch.setattr("synhead_tools.geometry.pose_laws.kernel_density.KERNELS_LIMIT", 100)
    data = uniform_rotations(1000, np.random.default_rng(0))
    density = RotationDensity(data)
    assert len(density.weights) == 100
    assert density.weights.sum() == pytest.approx(1)
    steps = np.diff([np.flatnonzero((data == kernel).all(axis=(1, 2)))[0] for kernel in density.rotmats])
    assert set(steps) == {10, 11}


@pytest.mark.parametrize("count", [1, 5])
def test_one_rotation_however_often_says_no_spread(count):
    with pytest.raises(ConventionError, match="1 different rotation is too little"):
        RotationDensity(np.tile(np.eye(3), (count, 1, 1)))


@pytest.mark.real
def test_a_law_fitted_to_biwi(real_data):
    from synhead_tools.formats.datasets.biwi_plus import BiwiPlusLabels

    data = BiwiPlusLabels(real_data / "biwi_plus" / "Biwi_plus.npz").read("rotmat")
    density = RotationDensity(data)
    assert density.neighbours == 126
    drawn = density.draw(len(data), np.random.default_rng(0))
    angles, fitted = (euler_from_rotmat(rotmats, "biwi+") for rotmats in (data, drawn))
    assert np.abs(angles.mean(0) - fitted.mean(0)).max() < 1
    assert fitted.std(0) / angles.std(0) == pytest.approx(np.ones(3), abs=0.05)
    nearest = _nearest_deg(data, drawn)
    assert nearest.min() > 1e-3
    assert np.median(nearest) < 3
