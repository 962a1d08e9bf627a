import math

import pytest
import torch

from synhead_tools.learning.adaptation.gram_alignment import gram_losses


def _features(n, p, seed=0):
    return torch.randn(n, p, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_both_losses_of_one_feature_in_closed_form():
    """Z^T Z of samples +1 and -1 is diag(2, 2), of +a and -a diag(2, 2 a^2): inverses on the same axes."""
    ones = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
    angle, scale = gram_losses(ones, 3 * ones, 1.0)
    assert float(angle) == pytest.approx(0, abs=1e-12)
    # eigenvalues, largest first: (2, 2) and (18, 2)
    assert float(scale) == pytest.approx(16)


def test_the_angle_between_two_gram_matrices_by_hand():
    first = torch.tensor([[1.0], [0.0]], dtype=torch.float64)  # Z^T Z = [[2, 1], [1, 1]]
    second = torch.tensor([[1.0], [1.0], [-1.0], [-1.0]], dtype=torch.float64)  # diag(4, 4)
    angle, scale = gram_losses(first, second, 1.0)
    # inverses: [[1, -1], [-1, 2]] and diag(1/4, 1/4)
    assert float(angle) == pytest.approx(1 - (1 / math.sqrt(2) + 2 / math.sqrt(5)) / 2)
    golden = ((3 + math.sqrt(5)) / 2, (3 - math.sqrt(5)) / 2)
    assert float(scale) == pytest.approx(math.hypot(golden[0] - 4, golden[1] - 4))


def test_the_inverse_is_that_of_the_large_eigenvalues_alone():
    """Against an eigendecomposition; more features than samples, and a share that keeps some of them."""
    source, target = _features(6, 9), _features(5, 9, 1)
    angle, scale = gram_losses(source, target, 0.9)
    inverses, kept, spectra = [], [], []
    for features in (source, target):
        z = torch.cat([torch.ones(len(features), 1, dtype=torch.float64), features], 1)
        values, vectors = torch.linalg.eigh(z.T @ z)
        values, vectors = values.flip(0), vectors.flip(1)
        spectra.append((values, vectors))
        kept.append(int((values.cumsum(0) / values.sum() <= 0.9).sum()))
    k = max(kept)
    assert 2 < k < 5
    for values, vectors in spectra:
        inverses.append(vectors[:, :k] / values[:k] @ vectors[:, :k].T)
    cosines = [float(a @ b / a.norm() / b.norm()) for a, b in zip(inverses[0].T, inverses[1].T, strict=True)]
    assert float(angle) == pytest.approx(1 - sum(cosines) / len(cosines))
    assert float(scale) == pytest.approx(float((spectra[0][0][:k] - spectra[1][0][:k]).norm()))


def test_equal_features_in_another_order_cost_nothing():
    features = _features(8, 20)
    angle, scale = gram_losses(features, features.flip(0), 0.9)
    assert float(angle) == pytest.approx(0, abs=1e-9)
    assert float(scale) == pytest.approx(0, abs=1e-6)


def test_gradients_are_those_of_differences_while_all_eigenvalues_are_kept():
    source, target = _features(6, 3).requires_grad_(True), _features(6, 3, 1)
    assert torch.autograd.gradcheck(lambda features: gram_losses(features, target, 1.0), (source,))
