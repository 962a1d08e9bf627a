"""A detector that ``synhead export`` wrote as ONNX, at work on pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.detection.detections import Detections
from synhead_tools.learning.detection.face_detector import FaceDetector
from synhead_tools.learning.detection.onnx_graph.detector_graph import INPUT_NAME, IOU_NAME, SCORE_NAME, VOTE_NAME
from synhead_tools.learning.onnx.declaration_file import DETECTOR_KIND
from synhead_tools.learning.onnx.model import look_through, session_options, short_reason

KIND_KEY, KIND = "synhead.kind", DETECTOR_KIND
"""What the metadata of an exported detector say, so that no other model is taken for one."""

_AT_ONCE, _SURE = 8, 0.1
"""The graph weighs all that is said of a batch against each other: memory grows with its square, and where hardly
anything is left out, with the thousand boxes of a picture."""

_OUTPUTS = ("picture_number", "boxes_xyxy", "scores", "points5")


class OnnxDetector(FaceDetector):
    """Finds faces with onnxruntime, on the CPU.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
        Of a model of `synhead_tools.learning.detection.onnx_graph.detector_graph.detector_to_onnx`.
    name : str
        For messages.
    """

    def __init__(self, session: onnxruntime.InferenceSession, name: str = "the model") -> None:
        self._session, self._name = session, name
        has = [entry.name for entry in session.get_outputs()]
        self._outputs = [*_OUTPUTS, *(["mesh"] if "mesh" in has else [])]

    @classmethod
    def load(cls, path: str | Path) -> OnnxDetector:
        """The detector in an .onnx file, or beside the .toml that was written with it.

        Raises
        ------
        CheckpointError
            The file is missing or damaged, or holds something else than such a detector; one line.
        """
        path = Path(path).with_suffix(".onnx")
        if not is_onnx_detector(path):
            raise CheckpointError(
                f"{path} is no face detector that synhead has exported; give one, or the folder of a detector"
            )
        try:
            session = onnxruntime.InferenceSession(str(path), session_options(), providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own classes have no common root
            raise CheckpointError(f"{path} cannot be loaded: {short_reason(error)}") from None
        # inputs with a default are among the initialisers
        known = {entry.name for entry in (*session.get_inputs(), *session.get_overridable_initializers())}
        if VOTE_NAME not in known:
            raise CheckpointError(f"{path} was exported by an older synhead; export its checkpoint again")
        return cls(session, str(path))

    def answer(self, inputs: np.ndarray, score_threshold: float, nms_iou: float, vote_iou: float) -> list[Detections]:
        """See `FaceDetector.answer`; sides need not be multiples of anything.

        Raises
        ------
        CheckpointError
            The model fails.
        """
        most = _AT_ONCE if score_threshold >= _SURE else 1
        parts = [inputs[start : start + most] for start in range(0, len(inputs), most)]
        return [each for part in parts for each in self._answer(part, score_threshold, nms_iou, vote_iou)]

    def _answer(self, inputs: np.ndarray, score_threshold: float, nms_iou: float, vote_iou: float) -> list[Detections]:
        limits = {SCORE_NAME: score_threshold, IOU_NAME: nms_iou, VOTE_NAME: vote_iou}
        given = {name: np.array([value], np.float32) for name, value in limits.items()}
        try:
            told = self._session.run(self._outputs, {INPUT_NAME: inputs, **given})
        except Exception as error:
            reason = short_reason(error)
            raise CheckpointError(f"{self._name} fails on pictures of shape {inputs.shape}: {reason}") from None
        number, boxes, scores, points, mesh = (*told, None)[:5]
        found = []
        for picture in range(len(inputs)):
            own = number == picture
            parts = [None if part is None else part[own].astype(float) for part in (boxes, scores, points, mesh)]
            found.append(Detections(*parts))
        return found


def is_onnx_detector(path: str | Path) -> bool:
    """Whether a model says that it is a face detector of ours.

    Raises
    ------
    CheckpointError
        It is no ONNX model, or one that is not run here.
    """
    return any((entry.key, entry.value) == (KIND_KEY, KIND) for entry in look_through(Path(path)).metadata_props)
