"""``synhead export`` of face detectors."""

from __future__ import annotations

import json
from pathlib import Path

import click


def export_detector(
    source: Path, out: Path, as_json: bool, *, licence: str, threads: int, no_latency: bool, overwrite: bool
) -> None:
    """Write the detector `source` into `out`, an .onnx, and say how it does."""
    from synhead_tools.learning.detection.load_detector import load_detector
    from synhead_tools.learning.detection.onnx_export import export_detector as export

    done = export(
        load_detector(source), out, licence=licence, threads=None if no_latency else threads, overwrite=overwrite
    )
    parity = done.parity
    if as_json:
        files = {"onnx": str(done.onnx_path), "toml": str(done.toml_path), "bytes": done.bytes}
        told = {"pictures": parity.pictures, "answers": parity.answers, "largest_px": parity.largest_px,
                "largest_score": parity.largest_score}  # fmt: skip
        click.echo(json.dumps({**files, "parity": told, "latency": [entry.to_dict() for entry in done.latency]}))
        return
    click.echo(f"{done.onnx_path} ({done.bytes / 1e6:.1f} MB) and {done.toml_path}")
    click.echo(
        f"largest difference from the checkpoint of {parity.answers} boxes in {parity.pictures} pictures: "
        f"{parity.largest_px:.1e} px, {parity.largest_score:.1e} of score"
    )
    for entry in done.latency:
        click.echo(str(entry))
