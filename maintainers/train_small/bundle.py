"""The trained estimator as it is shipped: half as large, with its lineage, checked on people it has never seen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from synhead_tools.formats.atomic import atomic_write_text
from synhead_tools.formats.dataset import Dataset
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.learning.checkpoint import RECORD_NAME, WEIGHTS_NAME, load_checkpoint, save_checkpoint
from synhead_tools.learning.predict import Estimator
from synhead_tools.learning.scores.evaluate import evaluate

MOST_BYTES = 3_000_000
MOST_ROUNDING_DEG = 0.5

README = """\
# small

An estimator of head pose for synhead: `{backbone}` of width {width}, {parameters:,} parameters, input {side} px, head
`{head}`. `model.safetensors` has its weights (kernels as float16), `model.json` everything they mean. What it scores
and where it fails is in [docs/models.md](../../docs/models.md).

**Made of** {frames:,} pictures of {people} people, rendered by synhead from the heads in
[meshes/](../../meshes/README.md), which are CC0, and of nothing else: no photograph, no research data and no pretrained
weights had a part in it. None of the bundled heads `f01` to `m05` and `d01` to `d03` is among the people.

**To make it again**: `python maintainers/train_small`.

**Licence**: MIT, like synhead ([LICENSE](../../LICENSE)); no claim is made on what it predicts.

| file | SHA-256 |
|---|---|
| `model.safetensors` | `{sha256}` |
"""


def write_bundle(run: Path, out: Path, source: Dataset, held_out: Dataset) -> Iterator[str]:
    """Write the bundled model of a finished run into `out`; yields what there is to say, the score among it.

    Raises
    ------
    SystemExit
        The model is too large, or half precision moves its answers.
    """
    full = load_checkpoint(run)
    record = replace(full.record, source={**full.record.source, "licences": _licences(source)})
    save_checkpoint(out, replace(full, record=record), overwrite=True, half=True)
    size = (out / WEIGHTS_NAME).stat().st_size + (out / RECORD_NAME).stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"the model has {size:,} bytes, more than {MOST_BYTES:,}; make backbone_width smaller")
    shipped = Estimator.load(out)
    crops = shipped.read_crops(held_out)
    moved_deg = geodesic_distance_deg(shipped.predict(crops), Estimator(full).predict(crops))
    if moved_deg.max() > MOST_ROUNDING_DEG:
        raise SystemExit(f"half precision moves an answer by {moved_deg.max():.2f} degrees; store all of it as float32")
    sha256 = hashlib.sha256((out / WEIGHTS_NAME).read_bytes()).hexdigest()
    parameters = sum(each.numel() for each in full.network.parameters())
    text = README.format(
        backbone=record.backbone, width=record.backbone_width, parameters=parameters, side=record.input_px,
        head=record.head, frames=len(source), people=len(source.manifest.heads), sha256=sha256,
    )  # fmt: skip
    atomic_write_text(out / "README.md", text, overwrite=True)
    yield f"{size:,} bytes, {parameters:,} parameters; float16 moves answers by at most {moved_deg.max():.3f} degrees"
    yield f"sha256 of the weights, for BUNDLED_MODELS and docs/models.md: {sha256}"
    for flip in (False, True):
        score = evaluate(shipped, held_out, flip_average=flip, crops=crops).scores[0]
        yield f"held-out people{', mirror averaged' if flip else ''}: {score}"


def _licences(source: Dataset) -> list[str]:
    return sorted({str(facts["licence"]) for facts in source.manifest.heads.values()})
