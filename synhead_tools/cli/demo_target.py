"""Targets of the demo: held-out heads seen by another camera, or real BIWI frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.pose_laws import biwi_like_rotations

HELD_OUT_HEADS = ("demo/d01", "demo/d02", "demo/d03")


@dataclass(frozen=True)
class DemoTarget:
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
    """

    name: str
    pictures: SampleSource
    poses: SampleSource
    reference: np.ndarray
    reference_name: str


def embedded_target(out: Path, frames_per_head: int, size_px: int, workers: int, seed: int) -> DemoTarget:
    """Render `HELD_OUT_HEADS` as unlabelled "real" pictures into ``out / "target"``.

    Another camera (wider, off-centre heads, other distances), new lights and a textured background in every frame,
    poses under a law with the moments of the Biwi+ labels.
    """
    from synhead_tools.formats.dataset import open_dataset
    from synhead_tools.rendering.plan import RenderPlan
    from synhead_tools.rendering.render_dataset import render_dataset

    rng = np.random.default_rng((seed, 2019))
    plan = RenderPlan(
        HELD_OUT_HEADS, biwi_like_rotations(frames_per_head, rng), size_px=size_px, picture_to_box=2.4,
        distance_jitter=0.2, offset_jitter=0.1, lighting="random", background="noise", seed=seed + 1,
        convention="biwi+", poses_from={"law": "biwi-like"},
    )  # fmt: skip
    render_dataset(plan, out / "target", workers=workers)
    target = open_dataset(out / "target")
    name = f"embedded target: {len(target)} rendered frames of {len(HELD_OUT_HEADS)} held-out heads"
    return DemoTarget(name, target, target, target.read("rotmat"), "the target's poses")


def real_target(data: Path) -> DemoTarget:
    """BIWI frames and Biwi+ labels under the folder `data`.

    Raises
    ------
    LabelFormatError
        ``biwi_frames/hpdb`` or ``biwi_plus/Biwi_plus.npz`` is missing.
    """
    from synhead_tools.formats.open import open_any

    frames, labels = data / "biwi_frames", data / "biwi_plus" / "Biwi_plus.npz"
    for path in (frames, labels):
        if not path.exists():
            raise LabelFormatError(f"{path} is missing; --data needs biwi_frames/hpdb/NN and biwi_plus/Biwi_plus.npz")
    pictures, poses = open_any(frames, labels=labels), open_any(labels)
    name = f"real target: {len(pictures)} BIWI frames"
    return DemoTarget(name, pictures, poses, poses.read("rotmat"), f"all {len(poses)} Biwi+ labels")
