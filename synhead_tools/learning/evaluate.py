"""Score an estimator on a labelled dataset, with its protocol and the trivial baselines beside it."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import numpy as np

from synhead_tools.errors import TrainingError
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.rotation_index import RotationIndex
from synhead_tools.learning.baselines import predict_mean, predict_zero
from synhead_tools.learning.checkpoint import CheckpointRecord
from synhead_tools.learning.data import DomainCrops
from synhead_tools.learning.evaluation_report import EvaluationReport, Score, score
from synhead_tools.learning.metrics import remove_mean_rotation, yaw_bins
from synhead_tools.learning.predict import Estimator

_SAME_LABEL_DEG = 1e-5


def evaluate(
    estimator: Estimator,
    dataset: SampleSource,
    *,
    convention: str = "biwi+",
    reference_rotmat: np.ndarray | None = None,
    reference_name: str = "reference labels",
    flip_average: bool = False,
    ray_rule: bool = True,
    labels_chose_model: bool = False,
    crops: DomainCrops | None = None,
) -> EvaluationReport:
    """Score an estimator.

    Parameters
    ----------
    estimator : Estimator
        What is scored.
    dataset : SampleSource
        Pictures, face boxes and ``rotmat``.
    convention : str
        In which angles are compared.
    reference_rotmat, reference_name : array-like (M, 3, 3) and str, optional
        Labels of another or a larger set for the baseline that predicts its mean. Where all scored labels are among
        them, the baseline counts as one that knows labels it is scored on.
    flip_average, ray_rule : bool
        See `Estimator.predict`.
    labels_chose_model : bool
        Whether the caller chose this model, or its settings, by labels of this dataset; goes into the protocol.
    crops : DomainCrops, optional
        The dataset's crops, where the caller has read them already.

    Raises
    ------
    TrainingError
        The dataset has no labels, or cannot be cropped.
    """
    description = dataset.describe()
    if "rotmat" not in dataset.columns:
        raise TrainingError(f"{description.get('dataset', 'dataset')} has no column 'rotmat', so nothing can be scored")
    crops = estimator.read_crops(dataset) if crops is None else crops
    predicted = estimator.predict(crops, flip_average=flip_average, ray_rule=ray_rule)
    true = np.asarray(dataset.read("rotmat"), float)
    applied = estimator.applies_ray_rule(crops, ray_rule)
    protocol = _protocol(estimator.record, description, len(true), convention, applied, flip_average)
    protocol["target_labels_used_for_selection"] = labels_chose_model
    sequences = dataset.read("sequence") if "sequence" in dataset.columns else None
    scores = _scores(predicted, true, convention, sequences, reference_rotmat, reference_name)
    return EvaluationReport(protocol, scores, _parts(dataset, predicted, true, convention, sequences))


def _protocol(
    record: CheckpointRecord,
    description: dict[str, Any],
    n_frames: int,
    convention: str,
    ray_rule: bool,
    flip_average: bool,
) -> dict[str, Any]:
    return {
        "dataset": description.get("dataset"),
        "subset": description.get("subset"),
        "frames": n_frames,
        "dataset_crop": description.get("crop"),
        "crop": record.crop,
        "input_px": record.input_px,
        "convention": convention,
        "calibrated": description.get("calibrated"),
        "ray_rule_applied": ray_rule,
        "flip_average": flip_average,
        "method": record.method,
        "steps": f"{record.steps['stage1']} + {record.steps['stage2']}",
        "initial_weights": _initial_weights(record.config.get("init_weights")),
        "seed": record.config.get("seed"),
        "random_background": record.config.get("random_background"),
        "augmentation": record.config.get("augmentation"),
        "target_images_used_for_training": "no" if record.target is None else _name(record.target),
        "target_labels_used_for_training_or_matching": record.target_labels_used,
    }


def _initial_weights(path: str | None) -> str:
    return "random" if not path else PurePath(path).name


def _name(description: dict[str, Any]) -> str:
    return f"yes ({description.get('dataset')}, {description.get('subset')})"


def _scores(
    predicted: np.ndarray,
    true: np.ndarray,
    convention: str,
    sequences: np.ndarray | None,
    reference_rotmat: np.ndarray | None,
    reference_name: str,
) -> tuple[Score, ...]:
    """The estimator, the estimator aligned, and the trivial baselines."""
    n = len(true)
    aligned = remove_mean_rotation(predicted, true, sequences)
    per = "" if sequences is None else " per sequence"
    scores = [
        score("estimator", predicted, true, convention),
        score(f"estimator, mean rotation removed{per}", aligned, true, convention, uses_scored_labels=True),
        score("predict zero", predict_zero(n), true, convention),
    ]
    if reference_rotmat is not None:
        mean = predict_mean(n, reference_rotmat, convention)
        knows = _holds_all(reference_rotmat, true)
        scores.append(score(f"predict the mean of {reference_name}", mean, true, convention, uses_scored_labels=knows))
    own = predict_mean(n, true, convention)
    scores.append(score("predict these frames' mean", own, true, convention, uses_scored_labels=True))
    return tuple(scores)


def _holds_all(reference: np.ndarray, true: np.ndarray) -> bool:
    """Whether every one of the rotations `true` (N, 3, 3) is also in `reference` (M, 3, 3), but for rounding."""
    distance_deg, _ = RotationIndex(reference).query(true)
    return bool((distance_deg < _SAME_LABEL_DEG).all())


def _parts(
    dataset: SampleSource, predicted: np.ndarray, true: np.ndarray, convention: str, sequences: np.ndarray | None
) -> dict[str, tuple[Score, ...]]:
    """Scores by yaw bin, and by sequence and subject where the dataset knows them."""
    bins = yaw_bins(true, convention=convention)
    parts = {"yaw bin": tuple(score(name, predicted[rows], true[rows], convention) for name, rows in bins)}
    subjects = dataset.read("head_id") if "head_id" in dataset.columns else None
    for title, values in (("sequence", sequences), ("subject", subjects)):
        if values is None:
            continue
        entries = []
        for value in np.unique(values):
            rows = values == value
            name = value.decode() if isinstance(value, bytes) else str(value)
            entries.append(score(name, predicted[rows], true[rows], convention))
        parts[title] = tuple(entries)
    return parts
