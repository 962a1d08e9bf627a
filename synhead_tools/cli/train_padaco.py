"""``synhead train-padaco``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from synhead_tools.cli import options
from synhead_tools.errors import SynheadError, TrainingError
from synhead_tools.input_files import read_input

if TYPE_CHECKING:
    from synhead_tools.learning.config import TrainConfig

METHODS = ("padaco", "dann", "source-only")  # the table's names; a test compares, so that --help needs no torch


@click.command("train-padaco", short_help="Train an estimator that adapts to unlabelled real pictures.")
@click.argument("source", type=options.path_in)
@click.argument("target", type=options.path_in)
@click.argument("out", type=options.path_out)
@click.option("--method", type=click.Choice(METHODS), default="padaco", show_default=True, help="Adaptation method.")
@click.option("--stage1-steps", type=click.IntRange(0), help="Steps of regression on the source.")
@click.option("--stage2-steps", type=click.IntRange(0), help="Steps of adaptation.")
@click.option("--input-px", type=click.IntRange(16), help="Side of the network's input.")
@click.option("--batch-size", type=click.IntRange(2), help="Samples per domain and step.")
@click.option("--neighbours", "n_neighbours", type=click.IntRange(1), help="PADACO's N_n.")
@click.option("--lambda-max", type=click.FloatRange(0), help="Greatest scale of gradient reversal.")
@click.option("--init", "init_weights", type=options.path_in, help="ResNet-18 weights, torchvision keys.")
@click.option("--stage1", type=options.path_in, help="Branch from this stage-1 checkpoint instead of training one.")
@click.option("--settings", type=options.path_in, help="JSON file with any training settings (see docs/training.md).")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 ...")
@options.labels
@options.labels_convention
@options.seed
@options.workers
@options.overwrite
@options.as_json
@options.common
@click.pass_context
def train_padaco(
    ctx: click.Context, source: Path, target: Path, out: Path, stage1: Path | None, settings: Path | None, device: str,
    labels: Path | None, labels_convention: str | None,
    workers: int, overwrite: bool, as_json: bool, quiet: bool, **chosen: object,
) -> None:  # fmt: skip
    """Train on the labelled dataset SOURCE, adapting to the pictures of TARGET, and write the estimator OUT.

    TARGET gives pictures and face boxes only; its rotations are never read, not even to choose a checkpoint.

    \b
    Example:
      synhead train-padaco matched/synhead++ biwi_frames model --labels Biwi_plus.npz --init resnet18.safetensors
    """
    from synhead_tools.formats.open import open_any
    from synhead_tools.learning.config import TrainConfig
    from synhead_tools.learning.device import resolve_device
    from synhead_tools.learning.train_estimator import train_estimator

    values = _settings(settings).to_dict() if settings else {}
    for key, value in chosen.items():
        left_out = ctx.get_parameter_source(key) == ParameterSource.DEFAULT
        if value is not None and not (settings and left_out):  # what nobody asked for does not win over the file
            values[key] = value
    if values.get("init_weights"):
        values["init_weights"] = str(values["init_weights"])
    pictures = open_any(target, labels=labels, convention=labels_convention)
    record = train_estimator(
        open_any(source), out, TrainConfig.from_dict(values), target=pictures,
        stage1_checkpoint=stage1, overwrite=overwrite, device=resolve_device(device), workers=workers,
        log=log_printer(quiet),
    ).record  # fmt: skip
    result = {"out": str(out), "method": record.method, "steps": record.steps, "log": str(out / "log.jsonl")}
    click.echo(json.dumps(result) if as_json else f"{record.method} estimator in {out}, log in {out / 'log.jsonl'}")


def _settings(path: Path) -> TrainConfig:
    from synhead_tools.learning.config import TrainConfig

    data = read_input(path, options.SETTINGS_BYTES_LIMIT, TrainingError, "give a JSON file of training settings")
    try:
        return TrainConfig.from_json(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise TrainingError(f"{path} is not UTF-8 text; give a JSON file of training settings") from None
    except SynheadError as error:
        raise TrainingError(f"{path}: {error}") from None


def log_printer(quiet: bool) -> Callable[[dict[str, object]], None]:
    """Log lines on stderr, shortened to what one watches."""
    if quiet:
        return lambda entry: None
    shown = ("stage", "step", "regression", "domain", "discriminator_accuracy", "lambda", "effective_sample_size")

    def show(entry: dict[str, object]) -> None:
        parts = [f"{key} {entry[key]:.4g}" if isinstance(entry[key], float) else f"{key} {entry[key]}"
                 for key in (*shown, "images_per_s") if key in entry]  # fmt: skip
        click.echo("  ".join(parts), err=True)

    return show
