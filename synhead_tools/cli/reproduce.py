"""``synhead reproduce``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synhead_tools.cli import options
from synhead_tools.cli.sections import SectionedCommand, section

if TYPE_CHECKING:
    from synhead_tools.cli.chain_target import ChainTarget
    from synhead_tools.cli.paper_table.settings import TableSettings

FRAMES = {"labels": "camera", "ray": "ray"}


class NumberList(click.ParamType):
    """Whole numbers, none negative, with commas between: a tuple of `count` of them, or of different ones."""

    def __init__(self, name: str, count: int | None = None) -> None:
        self.name, self._count = name, count

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The numbers in a text."""
        if isinstance(value, tuple):
            return value
        parts = [part.strip() for part in value.split(",")]
        good = all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts)
        if not good or (len(set(parts)) < len(parts) if self._count is None else len(parts) != self._count):
            self.fail(f"{value!r:.60} is not {self.name}", param, ctx)
        return tuple(map(int, parts))


target_options = section(
    "Target",
    click.option(
        "--biwi", type=options.path_in, metavar="DIR",
        help="BIWI (hpdb/NN/...), all or some frames, with or without Biwi_plus.npz; or a folder with biwi_frames and "
        "biwi_plus. Without it the target is embedded: rendered pictures of heads that the source has not.",
    ),
    options.labels,
    click.option(
        "--embedded-frames", type=click.IntRange(2), help="Pictures of each held-out head of the embedded target."
    ),
)  # fmt: skip

size_options = section(
    "Size",
    click.option("--quick", is_flag=True, help="A small table: minutes embedded, less than an hour on two cores."),
    click.option("--heads", help="Source heads, as `synhead render` takes them.  [default: all]"),
    click.option("--tracks", type=click.IntRange(1), help="Motion tracks of the source, beside its grid."),
    click.option("--track-frames", type=click.IntRange(1), help="Frames of each track."),
    click.option("--targets", type=click.IntRange(1), help="Target poses to turn pictures for, evenly spread."),
    click.option(
        "--frame", type=click.Choice(tuple(FRAMES)), default="labels", show_default=True,
        help="Match labels, as published, or the rotations that face crops show.",
    ),
)  # fmt: skip

training_options = section(
    "Training",
    click.option("--methods", help="Comma list.  [default: source-only,dann,pada,padaco]"),
    click.option(
        "--seeds", type=NumberList("a comma list of different seeds such as 0,1,2"), metavar="LIST",
        help="Seeds of training.  [default: 0,1,2; quick: 0]",
    ),
    click.option(
        "--steps", type=NumberList("two numbers of steps such as 800,200", 2), metavar="N,M",
        help="Steps of regression on the source, and of adaptation.",
    ),
    click.option("--input-px", type=click.IntRange(16), help="Side of the network's input."),
    click.option("--batch-size", type=click.IntRange(2), help="Samples per domain and step."),
    click.option(
        "--init", "init_weights",
        help="Weights file with torchvision's keys, 'imagenet', or 'random'; else what is in DIR/weights, if anything.",
    ),
    click.option("--settings", type=options.path_in, help="JSON file with any training settings (docs/training.md)."),
    click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 ..."),
)  # fmt: skip

run_options = section(
    "Run",
    click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of rendering."),
    options.workers,
    click.option("--resume", is_flag=True, help="Go on with the interrupted run in OUT; what is finished is kept."),
    options.overwrite,
    options.dry_run,
    options.as_json,
)


@click.command(cls=SectionedCommand, short_help="Make the PADACO paper's table again, beside the published one.")
@click.argument("out", type=options.path_out)
@target_options
@size_options
@training_options
@run_options
@options.common
def reproduce(
    out: Path, biwi: Path | None, labels: Path | None, device: str, workers: int, resume: bool, overwrite: bool,
    dry_run: bool, as_json: bool, quiet: bool, **given: Any,
) -> None:  # fmt: skip
    """Make the PADACO paper's table again, beside the published one, in OUT.

    Renders SynHead, makes SynHead+, SynBiwi+ and SynHead++ of it, trains Baseline, DANN and PADACO on SynBiwi+ and
    these and PADA-like on SynHead++ with several seeds, and scores all on the target's pictures. OUT/table.md,
    table.json and table.csv are written anew after each run, and say what is missing.

    \b
    Examples:
      synhead reproduce table --quick --workers 2
      synhead reproduce table --biwi kinect_head_pose_db --labels Biwi_plus.npz --init imagenet --dry-run
      synhead reproduce table --biwi kinect_head_pose_db --labels Biwi_plus.npz --init imagenet --resume
    """
    target = _open_target(biwi, labels)
    settings = settings_from_options(given, biwi)
    if dry_run:
        from synhead_tools.cli.paper_table.estimate import estimate_table

        estimate = estimate_table(settings, target, out, workers, device)
        click.echo(json.dumps(estimate.to_dict()) if as_json else "\n".join(estimate.lines()))
        return
    from synhead_tools.cli.paper_table.reproduction import reproduce as reproduce_table
    from synhead_tools.cli.paper_table.table import table_dict, table_markdown

    table = reproduce_table(
        out, settings, target, workers=workers, device=device, resume=resume, overwrite=overwrite,
        say=(lambda line: None) if quiet else (lambda line: click.echo(line, err=True)),
    )  # fmt: skip
    click.echo(json.dumps(table_dict(table)) if as_json else table_markdown(table), nl=as_json)


def _open_target(biwi: Path | None, labels: Path | None) -> ChainTarget | None:
    if biwi is None:
        if labels is not None:
            raise click.UsageError("--labels is for the frames of --biwi, which is not given")
        return None
    from synhead_tools.cli.chain_target import biwi_target

    return biwi_target(biwi, labels)


def settings_from_options(given: dict[str, Any], biwi: Path | None) -> TableSettings:
    """Take the settings of a table out of the options `given`: a preset, the settings file over it, options over both.

    Raises
    ------
    SynheadError
        A setting is unknown or not allowed.
    """
    from synhead_tools.cli.chain_target import weights_beside
    from synhead_tools.cli.paper_table.settings import FULL, QUICK, QUICK_EMBEDDED, table_settings
    from synhead_tools.cli.train_padaco import read_settings

    preset = FULL if not given["quick"] else QUICK_EMBEDDED if biwi is None else QUICK
    file = {} if given["settings"] is None else _said(read_settings(given["settings"]).to_dict(), given["settings"])
    stage1_steps, stage2_steps = given["steps"] or (None, None)
    plain = file.get("backbone", "resnet18") == "resnet18" and file.get("backbone_width", 64) == 64
    named = file.pop("init_weights", None)
    init = given["init_weights"] or named or (weights_beside(biwi) if plain else None)
    asked = {
        "stage1_steps": stage1_steps, "stage2_steps": stage2_steps, "input_px": given["input_px"],
        "batch_size": given["batch_size"], "init_weights": None if init in (None, "random") else str(init),
    }  # fmt: skip
    chain = {
        "heads": given["heads"], "tracks": given["tracks"], "track_frames": given["track_frames"],
        "max_targets": given["targets"], "frame": FRAMES[given["frame"]],
    }  # fmt: skip
    methods = None if given["methods"] is None else tuple(name.strip() for name in given["methods"].split(","))
    return table_settings(
        preset, training={**file, **{name: value for name, value in asked.items() if value is not None}}, chain=chain,
        embedded_frames=given["embedded_frames"], seeds=given["seeds"], seed=given["seed"], methods=methods,
    )  # fmt: skip


def _said(values: dict[str, Any], path: Path) -> dict[str, Any]:
    """Of all training settings those that the file itself says: the others are the preset's."""
    return {name: values[name] for name in json.loads(path.read_text("utf-8"))}
