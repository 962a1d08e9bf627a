"""Readers of foreign datasets. To add one: a module with a class like the others', and one line in `DATASETS`.

Each class is a `SampleSource` made by ``Class(path, labels=None)``, or ``Class(path, labels=None, convention=None)`` if
its ``needs_convention`` is true, and has ``Class.recognises(path)``, a quick look
that tells whether `path` is such a dataset; `open_any` asks them in the order of the table. A reader whose pictures
and label file may lie apart has also ``Class.recognises_labels(labels)``, which is asked first.
"""

from __future__ import annotations

from synhead_tools.registry import Table

_HERE = "synhead_tools.formats.datasets"

DATASETS = Table(
    "dataset format",
    {
        "biwi+": f"{_HERE}.biwi_plus:BiwiPlusLabels",
        "biwi-frames": f"{_HERE}.biwi_frames:BiwiFrames",
        "300w-lp": f"{_HERE}.w300lp:W300LP",
        "nvidia-synhead": f"{_HERE}.nvidia_synhead:NvidiaSynhead",
        "hopenet-csv": f"{_HERE}.hopenet_csv:HopenetCsv",
        "csv-folder": f"{_HERE}.csv_folder:CsvFolder",
        "box-csv": f"{_HERE}.box_csv:BoxCsv",
        "label-file": f"{_HERE}.label_file:LabelFile",
    },
)
