"""How a linear regressor's solution differs between domains, as a loss: DARE-GRAM (Nejjar, Wang and Fink, CVPR 2023).

Least squares on features Z (a column of ones and N samples of p features) has the solution (Z^T Z)^+ Z^T y. So what a
regressor on features depends on is the inverse of the Gram matrix, and that is what is made alike, rather than the
features themselves: its columns' directions, and its scale.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def gram_losses(source: Tensor, target: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """The two losses of DARE-GRAM.

    Parameters
    ----------
    source, target : Tensors, shape (N, p), (M, p)
        Features.
    share : float
        Share of the sum of eigenvalues that the kept ones may reach; at least two are kept.

    Returns
    -------
    angle, scale : Tensors, shape ()
        Mean over columns of 1 - the cosine of the angle between the two inverses' columns; distance of the kept
        eigenvalues of the Gram matrices of both.
    """
    with_ones = [F.pad(features, (1, 0), value=1.0) for features in (source, target)]
    values = [torch.linalg.svdvals(z).square() for z in with_ones]
    kept = max(_n_kept(v.detach(), share) for v in values)
    inverses = [_inverse_gram(z, v, kept) for z, v in zip(with_ones, values, strict=True)]
    angle = (1.0 - F.cosine_similarity(*inverses, dim=0)).abs().mean()
    return angle, torch.linalg.vector_norm(values[0][:kept] - values[1][:kept])


def _n_kept(values: Tensor, share: float) -> int:
    """How many of the descending eigenvalues together are at most `share` of all, at least two."""
    cumulated = torch.cumsum(values, dim=0) / values.sum()
    return max(2, int((cumulated <= share).sum()))


def _inverse_gram(z: Tensor, values: Tensor, kept: int) -> Tensor:
    """The pseudo-inverse (p + 1, p + 1) of Z^T Z from its largest eigenvalues, as Z^+ Z^+^T; cheaper for N < p."""
    smallest = values.detach()[kept - 1].sqrt() * (1.0 - 1e-3)
    inverse = torch.linalg.pinv(z, atol=float(smallest), rtol=0.0)
    return inverse @ inverse.T
