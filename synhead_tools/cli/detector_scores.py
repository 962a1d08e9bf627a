"""What ``synhead evaluate`` says of face detectors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from synhead_tools.errors import CheckpointError, SynheadError
from synhead_tools.input_files import read_input

if TYPE_CHECKING:
    from synhead_tools.learning.detection.scene_sample import SceneSource

_RECORD_NAME, _FORMAT = "model.json", "synhead face detector"  # as the library's; a test compares
_RECORD_BYTES_LIMIT = 64 << 20


def is_detector(model: str) -> bool:
    """Whether `model` is the folder of a face detector."""
    try:
        data = read_input(Path(model) / _RECORD_NAME, _RECORD_BYTES_LIMIT, SynheadError, "")
        values = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError, OSError):
        return False
    return isinstance(values, dict) and values.get("format") == _FORMAT


def detector_scores(models: Sequence[str], dataset: Path, labels: Path | None, device: str, as_json: bool) -> str:
    """The report on detectors, to be printed.

    Parameters
    ----------
    models : sequence of str
        Folders of detectors.
    dataset : Path
        Rendered scenes; or a folder of pictures whose faces `labels` lists.
    labels : Path or None
        WIDER FACE's text file or dlib's landmark XML.
    device : str
    as_json : bool

    Raises
    ------
    CheckpointError
        One of the models is no detector.
    """
    from synhead_tools.learning.detection.detect import Detector
    from synhead_tools.learning.detection.evaluate_detector import evaluate_detector
    from synhead_tools.learning.device import resolve_device

    source, where = _source(dataset, labels), resolve_device(device)
    reports = {}
    for model in models:
        if not is_detector(model):
            raise CheckpointError(f"{model} is no face detector, another model is; score them one kind at a time")
        reports[model] = evaluate_detector(Detector.load(model, where), source, regions=True)
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
