"""The layout of NVIDIA's SynHead beside a rendered dataset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.exporters.nvidia_clips import check_fits
from synhead_tools.rendering.plan import RenderPlan

SUFFIX = "-nvidia"


def nvidia_folder(out: Path, plan: RenderPlan, replace: bool) -> Path:
    """Where the layout of the dataset `out` goes: beside it, for a dataset's folder holds nothing else.

    What would fail after hours of rendering is refused before.

    Raises
    ------
    OutputExistsError
        There is something and it may not be replaced.
    ExportError
        The plan has more heads or tracks than the layout has places for.
    """
    check_fits(len(plan.heads), len(np.unique(plan.track_id)))
    out = out.resolve() if out.name in ("", "..") else out
    folder = out.with_name(f"{out.name}{SUFFIX}")
    if not replace and folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise OutputExistsError(f"{folder} is already there; choose another place or give --overwrite")
    return folder


def write_nvidia_layout(dataset: Path, folder: Path, progress: Callable[[int, int], None]) -> None:
    """Write the finished dataset into `folder`, whole or not at all; an earlier one there is replaced."""
    from synhead_tools.formats.dataset import open_dataset
    from synhead_tools.formats.exporters.export_dataset import export_dataset

    with open_dataset(dataset) as source:
        export_dataset(source, folder, "nvidia-synhead", overwrite=True, progress=progress)
