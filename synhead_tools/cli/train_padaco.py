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

HEADS = ("euler", "rot6d")
PLACEMENTS = ("auto", "device", "host", "streamed")
METHODS = (
    "padaco",
    "dann",
    "pada",
    "source-only",
    "oracle",
    "dare-gram",
    "relative-pose",
    "fourier",
)  # the table's names; a test compares, so that --help needs no torch

_PLACEMENT_HELP = (
    "Where pictures are kept: on the device, in host memory, streamed from a file; auto is where they fit."
)


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
@click.option("--head", type=click.Choice(HEADS), help="Pose head.  [default: euler]")
@click.option("--init", "init_weights", help="Weights file with torchvision's keys, or 'imagenet' to fetch one.")
@click.option("--init-sha256", help="What the sha256 of that file must begin with.")
@click.option("--stage1", type=options.path_in, help="Branch from this stage-1 checkpoint instead of training one.")
@click.option("--settings", type=options.path_in, help="JSON file with any training settings (see docs/training.md).")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 ...")
@click.option("--placement", type=click.Choice(PLACEMENTS), default="auto", show_default=True, help=_PLACEMENT_HELP)
@click.option("--device-gib", type=click.FloatRange(0), help="Most memory that pictures may take on the device.")
@click.option("--scratch", type=options.path_in, help="Folder of the file that pictures are streamed from.")
@click.option("--resume", is_flag=True, help="Go on with the interrupted run in OUT where its state was saved last.")
@click.option("--save-every", type=click.IntRange(1), default=500, show_default=True, help="Steps between such states.")
@click.option("--tensorboard", is_flag=True, help="Write TensorBoard events as well (needs tensorboard).")
@click.option("--report-target-labels", is_flag=True, help="Write scores on TARGET's labels into the log, no more.")
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
    placement: str, device_gib: float | None, scratch: Path | None,
    resume: bool, save_every: int, tensorboard: bool, report_target_labels: bool,
    labels: Path | None, labels_convention: str | None, workers: int, overwrite: bool, as_json: bool, quiet: bool,
    **chosen: object,
) -> None:  # fmt: skip
    """Train on the labelled dataset SOURCE, adapting to the pictures of TARGET, and write the estimator OUT.

    TARGET gives pictures and face boxes only; its rotations are never read, not even to choose a checkpoint, but for
    two exceptions that say so in what they write: the method oracle and --report-target-labels. Under torchrun, which
    starts one process per GPU, --batch-size counts the samples of all processes.

    \b
    Example:
      synhead train-padaco matched/synhead++ biwi_frames model --labels Biwi_plus.npz --init resnet18.safetensors
    """
    from synhead_tools.formats.open import open_any
    from synhead_tools.learning.config import TrainConfig
    from synhead_tools.learning.device import resolve_device
    from synhead_tools.learning.processes import joined_processes, own_number
    from synhead_tools.learning.train_estimator import train_estimator

    values = read_settings(settings).to_dict() if settings else {}
    for key, value in chosen.items():
        left_out = ctx.get_parameter_source(key) == ParameterSource.DEFAULT
        if value is not None and not (settings and left_out):  # what nobody asked for does not win over the file
            values[key] = value
    pictures = open_any(target, labels=labels, convention=labels_convention)
    with joined_processes(device) as own_device:
        first = own_number() == 0
        record = train_estimator(
            open_any(source), out, TrainConfig.from_dict(values), target=pictures,
            stage1_checkpoint=stage1, overwrite=overwrite, resume=resume, state_every=save_every,
            tensorboard=tensorboard, report_target_labels=report_target_labels,
            device=resolve_device(own_device), workers=workers, placement=placement, device_gib=device_gib,
            scratch=scratch, progress=read_progress(quiet or not first), log=log_printer(quiet),
        ).record  # fmt: skip
    if not first:
        return
    result = {"out": str(out), "method": record.method, "steps": record.steps, "log": str(out / "log.jsonl")}
    click.echo(json.dumps(result) if as_json else f"{record.method} estimator in {out}, log in {out / 'log.jsonl'}")


def read_settings(path: Path) -> TrainConfig:
    """Training settings of a JSON file.

    Raises
    ------
    TrainingError
        It is no such file, or a setting is unknown or not allowed.
    """
    from synhead_tools.learning.config import TrainConfig

    data = read_input(path, options.SETTINGS_BYTES_LIMIT, TrainingError, "give a JSON file of training settings")
    try:
        return TrainConfig.from_json(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise TrainingError(f"{path} is not UTF-8 text; give a JSON file of training settings") from None
    except SynheadError as error:
        raise TrainingError(f"{path}: {error}") from None


def read_progress(quiet: bool) -> Callable[[str, int, int], None]:
    """How far the reading of each domain is, on stderr."""
    shows = {name: options.progress(quiet, f"{name} pictures") for name in ("source", "target")}
    return lambda name, done, total: shows[name](done, total)


def log_printer(quiet: bool) -> Callable[[dict[str, object]], None]:
    """Log lines on stderr, shortened to what one watches."""
    if quiet:
        return lambda entry: None
    shown = ("stage", "step", "steps", "regression", "domain", "discriminator_accuracy", "lambda",
             "effective_sample_size", "target_mae_deg", "target_geodesic_deg")  # fmt: skip

    def show(entry: dict[str, object]) -> None:
        parts = [f"{key} {entry[key]:.4g}" if isinstance(entry[key], float) else f"{key} {entry[key]}"
                 for key in (*shown, "images_per_s") if key in entry]  # fmt: skip
        click.echo("  ".join(parts), err=True)

    return show
