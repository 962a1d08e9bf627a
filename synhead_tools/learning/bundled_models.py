"""The models that come with synhead.

To add one: a folder ``models/<name>/`` as `save_checkpoint` writes it, and a line in `BUNDLED_MODELS`.
"""

from __future__ import annotations

import os
from pathlib import Path

from synhead_tools.errors import CheckpointError

BUNDLED_MODELS = {
    "small": "3b4c23c171df9eccf16062af67c14e9f0772790f492ab76e578c7ae1c9493581",
}
"""Name of each model, and the sha256 of its weights. What they are and what they score: docs/models.md."""


def models_dir() -> Path:
    """The folder with a folder per model.

    The environment variable ``SYNHEAD_MODELS`` wins; then models installed in the package; then the repository's.

    Raises
    ------
    CheckpointError
        None of them is there.
    """
    package = Path(__file__).resolve().parents[1]
    chosen = os.environ.get("SYNHEAD_MODELS")
    candidates = [Path(chosen)] if chosen else [package / "models", package.parent / "models"]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    places = ", ".join(map(str, candidates))
    raise CheckpointError(
        f"no bundled models in {places}; install synhead again, or name their folder in SYNHEAD_MODELS"
    )


def bundled_models() -> dict[str, Path]:
    """The checkpoint folders of the bundled models, by name."""
    folder = models_dir()
    return {name: folder / name for name in BUNDLED_MODELS}
