"""``synhead demo``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from synhead_tools.cli import options


@click.command(short_help="Run the whole chain, from bundled heads to scored estimators.")
@click.argument("out", type=options.path_out)
@click.option("--data", type=options.path_in, help="Folder with biwi_frames and biwi_plus: run on real frames.")
@click.option("--init", "init_weights", type=options.path_in, help="ResNet-18 weights, torchvision keys.")
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True, help="Training runs per method.")
@options.seed
@options.workers
@options.overwrite
@options.as_json
@options.common
def demo(
    out: Path, data: Path | None, init_weights: Path | None, seeds: int, seed: int, workers: int, overwrite: bool,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Render heads, restate labels, match poses, train without and with adaptation, and score both, in OUT.

    Without --data the target is embedded: heads never seen in the source, with another camera, light and background.

    \b
    Example:
      synhead demo demo_run --workers 2
    """
    from synhead_tools.cli.demo_run import run_demo

    say = (lambda line: None) if quiet else (lambda line: click.echo(line, err=True))
    result = run_demo(
        out, data=data, init_weights=init_weights, seeds=seeds, seed=seed, workers=workers, overwrite=overwrite, say=say
    )
    click.echo(json.dumps(result["json"]) if as_json else "\n".join(result["lines"]))
