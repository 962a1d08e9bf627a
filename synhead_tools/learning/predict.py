"""Rotations of heads in pictures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import torch

from synhead_tools.errors import TrainingError
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.mean_rotation import mean_rotmat
from synhead_tools.geometry.rays import from_ray_frame
from synhead_tools.learning.checkpoint import Checkpoint, CheckpointRecord, load_checkpoint
from synhead_tools.learning.model import PoseNetwork
from synhead_tools.learning.pictures.batches import plain_pictures
from synhead_tools.learning.pictures.data import DomainCrops, crop_pictures, read_crops
from synhead_tools.learning.pose_estimator import DESCRIPTION_KEYS
from synhead_tools.learning.pose_heads.label_scale import LabelScale

# Mirroring a scene left to right turns R into F R F.
MIRROR = np.diag([-1.0, 1.0, 1.0])
"""F."""


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
        answers.append(MIRROR @ rotmat @ MIRROR if mirrored else rotmat)
    return answers[0] if len(answers) == 1 else mean_rotmat(np.stack(answers))


class Estimator:
    """Pictures with face boxes to rotations in the camera frame: the `PoseEstimator` of a checkpoint.

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

    @property
    def crop_margin(self) -> float:
        """Side of a stored crop over that of the face box."""
        return self.record.margin

    @property
    def ray_frame(self) -> bool:
        """Whether the network answers against the ray through the middle of the crop."""
        return self.record.ray_frame

    def read_crops(self, source: SampleSource, **options: Any) -> DomainCrops:
        """Crops of a dataset, cut as this estimator needs them; options of `data.read_crops`."""
        return read_crops(source, self.crop_px, self.crop_margin, device=self._device, **options)

    def crop_pictures(
        self, pictures: Sequence[np.ndarray], face_box_xyxy: np.ndarray, *, intrinsics: np.ndarray | None = None
    ) -> DomainCrops:
        """Crops of pictures in memory, cut as this estimator needs them; see `data.crop_pictures`."""
        return crop_pictures(
            pictures, face_box_xyxy, self.crop_px, self.crop_margin, intrinsics=intrinsics, device=self._device
        )

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device

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

    def describe(self) -> dict[str, Any]:
        """What scores depend on; see `PoseEstimator.describe`."""
        record, config = self.record, self.record.config
        told = {
            "model": record.backbone,
            "crop": record.crop,
            "input_px": record.input_px,
            "method": record.method,
            "steps": f"{record.steps['stage1']} + {record.steps['stage2']}",
            "initial_weights": PurePath(config.get("init_weights") or "random").name,
            "seed": config.get("seed"),
            "random_background": config.get("random_background"),
            "augmentation": config.get("augmentation"),
            "training_data": _name(record.source),
            "recipe": _recipe(record),
            "target_images_used_for_training": "no" if record.target is None else f"yes ({_name(record.target)})",
            "target_labels_used_for_training_or_matching": record.target_labels_used,
        }
        return {key: told.get(key) for key in DESCRIPTION_KEYS}


def _name(description: dict[str, Any]) -> str:
    return f"{description.get('dataset')}, {description.get('subset')}"


def _recipe(record: CheckpointRecord) -> str:
    """Eight digits that two runs share only if all their settings but the seed, and what they learnt from, agree."""
    config = {name: value for name, value in record.config.items() if name not in ("seed", "init_weights", "log_every")}
    decisive = [config, record.backbone, record.backbone_width, record.head, record.stage, record.source, record.target]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True, default=str).encode()).hexdigest()[:8]
