import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pose_heads import POSE_HEADS
from synhead_tools.learning.pose_heads.label_scale import LabelScale
from synhead_tools.learning.pose_heads.rotation_6d import (
    Rotation6D,
    geodesic_rad,
    labels_of_rotmat,
    rotmat_of_columns,
    rotmat_of_labels,
)

SCALE = LabelScale((1.0, 2.0, 3.0), (20.0, 30.0, 10.0))


def _random(n, seed=0):
    return Rotation.random(n, random_state=np.random.default_rng(seed)).as_matrix()


def test_labels_become_the_rotation_of_the_convention():
    euler = np.random.default_rng(0).uniform((-89, -89, -180), (89, 89, 180), (50, 3))
    ours = rotmat_of_labels(torch.from_numpy(euler))
    np.testing.assert_allclose(ours.numpy(), rotmat_from_euler(euler, "biwi+"), atol=1e-12)


def test_labels_of_a_rotation_lead_back_to_it():
    euler = np.random.default_rng(1).uniform((-89, -89, -180), (89, 89, 180), (50, 3))
    ours = labels_of_rotmat(torch.from_numpy(rotmat_from_euler(euler, "biwi+")))
    np.testing.assert_allclose(ours.numpy(), euler, atol=1e-9)


@given(st.lists(st.floats(-10, 10), min_size=6, max_size=6))
def test_any_two_columns_give_a_rotation(numbers):
    columns = torch.tensor([numbers], dtype=torch.float64)
    first, second = columns[0, :3], columns[0, 3:]
    if torch.linalg.cross(first, second).norm() < 1e-3 * first.norm() * second.norm() + 1e-6:
        return  # parallel or zero: no plane, no rotation
    rotmat = rotmat_of_columns(columns).numpy()[0]
    np.testing.assert_allclose(rotmat.T @ rotmat, np.eye(3), atol=1e-9)
    assert np.linalg.det(rotmat) == pytest.approx(1)
    np.testing.assert_allclose(rotmat[:, 0], first / first.norm(), atol=1e-9)


def test_the_columns_of_a_rotation_lead_back_to_it():
    rotmat = _random(20)
    columns = torch.from_numpy(np.concatenate([rotmat[:, :, 0], 3 * rotmat[:, :, 1]], axis=1))
    np.testing.assert_allclose(Rotation6D.rotmat(columns, SCALE), rotmat, atol=1e-12)


def test_the_distance_is_the_angle_between_rotations():
    first, second = _random(30, 1), _random(30, 2)
    angle = (Rotation.from_matrix(first).inv() * Rotation.from_matrix(second)).magnitude()
    ours = geodesic_rad(torch.from_numpy(first), torch.from_numpy(second))
    np.testing.assert_allclose(ours.numpy(), angle, atol=1e-6)


@pytest.mark.parametrize("apart_deg", [0.0, 1e-4, 90.0, 180.0])
def test_the_loss_has_a_finite_gradient_everywhere(apart_deg):
    config = TrainConfig(head="rot6d", regression_loss="l1")
    outputs = torch.tensor([[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]], requires_grad=True)
    wanted = Rotation6D.wanted(torch.tensor([[apart_deg, 0.0, 0.0]]), SCALE)
    loss = Rotation6D.loss(outputs, wanted, config)
    loss.backward()
    assert loss.item() == pytest.approx(np.radians(apart_deg), abs=3e-3)
    assert torch.isfinite(outputs.grad).all()


@pytest.mark.parametrize("name", POSE_HEADS)
def test_a_loss_of_zero_is_the_right_rotation(name):
    """For every head: minimising its loss alone leads to the labels."""
    head, config = POSE_HEADS.load(name), TrainConfig(head=name, regression_loss="l2")
    euler = torch.tensor([[10.0, -35.0, 5.0], [-20.0, 60.0, -15.0]])
    wanted = head.wanted(euler, SCALE)
    outputs = head(4).double()(torch.randn(2, 4, dtype=torch.float64)).detach().requires_grad_()
    optimiser = torch.optim.LBFGS([outputs], max_iter=100, tolerance_grad=1e-12, tolerance_change=1e-14)

    def closure():
        optimiser.zero_grad()
        loss = head.loss(outputs, wanted.double(), config)
        loss.backward()
        return loss

    optimiser.step(closure)
    np.testing.assert_allclose(
        head.rotmat(outputs.detach(), SCALE), rotmat_from_euler(euler.numpy(), "biwi+"), atol=2e-3
    )
