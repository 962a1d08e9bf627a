"""The domain discriminator, which is asked what domain given features come from."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class DomainDiscriminator(nn.Sequential):
    """Linear, ReLU, dropout, twice; then one logit: positive for source (PADA: 1024 hidden units, dropout 0.5).

    Parameters
    ----------
    n_features : int
        Length of a feature vector.
    width : int
        Hidden units of both layers.
    dropout : float
        Chance of a hidden unit to be silent.
    """

    def __init__(self, n_features: int, width: int = 1024, dropout: float = 0.5) -> None:
        super().__init__(
            nn.Linear(n_features, width), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(width, width), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(width, 1),
        )  # fmt: skip


def domain_loss(logits_source: Tensor, logits_target: Tensor) -> tuple[Tensor, Tensor]:
    """How well the domains are told apart.

    Parameters
    ----------
    logits_source, logits_target : Tensors, shape (N, 1), (M, 1)
        Discriminator outputs.

    Returns
    -------
    loss, accuracy : Tensors, shape ()
        Cross-entropy and share of right answers, each the mean of the two domains' means.
    """
    loss_source = nn.functional.softplus(-logits_source).mean()
    loss_target = nn.functional.softplus(logits_target).mean()
    with torch.no_grad():
        accuracy = ((logits_source > 0).float().mean() + (logits_target < 0).float().mean()) / 2
    return (loss_source + loss_target) / 2, accuracy
