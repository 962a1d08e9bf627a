"""The estimator in a file or folder, whatever kind it is."""

from __future__ import annotations

from pathlib import Path

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.bundled_models import bundled_models
from synhead_tools.learning.pose_estimator import PoseEstimator
from synhead_tools.learning.predict import Estimator


def load_estimator(model: str | Path, device: str = "cpu", *, onnx_folder: str | Path | None = None) -> PoseEstimator:
    """The estimator in a file or folder, or a bundled one.

    Parameters
    ----------
    model : str or Path
        Folder of a checkpoint; a .toml that declares ONNX models (docs/onnx-models.md), or an .onnx with its .toml
        beside it; else the name of a bundled model. What is on disk goes before a name.
    device : str
        Where a checkpoint computes, as torch names it. ONNX models compute on the CPU.
    onnx_folder : path, optional
        Where the ONNX files of a declaration are; by default beside it.

    Raises
    ------
    CheckpointError
        There is no such model, or it cannot be used.
    """
    path = Path(model)
    if path.suffix in (".toml", ".onnx"):
        from synhead_tools.learning.onnx.estimator import OnnxEstimator  # needs the extra of ONNX models

        return OnnxEstimator.load(path, onnx_folder)
    if str(model) and path.exists():  # an empty name would be the folder one is in
        return Estimator.load(path, device)
    known = bundled_models()
    if str(model) not in known:
        bundled = f", or one of the bundled {', '.join(known)}" if known else ""
        raise CheckpointError(
            f"there is no estimator {str(model)!r}; give a checkpoint folder, a .toml of ONNX models{bundled}"
        )
    return Estimator.load(known[str(model)], device)
