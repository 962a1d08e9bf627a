"""One line of JSON per figure, with what is needed to compare it with another machine's."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
from typing import Any

LIBRARIES = ("numpy", "scipy", "h5py", "hdf5plugin", "numba", "pyrender", "pillow", "torch")


def asked_to_be_quick(text: str) -> bool:
    """Read the command line of a benchmark that takes ``--quick`` and nothing else; `text` is for ``--help``."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller and rougher")
    return parser.parse_args().quick


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that matter for speed, as far as they are installed."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def record(
    benchmark: str,
    figure: str,
    value: float,
    unit: str,
    peer: str | None = None,
    ratio: float | None = None,
    **facts: Any,
) -> None:
    """Print one figure as a JSON object.

    Parameters
    ----------
    benchmark, figure : str
        Which program measured, and what.
    value : float
        In `unit`.
    unit : str
        ``"pictures/s"``, ``"ms"``, ...
    peer : str, optional
        What it was compared with, in the same run.
    ratio : float, optional
        How many times better than the peer; above one is better.
    **facts
        Whatever decides the figure: sizes, counts, settings.
    """
    compared = {} if peer is None else {"peer": peer, "ratio": ratio}
    line = {"benchmark": benchmark, "figure": figure, "value": value, "unit": unit, **compared, **facts}
    print(json.dumps({**line, "versions": versions(), "host_cores": os.cpu_count()}), flush=True)
