"""``synhead train-retinaface``."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synhead_tools.cli import options
from synhead_tools.cli.sections import SectionedCommand, section
from synhead_tools.errors import TrainingError
from synhead_tools.input_files import read_input

if TYPE_CHECKING:
    from synhead_tools.learning.detection.train_loop import DetectorPlan

# as the library's; a test compares, so that --help needs no torch
PRESET_NAMES = ("resnet50", "resnet152", "resnet18", "mobilenet0.25")
PRECISIONS = ("float32", "float16")
_PARTS = ("network", "losses", "training")


@click.command(cls=SectionedCommand, short_help="Train a face detector on rendered scenes.")
@click.argument("scenes", type=options.path_in)
@click.argument("out", type=options.path_out)
@section(
    "Network",
    click.option(
        "--preset",
        type=click.Choice(PRESET_NAMES),
        default="mobilenet0.25",
        show_default=True,
        help="Network and losses.",
    ),
    click.option("--no-deformable", is_flag=True, help="Plain convolutions where the preset has deformable ones."),
    click.option("--no-cascade", is_flag=True, help="One head instead of two."),
    click.option("--no-mesh", is_flag=True, help="No mesh, so neither 68 points nor pose."),
    click.option(
        "--init",
        "initial_weights",
        help="Weights of the backbone: a file, or imagenet (ResNet); or a detector's folder, to go on with all of it.",
    ),  # fmt: skip
)
@section(
    "Training",
    click.option("--steps", type=int, help="Steps to make.  [default: 10000]"),
    click.option("--batch-size", type=int, help="Pictures per step.  [default: 32]"),
    click.option("--input-px", type=int, help="Side of the square that pictures are cut to.  [default: 640]"),
    click.option("--learning-rate", type=float, help="At the top of the schedule.  [default: 0.01]"),
    click.option("--optimiser", type=click.Choice(("sgd", "adamw")), help="Of the paper: sgd.  [default: sgd]"),
    click.option(
        "--schedule", type=click.Choice(("steps", "warmup-cosine")), help="Of the paper: steps.  [default: steps]"
    ),
    click.option(
        "--settings",
        type=options.path_in,
        help="JSON with the tables network, losses and training; options win over it.",
    ),
    click.option("--seed", type=click.IntRange(0), help="Seed of everything random.  [default: 0]"),
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 ...")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Threads that make batches.")
@click.option(
    "--weights", "precision", type=click.Choice(PRECISIONS), default="float32", show_default=True,
    help="Of the file of weights; float16 halves it.",
)  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on with the interrupted run in OUT where its state was saved last.")
@click.option("--save-every", type=click.IntRange(1), default=500, show_default=True, help="Steps between such states.")
@options.overwrite
@options.as_json
@options.common
def train_retinaface(
    scenes: Path, out: Path, preset: str, no_deformable: bool, no_cascade: bool, no_mesh: bool,
    initial_weights: str | None, settings: Path | None, device: str, workers: int, precision: str, resume: bool,
    save_every: int, overwrite: bool, as_json: bool, quiet: bool, **chosen: object,
) -> None:  # fmt: skip
    """Train a RetinaFace detector on SCENES, which ``synhead render --scenes`` makes, and write it into OUT.

    \b
    Example:
      synhead render scenes --scenes 5000 --background clutter
      synhead train-retinaface scenes detector --steps 20000 --input-px 320 --batch-size 16
    """
    from synhead_tools.formats.open import open_any
    from synhead_tools.learning.detection.train import train_retinaface as train
    from synhead_tools.learning.device import resolve_device

    plan = _plan(preset, settings, {name: value for name, value in chosen.items() if value is not None})
    switches = {"deformable": no_deformable, "cascade": no_cascade, "mesh_vertices": no_mesh}
    off = {name: False if name != "mesh_vertices" else 0 for name, wanted in switches.items() if wanted}
    plan = replace(plan, network=replace(plan.network, **off))
    record = train(
        open_any(scenes), out, plan, initial_weights=initial_weights, overwrite=overwrite, resume=resume,
        state_every=save_every, device=resolve_device(device), workers=workers, precision=precision,
        log=log_printer(quiet),
    ).record  # fmt: skip
    result = {"out": str(out), "steps": record.steps, "log": str(out / "log.jsonl")}
    click.echo(json.dumps(result) if as_json else f"detector in {out}, log in {out / 'log.jsonl'}")


def _plan(preset_name: str, settings: Path | None, chosen: dict[str, Any]) -> DetectorPlan:
    from synhead_tools.learning.detection.config import DetectionLossConfig, DetectorConfig, preset
    from synhead_tools.learning.detection.train_config import DetectorTraining
    from synhead_tools.learning.detection.train_loop import DetectorPlan

    network, losses = preset(preset_name)
    tables = _tables(settings) if settings else {}
    try:
        return DetectorPlan(
            DetectorConfig.from_dict({**network.to_dict(), **tables.get("network", {})}),
            DetectionLossConfig.from_dict({**losses.to_dict(), **tables.get("losses", {})}),
            DetectorTraining.from_dict({**tables.get("training", {}), **chosen}),
        )
    except TrainingError as error:
        raise TrainingError(f"{settings}: {error}" if settings else str(error)) from None


def _tables(path: Path) -> dict[str, dict[str, Any]]:
    advice = "give a JSON object with the tables network, losses, training"
    data = read_input(path, options.SETTINGS_BYTES_LIMIT, TrainingError, advice)
    try:
        values = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise TrainingError(f"{path} is not JSON; {advice}") from None
    if not isinstance(values, dict) or not all(isinstance(table, dict) for table in values.values()):
        raise TrainingError(f"{path} holds something else; {advice}")
    unknown = sorted(set(values) - set(_PARTS))
    if unknown:
        raise TrainingError(f"{path}: unknown table {unknown[0]!r:.60}; {advice}")
    return values


def log_printer(quiet: bool) -> Callable[[dict[str, object]], None]:
    """Log lines on stderr, shortened to what one watches."""
    if quiet:
        return lambda entry: None
    hidden = ("stage", "learning_rate")

    def show(entry: dict[str, object]) -> None:
        parts = [f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
                 for key, value in entry.items() if key not in hidden]  # fmt: skip
        click.echo("  ".join(parts), err=True)

    return show
