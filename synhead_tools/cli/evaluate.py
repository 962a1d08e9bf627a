"""``synhead evaluate``."""

from __future__ import annotations

from pathlib import Path

import click

from synhead_tools.cli import options


@click.command(short_help="Score an estimator, with its protocol and the trivial baselines.")
@click.argument("model", type=options.path_in)
@click.argument("dataset", type=options.path_in)
@click.option("--reference", type=options.path_in, help="Labels whose mean is the baseline, such as Biwi_plus.npz.")
@click.option("--convention", default="biwi+", show_default=True, help="In which angles are compared.")
@click.option("--flip", is_flag=True, help="Average the answers for the picture and its mirror image.")
@click.option(
    "--labels-chose-model", is_flag=True, help="Say so if labels of DATASET chose this model or its settings."
)
@click.option("--no-ray-rule", is_flag=True, help="Leave answers in the frame of the crop.")
@options.labels
@options.labels_convention
@options.as_json
@options.common
def evaluate(
    model: Path, dataset: Path, reference: Path | None, convention: str, flip: bool,
    labels_chose_model: bool, no_ray_rule: bool,
    labels: Path | None, labels_convention: str | None, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Score the estimator MODEL on the labelled DATASET.

    Prints one line with everything that decides the figures, then MAE of pitch, yaw and roll, bias, geodesic error,
    MAEV, the same by yaw bin and sequence, and the trivial baselines.

    \b
    Example:
      synhead evaluate model biwi_frames --labels Biwi_plus.npz --reference Biwi_plus.npz
    """
    from synhead_tools.formats.open import open_any
    from synhead_tools.learning.evaluate import evaluate as evaluate_estimator
    from synhead_tools.learning.predict import Estimator

    known = open_any(reference) if reference else None
    report = evaluate_estimator(
        Estimator.load(model), open_any(dataset, labels=labels, convention=labels_convention), convention=convention,
        reference_rotmat=None if known is None else known.read("rotmat"),
        reference_name="" if known is None else str(known.describe().get("dataset", reference.name)),
        flip_average=flip, ray_rule=not no_ray_rule, labels_chose_model=labels_chose_model,
    )  # fmt: skip
    click.echo(report.to_json() if as_json else "\n".join(report.lines()))
