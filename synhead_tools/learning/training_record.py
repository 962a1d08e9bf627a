"""The record of a training run's result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import synhead_tools
from synhead_tools.learning.adaptation.instance_weights import effective_sample_size
from synhead_tools.learning.adaptation.method import AdaptationMethod
from synhead_tools.learning.checkpoint import CheckpointRecord
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pictures.augment_colour import IMAGE_MEAN, IMAGE_STD
from synhead_tools.learning.pictures.data import DomainCrops, LabelledCrops
from synhead_tools.learning.pose_heads.label_scale import NETWORK_CONVENTION, LabelScale
from synhead_tools.learning.precision import resolve_precision

_CROP_RULE = "square of side 1.0 x the longer side of the face box around its centre, bilinear with low-pass"

_STAGE1_SETTINGS = ("init_weights", "init_sha256", "stage1_steps", "learning_rate")


def stage1_record(config: TrainConfig, source: LabelledCrops, scale: LabelScale) -> CheckpointRecord:
    """What stage 1's result is."""
    return CheckpointRecord(
        backbone=config.backbone,
        backbone_width=config.backbone_width,
        head=config.head,
        input_px=config.input_px,
        margin=config.margin,
        convention=NETWORK_CONVENTION,
        label_mean_deg=list(scale.mean_deg),
        label_std_deg=list(scale.std_deg),
        image_mean=list(IMAGE_MEAN),
        image_std=list(IMAGE_STD),
        crop=_CROP_RULE,
        ray_frame=source.ray_rotmat is not None,
        method="source-only",
        stage="stage1",
        steps={"stage1": config.stage1_steps, "stage2": 0},
        precision=resolve_precision(config.precision, source.device, config.input_px),
        bn_mode="source",
        test_time_statistics="source",
        source=source.description,
        target=None,
        target_labels_used=bool(source.description.get("target_labels_used", False)),
        effective_sample_size=None,
        config=config.to_dict(),
        tool_version=synhead_tools.__version__,
    )


def final_record(
    config: TrainConfig,
    stage1: CheckpointRecord,
    source: LabelledCrops,
    target: DomainCrops | None,
    weights: np.ndarray | None,
    method: AdaptationMethod,
    test_time_statistics: str,
) -> CheckpointRecord:
    """What stage 2's result is: stage 1's record, and what was done since.

    `stage1` may come from an earlier run: the settings that stage 1 alone depends on are then those of that run.
    """
    settings = config.to_dict()
    settings |= {name: stage1.config[name] for name in _STAGE1_SETTINGS if name in stage1.config}
    return replace(
        stage1,
        method=config.method,
        stage="final",
        steps={"stage1": stage1.steps["stage1"], "stage2": config.stage2_steps},
        precision=resolve_precision(config.precision, source.device, config.input_px),
        bn_mode=config.bn_mode,
        test_time_statistics=test_time_statistics,
        source=source.description,
        target=target.description if method.uses_target else None,
        target_labels_used=method.uses_target_labels
        or stage1.target_labels_used
        or bool(source.description.get("target_labels_used", False)),
        effective_sample_size=None if weights is None else effective_sample_size(weights),
        config=settings,
    )
