"""Instance weights of the source samples, from what the network answers on the target, and their log line."""

from __future__ import annotations

import numpy as np

from synhead_tools.learning.adaptation.instance_weights import effective_sample_size
from synhead_tools.learning.adaptation.method import AdaptationMethod
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.log_files import LogSink
from synhead_tools.learning.model import PoseNetwork
from synhead_tools.learning.pictures.data import DomainCrops, LabelledCrops
from synhead_tools.learning.pose_heads.label_scale import LabelScale
from synhead_tools.learning.predict import predict_crop_rotmat
from synhead_tools.learning.processes import from_first, own_number


def estimate_source_weights(
    config: TrainConfig,
    method: AdaptationMethod,
    network: PoseNetwork,
    scale: LabelScale,
    source: LabelledCrops,
    target: DomainCrops | None,
    log: LogSink | None,
    step: int = 0,
) -> np.ndarray | None:
    """The weights (N,) that `method` gives the source samples, None for equal ones; logged.

    Parameters
    ----------
    config, method : TrainConfig, AdaptationMethod
        How weights are made.
    network, scale : PoseNetwork, LabelScale
        What answers on the target; is put into evaluation mode.
    source, target : LabelledCrops, DomainCrops or None
        The domains.
    log : callable or None
        Takes the line.
    step : int
        Steps of stage 2 made so far.
    """

    def predict_target() -> np.ndarray:
        return predict_crop_rotmat(network, target, scale, config.input_px, config.margin)

    first = own_number() == 0
    weights = from_first(method.source_weights(source.crop_rotmat, predict_target) if first else None)
    if weights is not None and log is not None:
        log(
            {
                "stage": "weights",
                "step": step,
                "source_samples": len(source),
                "samples_with_weight": int((weights > 0).sum()),
                "effective_sample_size": round(effective_sample_size(weights), 2),
            }
        )
    return weights
