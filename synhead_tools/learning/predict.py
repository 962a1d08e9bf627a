"""Rotations of heads in pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from synhead_tools.errors import TrainingError
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.rays import from_ray_frame
from synhead_tools.learning.batches import plain_pictures
from synhead_tools.learning.checkpoint import Checkpoint, load_checkpoint
from synhead_tools.learning.data import DomainCrops, read_crops
from synhead_tools.learning.model import PoseNetwork
from synhead_tools.learning.pose_heads.label_scale import LabelScale

# Mirroring a scene left to right turns R into F R F.
_MIRROR = np.diag([-1.0, 1.0, 1.0])


def predict_crop_rotmat(
    network: PoseNetwork,
    crops: DomainCrops,
    scale: LabelScale,
    input_px: int,
    margin: float,
    *,
    flip_average: bool = False,
    batch_size: int = 256,
) -> np.ndarray:
    """Rotations (N, 3, 3) against each crop's own ray.

    Parameters
    ----------
    network : PoseNetwork
        Is put into evaluation mode.
    crops : DomainCrops
        Pictures; labels, if any, are not looked at.
    scale : LabelScale
        Of the network's outputs.
    input_px, margin : int, float
        Of the network's input, and of `crops`.
    flip_average : bool
        Answer midway between the picture's and its mirror image's answers.
    batch_size : int
        Pictures per pass.
    """
    network.eval()
    answers = []
    for mirrored in (False, True)[: 1 + flip_average]:
        outputs = []
        for start in range(0, len(crops), batch_size):
            pictures = plain_pictures(crops, slice(start, start + batch_size), input_px, margin, mirrored)
            with torch.inference_mode():
                outputs.append(network(pictures))
        rotmat = network.pose_head.rotmat(torch.cat(outputs), scale)
        answers.append(_MIRROR @ rotmat @ _MIRROR if mirrored else rotmat)
    return answers[0] if len(answers) == 1 else _midway(*answers)


def _midway(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The rotation halfway between two: the nearest to their sum."""
    u, _, vt = np.linalg.svd(first + second)
    u[..., :, 2] *= np.linalg.det(u @ vt)[..., None]
    return u @ vt


class Estimator:
    """Pictures with face boxes to rotations in the camera frame.

    Parameters
    ----------
    checkpoint : Checkpoint
        Network and record; the record says how crops are cut and answers are read.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.network, self.record = checkpoint.network.eval(), checkpoint.record

    @classmethod
    def load(cls, folder: str | Path, device: str | torch.device = "cpu") -> Estimator:
        """The estimator in a checkpoint folder.

        Raises
        ------
        CheckpointError
            The checkpoint cannot be used.
        """
        return cls(load_checkpoint(folder, device))

    @property
    def crop_px(self) -> int:
        """Side of the crops to store, pixels."""
        return round(self.record.input_px * self.record.margin)

    def read_crops(self, source: SampleSource, **options: Any) -> DomainCrops:
        """Crops of a dataset, cut as this estimator needs them; options of `data.read_crops`."""
        device = next(self.network.parameters()).device
        return read_crops(source, self.crop_px, self.record.margin, device=device, **options)

    def predict(self, crops: DomainCrops, *, flip_average: bool = False, ray_rule: bool = True) -> np.ndarray:
        """Rotations R_head_to_camera (N, 3, 3).

        Parameters
        ----------
        crops : DomainCrops
            Of `read_crops`.
        flip_average : bool
            Answer midway between the picture's and its mirror image's answers.
        ray_rule : bool
            Turn answers from the crop's ray to the optical axis where intrinsics are known (and the estimator was
            trained against the ray).

        Raises
        ------
        TrainingError
            The crops have another size than this estimator needs.
        """
        if crops.crop_px != self.crop_px:
            raise TrainingError(f"crops are {crops.crop_px} px wide, this estimator needs {self.crop_px} px")
        rotmat = predict_crop_rotmat(
            self.network, crops, self.record.label_scale, self.record.input_px, self.record.margin,
            flip_average=flip_average,
        )  # fmt: skip
        return from_ray_frame(rotmat, crops.ray_rotmat) if self.applies_ray_rule(crops, ray_rule) else rotmat

    def applies_ray_rule(self, crops: DomainCrops, ray_rule: bool = True) -> bool:
        """Whether `predict` turns its answers for these crops."""
        return ray_rule and self.record.ray_frame and crops.ray_rotmat is not None
