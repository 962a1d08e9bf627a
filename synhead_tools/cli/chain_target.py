"""Targets of the chain: held-out heads seen by another camera, or real BIWI frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.pose_laws import biwi_like_rotations

HELD_OUT_HEADS = ("demo/d01", "demo/d02", "demo/d03")

LABEL_NAME = "Biwi_plus.npz"
LABEL_PLACES = (LABEL_NAME, f"biwi_plus/{LABEL_NAME}")
"""Where Biwi+ labels may lie in the folder that a user names."""

_FRAMES = "biwi_frames"


@dataclass(frozen=True)
class ChainTarget:
    """What is adapted to and scored on.

    Attributes
    ----------
    name : str
        In words.
    pictures : SampleSource
        Unlabelled for training; its rotations are read for the score alone.
    poses : SampleSource
        Poses that SynBiwi+ is matched to.
    reference : numpy.ndarray
        Rotations (n, 3, 3) whose mean is the trivial baseline.
    reference_name : str
        What they are.
    extent : str
        How much of what the paper scored on these pictures are.
    boxes : str
        Where the face boxes come from.
    """

    name: str
    pictures: SampleSource
    poses: SampleSource
    reference: np.ndarray
    reference_name: str
    extent: str
    boxes: str


def embedded_target(
    out: Path, frames_per_head: int, size_px: int, workers: int, seed: int, resume: bool = False
) -> ChainTarget:
    """Render `HELD_OUT_HEADS` as unlabelled "real" pictures into ``out / "target"``.

    Another camera (wider, off-centre heads, other distances), new lights and a textured background in every frame,
    poses under a law with the moments of the Biwi+ labels.
    """
    from synhead_tools.formats.dataset import open_dataset

    if not (resume and (out / "target" / "README.md").is_file()):  # it is written last
        _render_target(out / "target", frames_per_head, size_px, workers, seed, resume)
    target = open_dataset(out / "target")
    frames = f"{len(target)} rendered frames of {len(HELD_OUT_HEADS)} held-out heads"
    return ChainTarget(
        f"embedded target: {frames}", target, target, target.read("rotmat"), "the target's poses",
        f"{frames}: not BIWI, so the published figures are of other pictures", "of the rendered heads",
    )  # fmt: skip


def _render_target(out: Path, frames_per_head: int, size_px: int, workers: int, seed: int, resume: bool) -> None:
    from synhead_tools.rendering.plan import RenderPlan
    from synhead_tools.rendering.render_dataset import render_dataset

    rng = np.random.default_rng((seed, 2019))
    plan = RenderPlan(
        HELD_OUT_HEADS, biwi_like_rotations(frames_per_head, rng), size_px=size_px, picture_to_box=2.4,
        distance_jitter=0.2, offset_jitter=0.1, lighting="random", background="noise", seed=seed + 1,
        convention="biwi+", poses_from={"law": "biwi-like"},
    )  # fmt: skip
    render_dataset(plan, out, workers=workers, resume=resume)


def biwi_target(data: Path, labels: Path | None = None) -> ChainTarget:
    """BIWI frames, all or some, with Biwi+ labels, or with those of their own pose files.

    Parameters
    ----------
    data : path
        Folder of BIWI (``hpdb/NN/frame_XXXXX_rgb.png``), or one that holds such a folder as ``biwi_frames``.
    labels : path, optional
        A Biwi+ file; without it, the one at `LABEL_PLACES` in `data`; without that the pose files of the frames.

    Raises
    ------
    LabelFormatError
        There are no frames, or neither a Biwi+ file nor pose files.
    """
    from synhead_tools.formats.datasets.biwi_layout import KNOWN_FRAMES, sequence_folders
    from synhead_tools.formats.open import open_any

    frames = data / _FRAMES if (data / _FRAMES).is_dir() else data
    if not sequence_folders(frames):
        raise LabelFormatError(
            f"{data} holds no BIWI frames; give the folder with hpdb/NN/frame_XXXXX_rgb.png, or one with "
            f"{_FRAMES}/hpdb/NN and {LABEL_PLACES[1]}"
        )
    labels = labels or next((data / place for place in LABEL_PLACES if (data / place).is_file()), None)
    if labels is None and frames != data:
        raise LabelFormatError(f"{data / LABEL_PLACES[1]} is missing; put the Biwi+ label file there")
    pictures = open_any(frames, labels=labels)
    poses = pictures if labels is None else open_any(labels)
    of, known = pictures.describe(), sum(KNOWN_FRAMES.values())
    share = f"all {known}" if len(pictures) == known else f"{len(pictures)} of {known}"
    return ChainTarget(
        f"real target: {len(pictures)} BIWI frames", pictures, poses, poses.read("rotmat"),
        f"all {len(poses)} {'Biwi+ labels' if labels else 'pose files'}",
        f"{share} frames of BIWI ({of['subset']})",
        str(of.get("crop")) + ("" if labels else ": these boxes know the labels"),
    )  # fmt: skip


def weights_beside(data: Path | None) -> Path | None:
    """ResNet-18 weights that lie with the data, if any."""
    found = [] if data is None else sorted((data / "weights").glob("resnet18*.safetensors"))
    return found[0] if found else None
