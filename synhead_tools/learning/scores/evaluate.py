"""Score an estimator on a labelled dataset, with its protocol and the trivial baselines beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from synhead_tools.errors import TrainingError
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.conventions import get_convention
from synhead_tools.geometry.rays import from_ray_frame, to_ray_frame
from synhead_tools.geometry.rotation_index import RotationIndex
from synhead_tools.learning.pictures.data import DomainCrops
from synhead_tools.learning.pose_estimator import PoseEstimator
from synhead_tools.learning.scores.baselines import predict_mean, predict_zero
from synhead_tools.learning.scores.evaluation_report import EvaluationReport, Score, score
from synhead_tools.learning.scores.few_shot import few_shot_scores
from synhead_tools.learning.scores.metrics import pitch_bins, remove_mean_rotation, yaw_bins

_SAME_LABEL_DEG = 1e-5


def evaluate(
    estimator: PoseEstimator,
    dataset: SampleSource,
    *,
    convention: str = "biwi+",
    reference_rotmat: np.ndarray | None = None,
    reference_name: str = "reference labels",
    flip_average: bool = False,
    ray_rule: bool = True,
    labels_chose_model: bool = False,
    crops: DomainCrops | None = None,
    seed: int = 0,
) -> EvaluationReport:
    """Score an estimator.

    Parameters
    ----------
    estimator : PoseEstimator
        What is scored.
    dataset : SampleSource
        Pictures, face boxes and ``rotmat``.
    convention : str
        In which angles are compared.
    reference_rotmat, reference_name : array-like (M, 3, 3) and str, optional
        Labels of another or a larger set for the baseline that predicts its mean. Where all scored labels are among
        them, the baseline counts as one that knows labels it is scored on.
    flip_average, ray_rule : bool
        See `PoseEstimator.predict`.
    labels_chose_model : bool
        Whether the caller chose this model, or its settings, by labels of this dataset; goes into the protocol.
    crops : DomainCrops, optional
        The dataset's crops, where the caller has read them already.
    seed : int
        Decides which frames few-shot calibration is given.

    Raises
    ------
    TrainingError
        The dataset has no labels, labels that are no numbers, or cannot be cropped.
    UnknownNameError, ConventionError
        There is no such convention, or it has no angles.
    """
    get_convention(convention).require_angles()
    description = dataset.describe()
    true = read_labels(dataset)
    crops = estimator.read_crops(dataset) if crops is None else crops
    predicted = estimator.predict(crops, flip_average=flip_average, ray_rule=ray_rule)
    applied = estimator.applies_ray_rule(crops, ray_rule)
    protocol = _protocol(estimator, description, len(true), convention, applied, flip_average)
    protocol["target_labels_used_for_selection"] = labels_chose_model
    sequences = dataset.read("sequence") if "sequence" in dataset.columns else None
    scores = _scores(predicted, true, convention, sequences, reference_rotmat, reference_name)
    other = _other_frame(predicted, crops, applied)
    variants = _variants(predicted, other, applied, true, convention, sequences, seed)
    parts = _parts(dataset, predicted, true, convention, sequences)
    return EvaluationReport(protocol, scores, variants, parts, predicted, true)


def read_labels(dataset: SampleSource) -> np.ndarray:
    """The true rotations (N, 3, 3) of a dataset.

    Raises
    ------
    TrainingError
        It has none, or one that is no number.
    """
    name = dataset.describe().get("dataset", "dataset")
    if "rotmat" not in dataset.columns:
        raise TrainingError(f"{name} has no column 'rotmat', so nothing can be scored; give its labels with --labels")
    true = np.asarray(dataset.read("rotmat"), float)
    finite = np.isfinite(true).all(axis=(1, 2))
    if not finite.all():
        raise TrainingError(f"{name}, row {int(np.argmin(finite))}: rotmat is not finite")
    return true


def _protocol(
    estimator: PoseEstimator,
    description: dict[str, Any],
    n_frames: int,
    convention: str,
    ray_rule: bool,
    flip_average: bool,
) -> dict[str, Any]:
    own = estimator.describe()
    return {
        "dataset": description.get("dataset"),
        "subset": description.get("subset"),
        "frames": n_frames,
        "dataset_crop": description.get("crop"),
        "crop": own.pop("crop", None),
        "input_px": own.pop("input_px", None),
        "convention": convention,
        "calibrated": description.get("calibrated"),
        "ray_rule_applied": ray_rule,
        "flip_average": flip_average,
        **own,
    }


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


def _other_frame(predicted: np.ndarray, crops: DomainCrops, applied: bool) -> np.ndarray | None:
    """The answers, had the ray rule been applied where it was not, or not where it was; None without rays."""
    if crops.ray_rotmat is None:
        return None
    return to_ray_frame(predicted, crops.ray_rotmat) if applied else from_ray_frame(predicted, crops.ray_rotmat)


def _variants(
    predicted: np.ndarray,
    other: np.ndarray | None,
    applied: bool,
    true: np.ndarray,
    convention: str,
    sequences: np.ndarray | None,
    seed: int,
) -> tuple[Score, ...]:
    """The estimator read the other way about the ray, aligned by one rotation, and calibrated on a few frames."""
    variants = []
    if other is not None:
        name = f"estimator, {'without' if applied else 'with'} the ray rule"
        variants.append(score(name, other, true, convention))
    if sequences is not None and len(np.unique(sequences)) > 1:
        aligned = remove_mean_rotation(predicted, true)
        name = "estimator, mean rotation of all removed"
        variants.append(score(name, aligned, true, convention, uses_scored_labels=True))
    return (*variants, *few_shot_scores(predicted, true, convention, sequences, seed))


def _holds_all(reference: np.ndarray, true: np.ndarray) -> bool:
    """Whether every one of the rotations `true` (N, 3, 3) is also in `reference` (M, 3, 3), but for rounding."""
    distance_deg, _ = RotationIndex(reference).query(true)
    return bool((distance_deg < _SAME_LABEL_DEG).all())


def _parts(
    dataset: SampleSource, predicted: np.ndarray, true: np.ndarray, convention: str, sequences: np.ndarray | None
) -> dict[str, tuple[Score, ...]]:
    """Scores by yaw and pitch, and by sequence and subject where the dataset knows them."""
    parts = {
        title: tuple(score(name, predicted[rows], true[rows], convention) for name, rows in bins)
        for title, bins in (
            ("yaw bin", yaw_bins(true, convention=convention)), ("pitch bin", pitch_bins(true, convention=convention))
        )
    }  # fmt: skip
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
