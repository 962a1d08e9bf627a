"""From a detector's checkpoint to an ONNX file, and a TOML file that says what goes in and comes out."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synhead_tools import __version__
from synhead_tools.errors import CheckpointError
from synhead_tools.learning.detection.anchors import STRIDES, anchor_sizes_px
from synhead_tools.learning.detection.detect import Detector
from synhead_tools.learning.detection.face_detector import LONGEST_PX, FaceDetector
from synhead_tools.learning.detection.network import DetectorNetwork
from synhead_tools.learning.detection.onnx_detector import KIND, KIND_KEY, OnnxDetector
from synhead_tools.learning.detection.onnx_graph.builder import OPSET
from synhead_tools.learning.detection.onnx_graph.detector_graph import NMS_IOU, SCORE_THRESHOLD, detector_to_onnx
from synhead_tools.learning.detection.onnx_parity import DetectorParity, check_detector_parity, trial_pictures
from synhead_tools.learning.detection.voting import VOTE_IOU
from synhead_tools.learning.onnx.export_files import export_files
from synhead_tools.learning.onnx.latency import runtime_version, time_runs
from synhead_tools.learning.onnx.parity import open_session

TIMED_PX = ((480, 640), (240, 320))

_TEXT = {
    "input": "pictures: (N, H, W, 3) uint8 RGB, any N, H, W; "
    "score_threshold, nms_iou, vote_iou: (1,) float32, need not be given",
    "output": (
        "of M faces, picture by picture, the surest first: picture_number (M,) int64; boxes_xyxy (M, 4), scores (M,), "
        "points5 (M, 5, 2) and with a mesh landmarks68 (M, 68, 3), mesh (M, 1024, 3), float32"
    ),
    "units": "px of the picture, (0, 0) the corner of its top-left pixel; z px relative to the tip of the nose",
    "points5": "subject's right eye (left in the picture), left eye, nose tip, right and left mouth corner",
}


@dataclass(frozen=True)
class DetectorLatency:
    """How long one picture takes: its sides, threads, how many runs were timed, and their median."""

    height_px: int
    width_px: int
    threads: int
    runs: int
    median_ms: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        sizes = {"height_px": self.height_px, "width_px": self.width_px, "threads": self.threads, "runs": self.runs}
        return {**sizes, "median_ms": round(self.median_ms, 3), "runtime": f"onnxruntime {runtime_version()}, CPU"}

    def __str__(self) -> str:
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return (
            f"{self.width_px} x {self.height_px} px: {self.median_ms:.1f} ms (median of {self.runs}, {threads}, "
            f"onnxruntime {runtime_version()}, CPU)"
        )


@dataclass(frozen=True)
class ExportedDetector:
    """What was written, and what was found out about it; `latency` is empty if nobody asked."""

    onnx_path: Path
    toml_path: Path
    bytes: int
    parity: DetectorParity
    latency: tuple[DetectorLatency, ...]


def export_detector(
    detector: FaceDetector, out: str | os.PathLike, *, licence: str = "", name: str = "", threads: int | None = 1,
    overwrite: bool = False,
) -> ExportedDetector:  # fmt: skip
    """Write a detector as ONNX, once it answers as the checkpoint does.

    What the model takes and gives: `synhead_tools.learning.detection.onnx_graph.detector_graph.detector_to_onnx`.

    Parameters
    ----------
    detector : Detector
        Of a checkpoint.
    out : path
        Ends with ``.onnx``; the TOML file takes the same name with ``.toml``.
    licence : str
        What may be done with the model; goes into both files.
    name : str
        Of the model; that of the file by default.
    threads : int or None
        To time it with; None leaves it untimed.
    overwrite : bool
        Replace files that are there.

    Raises
    ------
    OutputExistsError
        One of the files is there and `overwrite` is false.
    CheckpointError
        The detector is no checkpoint's, some layer cannot be written, or the answers differ.
    """
    if not isinstance(detector, Detector):
        raise CheckpointError("only checkpoints of synhead are exported; this detector is an ONNX model already")
    with export_files(out, overwrite) as files:
        facts = _facts(detector, name or files.onnx_path.stem, licence)
        model = detector_to_onnx(detector.network, facts["name"])
        model.producer_name, model.producer_version = "synhead", __version__
        for key, value in {KIND_KEY: KIND, **{f"synhead.{key}": text for key, text in facts.items()}}.items():
            model.metadata_props.add(key=key, value=value if isinstance(value, str) else json.dumps(value))
        data = model.SerializeToString(deterministic=True)
        parity = check_detector_parity(OnnxDetector(open_session(data)), detector)
        latency = () if threads is None else tuple(_timed(data, threads))
        files.onnx.write(data)
        files.toml.write(_toml(facts, files.onnx_path.name).encode("utf-8"))
    return ExportedDetector(files.onnx_path, files.toml_path, len(data), parity, latency)


def _facts(detector: Detector, name: str, licence: str) -> dict[str, Any]:
    facts = {
        "name": name, "source": f"synhead export, {__version__}", "licence": licence or "not stated", "opset": OPSET,
        "score_threshold": SCORE_THRESHOLD, "nms_iou": NMS_IOU, "vote_iou": VOTE_IOU, **_TEXT,
        "size": _size_rule(detector.network),
    }  # fmt: skip
    if detector.record is not None:
        record = detector.record
        facts |= {"trained_px": record.input_px, "steps": record.steps, "seed": record.seed,
                  "training_data": str(record.data.get("dataset", "unknown"))[:1000]}  # fmt: skip
    return facts


def _size_rule(network: DetectorNetwork) -> str:
    """Which faces it finds."""
    smallest, largest = (anchor_sizes_px(STRIDES.index(network.config.strides[end]))[end] for end in (0, -1))
    return f"anchors are {smallest:.0f} to {largest:.0f} px wide; scale pictures to a longer side of {LONGEST_PX} px"


def _toml(facts: dict[str, Any], file: str) -> str:
    lines = ["format_version = 1", f"kind = {json.dumps(KIND)}", f"files = {json.dumps([file])}"]
    shown = {key: json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f") for key, value in facts.items()}
    return "\n".join([*lines, *(f"{key} = {value}" for key, value in shown.items())]) + "\n"


def _timed(data: bytes, threads: int) -> list[DetectorLatency]:
    session, found = open_session(data, threads), []
    for picture in trial_pictures(TIMED_PX):
        feed = {"pictures": picture[None]}
        found.append(
            DetectorLatency(*picture.shape[:2], threads, *time_runs(lambda feed=feed: session.run(None, feed)))
        )
    return found
