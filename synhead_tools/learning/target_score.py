"""How a run does on labels of its target, written into its log and used for nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np

from synhead_tools.errors import TrainingError
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.learning.checkpoint import Checkpoint
from synhead_tools.learning.pictures.data import DomainCrops
from synhead_tools.learning.predict import Estimator
from synhead_tools.learning.scores.metrics import mean_absolute_errors_deg


class TargetScore:
    """Scores checkpoints on labels that training does not get to see.

    Training hands finished networks over and takes nothing back, so the labels cannot choose anything.

    Parameters
    ----------
    target : SampleSource
        Needs the column ``rotmat``.
    crops : DomainCrops
        Its crops.

    Raises
    ------
    TrainingError
        The target has no labels.
    """

    def __init__(self, target: SampleSource, crops: DomainCrops) -> None:
        if "rotmat" not in target.columns:
            name = target.describe().get("dataset", "the target")
            raise TrainingError(f"{name} has no column 'rotmat', so no score on it can be reported")
        self._crops, self._rotmat = crops, np.asarray(target.read("rotmat"), float)

    def __call__(self, checkpoint: Checkpoint) -> dict[str, Any]:
        """The log line of a checkpoint: errors in the camera frame, angles under ``biwi+``."""
        record = checkpoint.record
        predicted = Estimator(checkpoint).predict(self._crops)
        return {
            "stage": "score on target labels",
            "after": "stage1" if record.stage == "stage1" else "stage2",
            "step": record.steps["stage2"],
            "frames": len(self._rotmat),
            "target_mae_deg": round(float(mean_absolute_errors_deg(predicted, self._rotmat).mean()), 4),
            "target_geodesic_deg": round(float(geodesic_distance_deg(predicted, self._rotmat).mean()), 4),
        }
