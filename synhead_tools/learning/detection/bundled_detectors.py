"""The face detectors that come with synhead.

To add one: a folder ``models/<name>/`` as `save_detector_checkpoint` writes it, and a line in `BUNDLED_DETECTORS`.
"""

from __future__ import annotations

from pathlib import Path

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.bundled_models import models_dir
from synhead_tools.learning.checkpoint import RECORD_NAME

BUNDLED_DETECTORS = {
    "detector": "da88b3798537a679e7a2e4277bf72fdee4b7163f6a96560a42f14d450a6c9c45",
}
"""Name of each detector, and the sha256 of its weights. What they are and what they score: docs/models.md."""

DEFAULT_DETECTOR = next(iter(BUNDLED_DETECTORS))


def bundled_detectors() -> dict[str, Path]:
    """The checkpoint folders of those that are installed, by name."""
    try:
        folder = models_dir()
    except CheckpointError:
        return {}
    return {name: folder / name for name in BUNDLED_DETECTORS if (folder / name / RECORD_NAME).is_file()}
