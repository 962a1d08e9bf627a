"""Schedules over a stage's progress p in [0, 1]."""

from __future__ import annotations

import math


def reversal_scale(progress: float, lambda_max: float = 1.0) -> float:
    """lambda(p) = lambda_max * (2 / (1 + exp(-10 p)) - 1): 0 at the start, near lambda_max from p = 0.5 on.

    Ganin et al., 2016, section 5.2.2.
    """
    return lambda_max * (2.0 / (1.0 + math.exp(-10.0 * progress)) - 1.0)


def learning_rate_factor(progress: float, schedule: str, warmup: float) -> float:
    """Share of the peak learning rate: a linear rise over the first `warmup`, then a half cosine to 0; or 1."""
    if schedule == "constant":
        return 1.0
    if progress < warmup:
        return max(progress / warmup, 0.04)  # OneCycle's start, peak / 25
    return 0.5 * (1.0 + math.cos(math.pi * (progress - warmup) / max(1.0 - warmup, 1e-9)))
