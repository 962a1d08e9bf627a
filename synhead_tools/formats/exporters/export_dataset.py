"""Export a dataset in a format given by name."""

from __future__ import annotations

import inspect
import os
from typing import Any

from synhead_tools.errors import ExportError
from synhead_tools.formats.exporters import EXPORTERS
from synhead_tools.formats.exporters.blocks import Progress, no_progress
from synhead_tools.formats.exporters.pictures import PictureStyle
from synhead_tools.formats.sample import SampleSource


def export_dataset(
    dataset: SampleSource,
    out: str | os.PathLike,
    format: str,
    *,
    pictures: PictureStyle | None = None,
    overwrite: bool = False,
    progress: Progress = no_progress,
    **options: Any,
) -> dict[str, Any]:
    """Write a dataset, own or foreign, into the folder `out` in a foreign format.

    Parameters
    ----------
    dataset : SampleSource
        What `open_any` returns.
    out : path
        Folder to make.
    format : str
        A name in `EXPORTERS`.
    pictures : PictureStyle, optional
        How pictures are written.
    overwrite : bool
        Replace an earlier export of the same format at `out`.
    progress : callable
        Told samples done and samples in all.
    **options
        What the exporter takes beyond these: ``convention``, ``shard_mb``, ``split``, ``also``.

    Returns
    -------
    dict
        What ``export.json`` says: ``format``, ``frames``, ``convention`` and more.

    Raises
    ------
    UnknownNameError
        There is no such format.
    ExportError
        The format does not take an option, or needs a column that the dataset does not have.
    OutputExistsError
        `out` is there and `overwrite` is false, or it holds what no such export has made.
    """
    export = EXPORTERS.load(format)
    unknown = sorted(set(options) - set(inspect.signature(export).parameters))
    if unknown:
        raise ExportError(f"{format} has no option {unknown[0]!r}; leave it out")
    return export(dataset, out, pictures=pictures or PictureStyle(), overwrite=overwrite, progress=progress, **options)
