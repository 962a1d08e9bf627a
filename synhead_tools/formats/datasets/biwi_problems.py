"""What is missing from, or contradicts itself in, a copy of the BIWI Kinect Head Pose Database."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.biwi_calibration import read_calibration
from synhead_tools.formats.datasets.biwi_layout import (
    DEPTH,
    KNOWN_FRAMES,
    PICTURE,
    POSE_BIN,
    POSE_TXT,
    SEQUENCES,
    SequenceFiles,
)
from synhead_tools.formats.datasets.biwi_pose_files import read_pose_bin, read_pose_txt
from synhead_tools.geometry.distance import geodesic_distance_deg

LARGEST_DIFFERENCE_DEG = 0.01
LARGEST_DIFFERENCE_MM = 0.01
"""The same pose written with six digits and as float32 differs by less than a hundredth of this."""


def find_problems(sequences: list[SequenceFiles]) -> list[str]:
    """List what is wrong with `sequences`, one line each; reads pose files and calibrations, but no pictures.

    Parameters
    ----------
    sequences : list of SequenceFiles
        Where it is more than one, those of the 24 that are not there are listed, too.

    Returns
    -------
    list of str
        ``NN: what is wrong, with the first frame``: another number of pictures than published, pictures without pose,
        poses without picture, ``pose.txt`` and ``pose.bin`` that disagree, damaged pose files, missing depth images,
        calibrations and meshes, lens distortion.
    """
    present = {sequence.name for sequence in sequences}
    absent = [name for name in SEQUENCES if name not in present]
    lines = [f"sequences {', '.join(absent)} are not here"] if len(present) > 1 and absent else []
    for sequence in sequences:
        found = [*_counts(sequence), *_contradictions(sequence), *_missing_files(sequence), *_cameras(sequence)]
        lines += [f"{sequence.name}: {line}" for line in found]
    return lines


def _counts(sequence: SequenceFiles) -> Iterable[str]:
    pictures, poses = set(sequence.files[PICTURE]), sequence.poses
    if len(pictures) != KNOWN_FRAMES[sequence.name]:
        yield f"{len(pictures)} of {KNOWN_FRAMES[sequence.name]} published pictures"
    yield from _listed(pictures - poses, "picture without pose", "pictures without pose")
    yield from _listed(poses - pictures, "pose without picture", "poses without picture")


def _missing_files(sequence: SequenceFiles) -> Iterable[str]:
    without = set(sequence.files[PICTURE]) - set(sequence.files[DEPTH])
    yield from _listed(without, "picture without depth.bin", "pictures without depth.bin")
    for path in (sequence.folder / "rgb.cal", sequence.folder / "depth.cal", sequence.mesh):
        if not path.is_file():
            yield f"no {path.name}"


def _contradictions(sequence: SequenceFiles) -> Iterable[str]:
    """Frames whose two pose files disagree, and pose files that cannot be read."""
    damaged, transposed, other = [], {}, {}
    for frame in sorted(sequence.poses):
        pair = []
        for kind, reader in ((POSE_TXT, read_pose_txt), (POSE_BIN, read_pose_bin)):
            if frame in sequence.files[kind]:
                try:
                    pair.append(reader(sequence.files[kind][frame]))
                except LabelFormatError as error:
                    damaged.append(str(error))
        if len(pair) < 2:
            continue
        (of_text, centre_m), (of_bin, bin_centre_m) = pair
        distance_deg = float(geodesic_distance_deg(of_text, of_bin))
        distance_mm = 1000.0 * float(np.linalg.norm(centre_m - bin_centre_m))
        if distance_deg > LARGEST_DIFFERENCE_DEG or distance_mm > LARGEST_DIFFERENCE_MM:
            is_transpose = geodesic_distance_deg(of_text.T, of_bin) <= LARGEST_DIFFERENCE_DEG
            (transposed if is_transpose else other)[frame] = f"{distance_deg:.3g} degrees and {distance_mm:.3g} mm"
    if damaged:
        yield f"{len(damaged)} damaged pose files, the first: {damaged[0]}"
    if transposed:
        yield f"pose.txt is transposed against pose.bin in {_frames(transposed)}"
    if other:
        yield f"pose.txt and pose.bin disagree in {_frames(other)}, there by {other[min(other)]}"


def _cameras(sequence: SequenceFiles) -> Iterable[str]:
    for name in ("rgb.cal", "depth.cal"):
        path = sequence.folder / name
        if not path.is_file():
            continue
        try:
            camera = read_calibration(path)
        except LabelFormatError as error:
            yield f"damaged calibration: {error}"
            continue
        if camera.distortion.any():
            yield f"{name} states a lens distortion, which projection leaves out"


def _listed(frames: set[int], one: str, many: str) -> Iterable[str]:
    if frames:
        yield f"{len(frames)} {one if len(frames) == 1 else many}, first frame_{min(frames):05d}"


def _frames(frames: dict[int, str]) -> str:
    return f"{len(frames)} frame{'s' * (len(frames) > 1)}, first frame_{min(frames):05d}"
