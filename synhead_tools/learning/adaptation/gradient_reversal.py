"""Gradient reversal: the identity forward, minus lambda times the gradient backward (Ganin and Lempitsky, 2015)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _GradientReversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, scale: Tensor) -> Tensor:
        ctx.save_for_backward(scale)
        return features.view_as(features)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (scale,) = ctx.saved_tensors
        return -scale * gradient, None


def reverse_gradient(features: Tensor, scale: Tensor) -> Tensor:
    """Return `features`; on the way back their gradient is multiplied by -`scale`.

    Parameters
    ----------
    features : Tensor
        Any shape.
    scale : Tensor, shape ()
        lambda; a tensor, so that a compiled step is not compiled anew when it changes.
    """
    return _GradientReversal.apply(features, scale)
