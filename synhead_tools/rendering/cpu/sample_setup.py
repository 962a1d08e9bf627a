"""What is decided about one sample of a plan before it is rendered."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from synhead_tools.heads.pose_neck import BODY_FOLLOW
from synhead_tools.rendering.looks.law import Values
from synhead_tools.rendering.scene import Lighting


@dataclass(frozen=True)
class SampleSetup:
    """Everything about one sample that is decided before it is rendered.

    Attributes
    ----------
    index : int
        Number of the sample in the plan.
    head_name : str
    pose_index : int
        Number of its pose in the plan.
    translation_m : (3,) float64
    lighting : Lighting
    seed : int
        The 64-bit seed that decided what is random in it.
    expression : (52,) float32 or None
        Coefficients of `synhead_tools.heads.expressions.ARKIT_NAMES`; None leaves the head as it is.
    body_follow : float
        How far the body turns with the head.
    values : dict of str to ndarray
        What the plan's looks and its lighting drew, by the column that stores it; empty when nothing is drawn.
    """

    index: int
    head_name: str
    pose_index: int
    translation_m: np.ndarray
    lighting: Lighting
    seed: int
    expression: np.ndarray | None = None
    body_follow: float = BODY_FOLLOW
    values: Values = field(default_factory=dict)
