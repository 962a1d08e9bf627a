"""PADACO: partial adversarial domain adaptation for continuous labels (Kuhnke and Ostermann, ICCV 2019)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synhead_tools.learning.adaptation.dann import Dann
from synhead_tools.learning.adaptation.instance_weights import count_nearest_sources


class Padaco(Dann):
    """DANN whose source samples are drawn by how near they are to poses predicted for the target.

    Drawing rather than weighting the loss: a sample of weight 0 would still pass through BatchNorm. The weights are
    made once, before stage 2; making them again on the way does not always converge (the authors).
    """

    def source_weights(self, source_rotmat: np.ndarray, predict_target: Callable[[], np.ndarray]) -> np.ndarray:
        """W by `count_nearest_sources`."""
        config = self._config
        return count_nearest_sources(source_rotmat, predict_target(), config.n_neighbours, config.neighbour_metric)
