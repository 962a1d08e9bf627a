"""The demo as one function: target, chain, scores, table, contact sheet."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.cli.chain import Chain, ChainSettings, Run
from synhead_tools.cli.chain_target import ChainTarget, biwi_target, embedded_target, weights_beside
from synhead_tools.cli.protocol_text import protocol_lines
from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.atomic import atomic_write_text

MARK = ".synhead-demo"
"""File that says a folder was made by this command, so that --overwrite may empty it."""

SHEET_TILES = 8
CONVENTION = "biwi+"
TARGET_FRAMES_PER_HEAD = 120

# The source as SynHead stores it: plain background, one light, no colour changes. That leaves a gap for adaptation to
# close, and the last run shows what new backgrounds and colours in every batch, the default, do to the same gap.
PLAIN = {"random_background": False, "augmentation": 0.0}
EMBEDDED = ChainSettings(
    lighting="studio",
    training={"input_px": 48, "batch_size": 64, "stage1_steps": 240, "stage2_steps": 150, "log_every": 50},
    runs=(
        Run("no adaptation, plain source", "source-only", PLAIN),
        Run("PADACO, plain source", "padaco", PLAIN),
        Run("no adaptation, randomised source", "source-only"),
    ),
)
REAL = ChainSettings(
    ranges=("-60:75:15", "-75:75:15", "-30:30:30"),  # `synhead` pitch + looks up
    tracks=6,
    track_frames=150,
    max_targets=600,
    training={"input_px": 64, "batch_size": 64, "stage1_steps": 800, "stage2_steps": 200, "log_every": 50},
)


def run_demo(
    out: Path,
    data: Path | None = None,
    init_weights: Path | None = None,
    seeds: int = 1,
    seed: int = 0,
    workers: int = 1,
    overwrite: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Run the chain and score every run.

    Parameters
    ----------
    out : Path
        Folder to make.
    data : Path, optional
        Folder with ``biwi_frames`` and ``biwi_plus``; the embedded target without it.
    init_weights : Path, optional
        Weights ResNet-18 starts from; without it those under ``data / "weights"``, else random ones.
    seeds, seed : int
        Seeds each run is trained with, and the first.
    workers : int
        Rendering processes.
    overwrite : bool
        Replace an earlier run.
    say : callable
        Told what happens, line by line.

    Returns
    -------
    dict
        ``lines`` for people and ``json`` for programs; also written to ``out / "result.json"``.
    """
    settings = EMBEDDED if data is None else REAL
    init_weights = init_weights or weights_beside(data)
    if init_weights is not None:
        settings = replace(settings, training={**settings.training, "init_weights": str(init_weights)})
    real = None if data is None else biwi_target(data)
    _make_folder(out, overwrite)
    chain = Chain(out, settings, say, workers, seed)
    chain.say(f"ResNet-18 starts from {init_weights.name if init_weights else 'random weights'}")
    chain.build_source()
    target = real or embedded_target(out, TARGET_FRAMES_PER_HEAD, settings.size_px, workers, seed)
    chain.say(target.name)
    chain.match(target.poses)
    source = chain.matched("synhead++")
    reports, predictions = _train_and_score(chain, source, target, range(seed, seed + seeds))
    sheet = out / "contact_sheet.png"
    _draw_sheet(target, predictions, sheet)
    lines = _table(reports) + ["", f"contact sheet: {sheet}  (source heads: {out / 'synhead' / 'preview.png'})"]
    result = {"target": target.name, "reports": {name: [r.to_dict() for r in runs] for name, runs in reports.items()}}
    atomic_write_text(out / "result.json", json.dumps(result, indent=1) + "\n")
    chain.say("done")
    return {"lines": lines, "json": {**result, "contact_sheet": str(sheet)}}


def _train_and_score(
    chain: Chain, source: Any, target: ChainTarget, seeds: range
) -> tuple[dict[str, list[Any]], dict[str, np.ndarray]]:
    """Reports of every run and seed, and each run's rotations from the first seed."""
    from synhead_tools.learning.predict import Estimator
    from synhead_tools.learning.scores.evaluate import evaluate

    reports: dict[str, list[Any]] = {run.title: [] for run in chain.settings.runs}
    predictions: dict[str, np.ndarray] = {}
    for seed in seeds:
        for title, folder in chain.train(source, target.pictures, seed).items():
            estimator = Estimator.load(folder)
            crops = estimator.read_crops(target.pictures)
            reports[title].append(
                evaluate(
                    estimator, target.pictures, convention=CONVENTION, reference_rotmat=target.reference,
                    reference_name=target.reference_name, crops=crops,
                )
            )  # fmt: skip
            predictions.setdefault(title, estimator.predict(crops))
    return reports, predictions


def _table(reports: dict[str, list[Any]]) -> list[str]:
    """Protocol, then MAE of the baselines and of every run: mean over seeds, and the spread of the total."""
    first = next(iter(reports.values()))[0]
    lines = [
        *protocol_lines({name: [run.protocol for run in runs] for name, runs in reports.items()}),
        "",
        f"{'MAE in degrees':44} pitch    yaw   roll   mean  runs",
    ]
    lines += [_row(score.name + (" *" if score.uses_scored_labels else ""), [score]) for score in first.scores[2:]]
    for column, suffix in ((0, ""), (1, ", aligned *")):
        for name, runs in reports.items():
            lines.append(_row(name + suffix, [run.scores[column] for run in runs]))
    return [*lines, "* knows labels it is scored on: a yardstick, not a result"]


def _row(title: str, scores: list[Any]) -> str:
    columns = [[getattr(score, key) for score in scores] for key in ("pitch_mae_deg", "yaw_mae_deg", "roll_mae_deg")]
    means = [score.mae_deg for score in scores]
    spread = f" +- {np.std(means, ddof=1):.2f}" if len(scores) > 1 else ""
    figures = " ".join(f"{np.mean(values):6.2f}" for values in (*columns, means))
    return f"{title:43} {figures}  {len(scores)}{spread}"


def _draw_sheet(target: ChainTarget, predictions: dict[str, np.ndarray], path: Path) -> None:
    from synhead_tools.rendering.prediction_sheet import prediction_sheet

    rows = np.linspace(0, len(target.pictures) - 1, SHEET_TILES + 2).round().astype(int)[1:-1]
    prediction_sheet(target.pictures, rows, predictions, path)


def _make_folder(out: Path, overwrite: bool) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        if not (out / MARK).is_file():
            raise OutputExistsError(f"{out} is there and was not made by this command; choose another place")
        if not overwrite:
            raise OutputExistsError(f"{out} holds an earlier run; choose another place or give --overwrite")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARK).touch()
