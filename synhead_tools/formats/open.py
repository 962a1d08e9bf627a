"""Open whatever dataset a path holds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.datasets import DATASETS
from synhead_tools.formats.manifest import MANIFEST_NAME, manifest_path
from synhead_tools.formats.sample import SampleSource


def open_any(
    path: str | os.PathLike, labels: str | os.PathLike | None = None, convention: str | None = None
) -> SampleSource:
    """Open a dataset, own or foreign.

    Parameters
    ----------
    path : path
        A folder with ``dataset.json``, or whatever a reader in `synhead_tools.formats.datasets.DATASETS` recognises:
        a Biwi+ ``.npz`` file, a folder of BIWI pictures, of 300W-LP, AFLW2000-3D or NVIDIA's SynHead, Hopenet's CSV
        file, a folder of pictures with a ``labels.csv``.
    labels : path, optional
        Label file of a folder that has pictures only.
    convention : str, optional
        Euler convention of label files that do not say theirs (CSV); refused for all others.

    Raises
    ------
    LabelFormatError
        Nothing is there, or no reader knows it.
    SynheadError
        What the reader says of a damaged dataset.
    """
    path = Path(path)
    if not path.exists():
        raise LabelFormatError(f"{path} does not exist; give a dataset folder or a label file")
    if manifest_path(path).is_file():
        if labels is not None:
            raise LabelFormatError(f"{path} has labels of its own; leave out {labels}")
        _refuse_convention(path, convention)
        return open_dataset(path)
    reader = _reader_of(path, labels)
    if reader.needs_convention:
        return reader(path, labels, convention)
    _refuse_convention(path, convention)
    return reader(path, labels)


def needs_convention(path: str | os.PathLike) -> bool:
    """Whether `open_any` may have to be told the Euler convention of what is at `path`.

    Raises
    ------
    LabelFormatError
        Nothing is there, or no reader knows it.
    """
    path = Path(path)
    if not path.exists():
        raise LabelFormatError(f"{path} does not exist; give a dataset folder or a label file")
    return not manifest_path(path).is_file() and _reader_of(path, None).needs_convention


def _reader_of(path: Path, labels: str | os.PathLike | None) -> Any:
    readers = [DATASETS.load(name) for name in DATASETS]
    if labels is not None:  # a label file says more than a folder of pictures
        for reader in readers:
            if reader.recognises_labels(Path(labels)):
                return reader
    for reader in readers:
        if reader.recognises(path):
            return reader
    raise LabelFormatError(f"{path} is no dataset: neither {MANIFEST_NAME} in it nor {', '.join(DATASETS)}")


def _refuse_convention(path: Path, convention: str | None) -> None:
    if convention is not None:
        raise LabelFormatError(f"{path} states its own Euler convention; leave out {convention!r}")
