"""No adaptation: more training on the source, the control of equal length for every other method."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import Tensor

from synhead_tools.learning.adaptation.method import StatelessMethod, regression_loss
from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pictures.batches import SourceBatch, TargetBatch


class SourceOnly(StatelessMethod):
    """Regression on the source alone; also what stage 1 runs.

    Parameters
    ----------
    config : TrainConfig
        The loss.
    n_features : int
        Not needed here.
    """

    uses_target = False
    uses_target_labels = False
    weighs_losses = False
    discriminator = None

    def __init__(self, config: TrainConfig, n_features: int) -> None:
        self._config = config

    def source_weights(self, source_rotmat: np.ndarray, predict_target: Callable[[], np.ndarray]) -> None:
        """None: all samples count the same."""

    def losses(
        self, passes: DomainPasses, source: SourceBatch, target: TargetBatch | None, progress: float
    ) -> dict[str, Tensor]:
        """``total`` and ``regression``, which are the same here."""
        outputs = passes.network.pose_head(passes.source(source.pictures))
        regression = regression_loss(outputs, source, self._config)
        return {"total": regression, "regression": regression}
