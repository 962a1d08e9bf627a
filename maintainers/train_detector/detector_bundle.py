"""The trained detector as it is shipped: half as large, scored on people and scenes it has never seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from detector_recipe import SMALL

from synhead_tools.formats.atomic import atomic_write_bytes, atomic_write_text
from synhead_tools.formats.dataset import Dataset
from synhead_tools.learning.checkpoint import RECORD_NAME, WEIGHTS_NAME, load_checkpoint
from synhead_tools.learning.detection.checkpoint import load_detector_checkpoint, save_detector_checkpoint
from synhead_tools.learning.detection.detect import Detector
from synhead_tools.learning.detection.evaluate_detector import DetectionReport, evaluate_detector
from synhead_tools.learning.detection.rendered_scenes import RenderedScenes
from synhead_tools.learning.detection.train_loop import DetectorPlan

MOST_BYTES = 3_000_000
MOST_ROUNDING = 0.005
"""By which half precision may change a score: average precision, and errors over the size of the face."""

README = """\
# detector

A face detector for synhead: RetinaFace on `{backbone}`, {parameters:,} parameters, strides {strides}; box, five points
and a mesh of 1,024 vertices. `model.safetensors` has its weights (float16), `model.json` everything they mean. What it
scores and where it fails is in [docs/models.md](../../docs/models.md).

**Made of** {scenes:,} scenes of {people} people, rendered by synhead from the heads in
[meshes/](../../meshes/README.md), which are CC0, and of nothing else: its backbone began with that of
[small](../small/README.md), which was made of renders of such heads too, and no photograph, no research data and nobody
else's weights had a part in it. None of the bundled heads `f01` to `m05` and `d01` to `d03` is among the people.

**To make it again**: `maintainers/train_detector`.

**Licence**: MIT, like synhead ([LICENSE](../../LICENSE)); no claim is made on what it predicts.

| file | SHA-256 |
|---|---|
| `model.safetensors` | `{sha256}` |
"""


def write_bundle(
    run: Path, out: Path, source: Dataset, held_out: RenderedScenes, before: Sequence[DetectorPlan]
) -> Iterator[str]:
    """Write the bundled detector of a finished run into `out`; yields what there is to say, the scores among it.

    `before` are the plans of the stages that came before. What is in `out` stays until all is found to be well.

    Raises
    ------
    SystemExit
        The detector is too large, or half precision changes what it scores.
    """
    full = load_detector_checkpoint(run)
    data = {
        **full.record.data,
        "licences": _licences(source),
        "backbone begun with": _small(),
        "stages before": [asdict(each) for each in before],
    }
    shipped_record = replace(full.record, data=data)
    staged = run.with_name("bundle")
    save_detector_checkpoint(staged, replace(full, record=shipped_record), overwrite=True, precision="float16")
    size = (staged / WEIGHTS_NAME).stat().st_size + (staged / RECORD_NAME).stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"the detector has {size:,} bytes, more than {MOST_BYTES:,}; give it fewer channels")
    sha256 = hashlib.sha256((staged / WEIGHTS_NAME).read_bytes()).hexdigest()
    parameters = sum(each.numel() for each in full.network.parameters())
    network = full.record.network
    text = README.format(
        backbone=network.backbone, parameters=parameters, strides=", ".join(map(str, network.strides)),
        scenes=len(source), people=len(source.manifest.heads), sha256=sha256,
    )  # fmt: skip
    yield f"{size:,} bytes, {parameters:,} parameters"
    yield f"sha256 of the weights, for docs/models.md and bundled_detectors.py: {sha256}"
    yield from _scored(Detector.load(staged), Detector(full.network), held_out)
    out.mkdir(parents=True, exist_ok=True)
    for name in (WEIGHTS_NAME, RECORD_NAME):
        atomic_write_bytes(out / name, (staged / name).read_bytes(), overwrite=True)
    atomic_write_text(out / "README.md", text, overwrite=True)


def _scored(shipped: Detector, full: Detector, held_out: RenderedScenes) -> Iterator[str]:
    reports = {
        "as they are": evaluate_detector(shipped, held_out),
        "scaled to 640 px": evaluate_detector(shipped, held_out, longest_px=640),
    }
    for name, report in reports.items():
        yield f"held-out scenes {name}: {json.dumps(_rounded(report))}"
    before = evaluate_detector(full, held_out).scores
    after = reports["as they are"].scores
    moved = {key: after[key] - before[key] for key in ("ap50", "points5_nme", "landmarks68_nme")}
    yield "float16 minus float32: " + ", ".join(f"{key} {value:+.5f}" for key, value in moved.items())
    if max(map(abs, moved.values())) > MOST_ROUNDING:
        raise SystemExit("half precision changes what it scores; store it as float32")


def _rounded(report: DetectionReport) -> dict[str, object]:
    def short(values: dict[str, float]) -> dict[str, float]:
        return {key: round(value, 4) for key, value in values.items()}

    return {**short(report.scores), **{name: short(values) for name, values in report.parts.items()}}


def _small() -> str:
    record = load_checkpoint(SMALL).record
    return f"models/small ({record.backbone} of width {record.backbone_width}, {record.source['frames']} renders)"


def _licences(source: Dataset) -> list[str]:
    return sorted({str(facts["licence"]) for facts in source.manifest.heads.values()})
