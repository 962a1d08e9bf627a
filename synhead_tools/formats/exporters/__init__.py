"""Writers of foreign formats. To add one: a module with a function like the others', and one line in `EXPORTERS`.

Each is a function ``export(dataset, out, *, pictures, overwrite, progress, ...) -> dict`` that writes any
`SampleSource` into a new folder `out` (see `export_folder`), restates the rotations in a convention it names, reads the
dataset in blocks (see `blocks`), and returns the facts that it also leaves in ``export.json``. What it takes beyond
``pictures``, ``overwrite`` and ``progress`` are its own options; `export_dataset` refuses those it does not take.
"""

from __future__ import annotations

from synhead_tools.registry import Table

_HERE = "synhead_tools.formats.exporters"

EXPORTERS = Table(
    "export format",
    {
        "hopenet-csv": f"{_HERE}.hopenet_csv:export",
        "300w-lp": f"{_HERE}.w300lp:export",
        "coco": f"{_HERE}.coco:export",
        "webdataset": f"{_HERE}.webdataset:export",
        "huggingface": f"{_HERE}.huggingface:export",
        "nvidia-synhead": f"{_HERE}.nvidia_synhead:export",
    },
)
