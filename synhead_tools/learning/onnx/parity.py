"""Whether an exported model answers as the checkpoint does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnxruntime
import torch

from synhead_tools.errors import CheckpointError
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.learning.checkpoint import Checkpoint
from synhead_tools.learning.onnx.graph import INPUT_NAME, ROTMAT_NAME, graph_crop
from synhead_tools.learning.pictures.augment_colour import standardise
from synhead_tools.learning.pictures.data import DomainCrops
from synhead_tools.learning.predict import predict_crop_rotmat

LARGEST_DEG = 0.05
"""A larger difference than this is none of rounding: the model is not written."""

_BATCHES = (1, 2, 7)


@dataclass(frozen=True)
class Parity:
    """How near the exported model's answers are to the checkpoint's.

    Attributes
    ----------
    pictures : int
        How many were compared: noise of every sort, and extremes.
    largest_difference : float
        Of any entry of a rotation matrix.
    largest_deg : float
        Of the rotations, degrees.
    """

    pictures: int
    largest_difference: float
    largest_deg: float


def check_parity(data: bytes, checkpoint: Checkpoint, takes_uint8: bool) -> Parity:
    """Compare the ONNX model `data` with the estimator of the checkpoint, cutting and all, in batches of several sizes.

    Raises
    ------
    CheckpointError
        They differ by more than `LARGEST_DEG`, or an answer is not finite.
    """
    kept = trial_pictures(round(checkpoint.record.input_px * checkpoint.record.margin))
    expected = _rotmat_of_checkpoint(checkpoint, kept)
    rim = (kept.shape[1] - graph_crop(checkpoint.record)[0]) // 2
    pictures = kept[:, rim : kept.shape[1] - rim, rim : kept.shape[1] - rim]
    session = open_session(data)
    found, start, turn = [], 0, 0
    while start < len(pictures):
        part = pictures[start : start + _BATCHES[turn % len(_BATCHES)]]
        found.append(session.run([ROTMAT_NAME], {INPUT_NAME: as_input(part, takes_uint8)})[0].astype(float))
        start, turn = start + len(part), turn + 1
    found = np.concatenate(found)
    if found.shape != expected.shape or not (np.isfinite(found).all() and np.isfinite(expected).all()):
        raise CheckpointError("the exported model does not answer with finite rotations; it is not written")
    parity = Parity(
        len(pictures), float(np.abs(found - expected).max()), float(geodesic_distance_deg(found, expected).max())
    )
    if parity.largest_deg > LARGEST_DEG:
        raise CheckpointError(
            f"the exported model differs from the checkpoint by up to {parity.largest_deg:.3g} degrees; it is not "
            "written; try another version of torch or onnxscript"
        )
    return parity


def trial_pictures(side_px: int, seed: int = 0) -> np.ndarray:
    """Pictures (N, side, side, 3) uint8: noise fine and coarse, dark and bright, and extremes."""
    rng = np.random.default_rng(seed)
    shape = (side_px, side_px, 3)
    fine = [rng.integers(0, 256, shape, dtype=np.uint8) for _ in range(8)]
    cells = [rng.integers(0, 256, (6, 6, 3), dtype=np.uint8) for _ in range(8)]
    where = np.arange(side_px) * 6 // side_px
    coarse = [cell[where[:, None], where] for cell in cells]
    dim = [(picture // 16 + offset).astype(np.uint8) for picture in coarse[:2] for offset in (0, 239)]
    ramp = np.broadcast_to(np.linspace(0, 255, side_px).astype(np.uint8)[None, :, None], shape)
    checks = np.broadcast_to(((np.arange(side_px)[:, None] + np.arange(side_px)) % 2 * 255)[..., None], shape)
    flat = [np.full(shape, colour, np.uint8) for colour in ((0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 255))]
    return np.stack([*fine, *coarse, *dim, ramp, ramp.swapaxes(0, 1), checks.astype(np.uint8), *flat])


def as_input(pictures: np.ndarray, takes_uint8: bool) -> np.ndarray:
    """Pictures (N, S, S, 3) uint8 as the model takes them."""
    if takes_uint8:
        return pictures
    planes = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255.0
    return standardise(planes).contiguous().numpy()


def open_session(data: bytes, threads: int = 1) -> onnxruntime.InferenceSession:
    """The model `data`, ready to compute on so many threads of the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def _rotmat_of_checkpoint(checkpoint: Checkpoint, kept: np.ndarray) -> np.ndarray:
    """What the estimator makes of crops (N, C, C, 3) as it keeps them."""
    record = checkpoint.record
    crops = DomainCrops(torch.from_numpy(kept).to(next(checkpoint.network.parameters()).device), None)
    return predict_crop_rotmat(checkpoint.network, crops, record.label_scale, record.input_px, record.margin)
