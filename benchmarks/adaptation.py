"""What adaptation is worth: every method against as many more steps on the source, all from one stage 1 per seed.

    python benchmarks/adaptation.py [--quick] [--sweep] [--seeds N]
    python benchmarks/adaptation.py --source synhead++ --target biwi_frames --labels Biwi_plus.npz \
        --init resnet18.safetensors --settings settings.json

By default both domains are rendered: a source of plain pictures whose angles are drawn evenly from a box that is wider
than what a target needs, and as target three other heads at poses like those of BIWI, in other light, before textured
backgrounds. So the source's poses exceed the target's, which is where PADACO's paper reports that DANN fails. A small
network from random weights, so that it takes minutes. Figures are mean absolute errors under `biwi+` on all target
pictures, mean and standard deviation over seeds; `ratio` above one means better than `source-only`. Target labels are
read for the score alone. `--sweep` changes one setting at a time; `--quick` shows that it runs, its figures say
nothing.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import report

from synhead_tools.cli.chain_target import embedded_target
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.open import open_any
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.library import preset_names
from synhead_tools.learning.checkpoint import Checkpoint
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pictures.data import read_crops, read_labelled_crops
from synhead_tools.learning.predict import Estimator
from synhead_tools.learning.scores.metrics import mean_absolute_errors_deg, remove_mean_rotation
from synhead_tools.learning.trainer import train
from synhead_tools.matching.synhead_plus import build_synhead_plus
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import render_dataset

SMALL = {"backbone_width": 16, "input_px": 32, "learning_rate": 3e-3, "stage2_learning_rate": 1e-3, "lambda_max": 1.0}
WIDE_DEG = (70.0, 85.0, 60.0)
"""Largest pitch, yaw and roll of the rendered source."""
PLAIN = {"random_background": False, "augmentation": 0.3}
COMPARED = ("source-only", "dann", "pada", "padaco", "dare-gram", "relative-pose")
SWEPT = {
    "n_neighbours": ("padaco", (5, 50, 500)),
    "lambda_max": ("padaco", (0.1, 0.3, 3.0)),
    "discriminator": ("padaco", ("pada", "batch-norm", "small")),
    "pada_threshold_deg": ("pada", (5.0, 30.0)),
    "consistency_weight": ("relative-pose", (0.3, 3.0)),
    "teacher_decay": ("relative-pose", (0.0, 0.9)),
}


def rendered_domains(folder: Path, poses: int, frames_per_head: int) -> tuple[SampleSource, SampleSource]:
    """Plain pictures of the ten presets at angles out of `WIDE_DEG`, as far as they show a face; the demo's target."""
    angles_deg = np.random.default_rng(0).uniform(-1.0, 1.0, (poses, 3)) * WIDE_DEG
    plan = RenderPlan(preset_names(), rotmat_from_euler(angles_deg, "biwi+"), size_px=64, convention="biwi+")
    render_dataset(plan, folder / "synhead")
    build_synhead_plus(folder / "synhead", folder / "synhead+")
    target = embedded_target(folder, frames_per_head, 64, 1, 0).pictures
    return open_dataset(folder / "synhead+"), target


class Study:
    """Both domains, read once, and the score of whatever is trained on them."""

    def __init__(self, source: SampleSource, target: SampleSource, config: TrainConfig) -> None:
        self.source = read_labelled_crops(source, config.crop_px, config.margin)
        self.target = read_crops(target, config.crop_px, config.margin)
        self._true, self._config = np.asarray(target.read("rotmat"), float), config

    def first_stage(self, seed: int) -> Checkpoint:
        """What all methods branch from."""
        return train(replace(self._config, method="source-only", stage2_steps=0, seed=seed), self.source)

    def errors_deg(self, stage1: Checkpoint, seed: int, method: str, **changes: object) -> tuple[float, float]:
        """Mean absolute error, and the same with the mean rotation error removed."""
        config = replace(self._config, method=method, seed=seed, **changes)
        answers = Estimator(train(config, self.source, self.target, stage1=stage1)).predict(self.target)
        aligned = remove_mean_rotation(answers, self._true)
        return tuple(float(mean_absolute_errors_deg(r, self._true).mean()) for r in (answers, aligned))


def main() -> None:
    options = _options()
    steps = {"stage1_steps": 40, "stage2_steps": 15} if options.quick else {"stage1_steps": 250, "stage2_steps": 100}
    with tempfile.TemporaryDirectory() as folder:
        if options.source is None:
            sizes = (40, 16) if options.quick else (300, 100)
            domains, settings = rendered_domains(Path(folder), *sizes), {**SMALL, **PLAIN, **steps}
        else:
            domains = open_any(options.source), open_any(options.target, labels=options.labels)
            settings = {} if options.init is None else {"init_weights": str(options.init)}
        if options.settings is not None:
            settings |= json.loads(options.settings.read_text())
        study = Study(*domains, TrainConfig.from_dict(settings))
    runs: dict[tuple, dict[str, object]] = {(method, "", None): {} for method in COMPARED}
    for name, (method, values) in SWEPT.items() if options.sweep else ():
        runs |= {(method, name, value): {name: value} for value in values}
    errors = {run: [] for run in runs}
    for seed in range(options.first_seed, options.first_seed + (1 if options.quick else options.seeds)):
        stage1 = study.first_stage(seed)
        for run, changes in runs.items():
            errors[run].append(study.errors_deg(stage1, seed, run[0], **changes))
    _report(errors, {"frames": [len(study.source), len(study.target)], "settings": settings})


def _report(errors: dict[tuple, list[tuple[float, float]]], facts: dict[str, object]) -> None:
    control = np.mean(errors["source-only", "", None], axis=0)[0]
    for (method, name, value), runs in errors.items():
        raw, aligned = np.transpose(runs)
        mean = float(raw.mean())
        report.record(
            "adaptation", method if not name else f"{method}, {name} {value}", round(mean, 3), "degrees",
            peer="source-only", ratio=round(float(control / mean), 3), each_seed=raw.round(3).tolist(),
            sd=round(float(raw.std(ddof=1)), 3) if len(raw) > 1 else None,
            aligned_using_target_labels=round(float(aligned.mean()), 3), **facts,
        )  # fmt: skip


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    for name in ("source", "target", "labels", "init", "settings"):
        parser.add_argument(f"--{name}", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
