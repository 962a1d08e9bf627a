"""What ``synhead evaluate`` says of face detectors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from synhead_tools.errors import CheckpointError, SynheadError
from synhead_tools.input_files import read_input

if TYPE_CHECKING:
    import numpy as np

    from synhead_tools.learning.detection.scene_sample import SceneSource

_RECORD_NAME, _FORMAT = "model.json", "synhead face detector"  # as the library's; a test compares
_RECORD_BYTES_LIMIT = 64 << 20


def is_detector(model: str) -> bool:
    """Whether `model` is a face detector: its folder, what was exported of one, or the name of a bundled one."""
    path = Path(model)
    try:
        if path.suffix == ".onnx":
            from synhead_tools.learning.detection.onnx_detector import is_onnx_detector

            return is_onnx_detector(path)
        if path.suffix == ".toml":
            from synhead_tools.learning.onnx.declaration_file import declares_detector

            return declares_detector(path)
        if model and path.exists():
            data = read_input(path / _RECORD_NAME, _RECORD_BYTES_LIMIT, SynheadError, "")
            values = json.loads(data.decode("utf-8"))
            return isinstance(values, dict) and values.get("format") == _FORMAT
    except (SynheadError, ValueError, RecursionError, OSError):
        return False  # whoever loads it says what is wrong
    from synhead_tools.learning.detection.bundled_detectors import BUNDLED_DETECTORS

    return model in BUNDLED_DETECTORS


def detector_scores(
    models: Sequence[str],
    dataset: Path,
    labels: Path | None,
    device: str,
    as_json: bool,
    subset_files: Sequence[Path] = (),
) -> str:
    """The report on detectors, to be printed.

    Parameters
    ----------
    models : sequence of str
        As `is_detector` takes them.
    dataset : Path
        Rendered scenes; or a folder of pictures whose faces `labels` lists.
    labels : Path or None
        WIDER FACE's text file or dlib's landmark XML.
    device : str
    as_json : bool
    subset_files : sequence of path
        WIDER FACE's ``wider_easy_val.mat`` and its like, for `labels` that are its text file.

    Raises
    ------
    CheckpointError
        One of the models is no detector.
    SynheadError
        There are subsets and no labels.
    """
    from synhead_tools.learning.detection.evaluate_detector import evaluate_detector
    from synhead_tools.learning.detection.load_detector import load_detector
    from synhead_tools.learning.device import resolve_device

    source, where = _source(dataset, labels), resolve_device(device)
    subsets = _subsets(subset_files, source)
    reports = {}
    for model in models:
        if not is_detector(model):
            raise CheckpointError(f"{model} is no face detector, another model is; score them one kind at a time")
        reports[model] = evaluate_detector(load_detector(model, where), source, regions=True, subsets=subsets)
    if as_json:
        told = {name: json.loads(report.to_json()) for name, report in reports.items()}
        return json.dumps(told if len(models) > 1 else told[models[0]], indent=2)
    return "\n".join(line for name, report in reports.items() for line in (f"{name}:", *report.lines()))


def _source(dataset: Path, labels: Path | None) -> SceneSource:
    from synhead_tools.formats.face_annotations.opening import read_face_annotations
    from synhead_tools.formats.open import open_any
    from synhead_tools.learning.detection.annotated_pictures import AnnotatedPictures
    from synhead_tools.learning.detection.rendered_scenes import RenderedScenes

    if labels is not None:
        return AnnotatedPictures(read_face_annotations(labels), dataset)
    return RenderedScenes(open_any(dataset))


def _subsets(files: Sequence[Path], source: SceneSource) -> dict[str, list[np.ndarray]]:
    """Which faces count, by the names of `files`."""
    from synhead_tools.formats.face_annotations.wider_subsets import read_wider_subset
    from synhead_tools.learning.detection.annotated_pictures import AnnotatedPictures

    if not files:
        return {}
    if not isinstance(source, AnnotatedPictures):
        raise SynheadError(f"--subset {files[0]} needs --labels wider_face_val_bbx_gt.txt, whose faces it counts")
    return {path.stem: read_wider_subset(path, source.annotations) for path in files}
