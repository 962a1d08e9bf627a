"""PADA for continuous labels: source samples count in the losses by how near they are to poses of the target.

PADA (Cao et al., ECCV 2018) weighs classes by the mean of the target's predicted probabilities. For continuous labels
Kuhnke and Ostermann (ICCV 2019) compare with w_i = max(0, t - min_j L(y_j, y_i)) over target predictions y_j, source
labels y_i; the paper does not say t.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synhead_tools.errors import TrainingError
from synhead_tools.learning.adaptation.dann import Dann
from synhead_tools.learning.adaptation.instance_weights import distance_to_nearest_target


class Pada(Dann):
    """DANN whose regression and domain losses of the source are weighted, samples being drawn evenly.

    A sample of weight 0 still passes through the network, and through BatchNorm: this is what PADACO's drawing avoids.
    Weights are made before stage 2, and with ``weights_every`` again on the way; divided by their mean they leave the
    size of the loss as it was.
    """

    weighs_losses = True

    def source_weights(self, source_rotmat: np.ndarray, predict_target: Callable[[], np.ndarray]) -> np.ndarray:
        """W (N,): the threshold minus the distance to the nearest target prediction, degrees, at least 0."""
        config = self._config
        distance_deg = distance_to_nearest_target(source_rotmat, predict_target(), config.neighbour_metric)
        weights = np.maximum(0.0, config.pada_threshold_deg - distance_deg)
        if not weights.any():
            raise TrainingError(
                f"no source label is within pada_threshold_deg = {config.pada_threshold_deg:g} of a pose predicted for "
                f"the target (the nearest is {distance_deg.min():.1f} away); raise it"
            )
        return weights
