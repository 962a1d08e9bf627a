"""The domain discriminator, which is asked what domain given features come from."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from synhead_tools.learning.config import TrainConfig

_PADA_INITIAL_STD = (0.01, 0.01, 0.3)
_SMALL_WIDTH = 100


def build_discriminator(config: TrainConfig, n_features: int) -> nn.Sequential:
    """A discriminator of the layout that ``config.discriminator`` names; one logit, positive for source.

    ``dropout``
        Linear, ReLU, dropout, twice, then the logit; initial weights by torch's habit.
    ``pada``
        The same with PADA's initial weights: normal, standard deviations 0.01, 0.01 and 0.3, biases 0.
    ``batch-norm``
        Linear, BatchNorm, ReLU, twice, then the logit (Transfer-Learning-Library).
    ``small``
        Linear to 100, BatchNorm, ReLU, then the logit (the widely used PyTorch DANN).

    Parameters
    ----------
    config : TrainConfig
        Layout, hidden units (not of ``small``), dropout.
    n_features : int
        Length of a feature vector.
    """
    width = config.discriminator_width
    if config.discriminator == "small":
        return nn.Sequential(*_normed(n_features, _SMALL_WIDTH), nn.Linear(_SMALL_WIDTH, 1))
    if config.discriminator == "batch-norm":
        return nn.Sequential(*_normed(n_features, width), *_normed(width, width), nn.Linear(width, 1))
    network = DomainDiscriminator(n_features, width, config.discriminator_dropout)
    if config.discriminator == "pada":
        linear = [module for module in network if isinstance(module, nn.Linear)]
        for module, std in zip(linear, _PADA_INITIAL_STD, strict=True):
            nn.init.normal_(module.weight, 0.0, std)
            nn.init.zeros_(module.bias)
    return network


def _normed(n_in: int, n_out: int) -> tuple[nn.Module, ...]:
    return nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out), nn.ReLU()


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


def domain_loss(
    logits_source: Tensor, logits_target: Tensor, source_weights: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """How well the domains are told apart.

    Parameters
    ----------
    logits_source, logits_target : Tensors, shape (N, 1), (M, 1)
        Discriminator outputs.
    source_weights : Tensor, shape (N,), optional
        What each source sample's part of the loss is multiplied by.

    Returns
    -------
    loss, accuracy : Tensors, shape ()
        Cross-entropy and share of right answers, each the mean of the two domains' means; weights do not enter the
        accuracy.
    """
    loss_source = nn.functional.softplus(-logits_source)
    if source_weights is not None:
        loss_source = loss_source * source_weights[:, None]
    loss_target = nn.functional.softplus(logits_target).mean()
    with torch.no_grad():
        accuracy = ((logits_source > 0).float().mean() + (logits_target < 0).float().mean()) / 2
    return (loss_source.mean() + loss_target) / 2, accuracy
