"""``synhead evaluate``."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path, PurePath

import click

from synhead_tools.cli import options

NOT_FOR_DETECTORS = (
    "reference", "convention", "flip", "labels_chose_model", "no_ray_rule", "onnx_folder", "plots", "labels_convention",
    "seed",
)  # fmt: skip


@click.command(short_help="Score estimators, with their protocol and the trivial baselines.")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.argument("dataset", type=options.path_in)
@click.option("--reference", type=options.path_in, help="Labels whose mean is the baseline, such as Biwi_plus.npz.")
@click.option("--convention", default="biwi+", show_default=True, help="In which angles are compared.")
@click.option("--flip", is_flag=True, help="Average the answers for the picture and its mirror image.")
@click.option("--labels-chose-model", is_flag=True, help="Say so if labels of DATASET chose a model or its settings.")
@click.option("--no-ray-rule", is_flag=True, help="Leave answers in the frame of the crop.")
@click.option(
    "--onnx-folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the ONNX files of a .toml are, if not beside it.",
)
@click.option("--device", default="cpu", show_default=True, help="Where checkpoints compute: cpu, cuda, auto.")
@click.option("--plots", type=options.path_out, help="New folder for plots: errors, scatter, the worst frames.")
@click.option(
    "--subset",
    "subsets",
    multiple=True,
    type=options.path_in,
    help="Of detectors: WIDER FACE's wider_easy_val.mat and its like; may be given again.",
)
@options.labels
@options.labels_convention
@options.seed
@options.overwrite
@options.as_json
@options.common
@click.pass_context
def evaluate(
    ctx: click.Context, models: tuple[str, ...], dataset: Path, reference: Path | None, convention: str, flip: bool,
    labels_chose_model: bool, no_ray_rule: bool, onnx_folder: Path | None, device: str, plots: Path | None,
    subsets: tuple[Path, ...], labels: Path | None, labels_convention: str | None, seed: int, overwrite: bool,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Score each MODEL on the labelled DATASET, the last argument.

    A MODEL is the folder of a checkpoint, a .toml that declares ONNX models (docs/onnx-models.md), or the name of a
    bundled model; or the folder of a face detector, whose DATASET is rendered scenes, or pictures with --labels a file
    of WIDER FACE or dlib's XML (docs/retinaface.md). One is reported in full: a line with everything that decides the
    figures, MAE of pitch, yaw and roll, bias, geodesic error, MAEV, the same aligned and calibrated on a few labelled
    frames, by yaw, pitch and sequence, and the trivial baselines. Several stand side by side in a table, with mean and
    spread over seeds of one recipe; --json has all of each.

    \b
    Examples:
      synhead evaluate model biwi_frames --labels Biwi_plus.npz --reference Biwi_plus.npz
      synhead evaluate seed0 seed1 seed2 peers/fsanet.toml biwi_frames --labels Biwi_plus.npz --plots plots
    """
    from synhead_tools.cli.detector_scores import detector_scores, is_detector

    if dataset.suffix in (".toml", ".onnx") or (dataset / "model.json").is_file():
        raise click.UsageError(f"{dataset} is a model; DATASET comes last")
    if is_detector(models[0]):
        options.refuse_given(ctx, NOT_FOR_DETECTORS, f"{models[0]} is a face detector")
        click.echo(detector_scores(models, dataset, labels, device, as_json, subsets))
        return
    options.refuse_given(ctx, ("subsets",), "no MODEL is a face detector")
    if not any(PurePath(model).suffix in (".toml", ".onnx") for model in models):
        options.refuse_given(ctx, ("onnx_folder",), "no MODEL is a .toml or .onnx")
    if plots is None:
        options.refuse_given(ctx, ("overwrite",), "without --plots nothing is written")
    from synhead_tools.formats.open import open_any
    from synhead_tools.learning.device import resolve_device
    from synhead_tools.learning.load_estimator import load_estimator
    from synhead_tools.learning.scores.comparison import compare
    from synhead_tools.learning.scores.evaluation_plots import plots_folder, write_plots

    source = open_any(dataset, labels=labels, convention=labels_convention)
    known = None if reference is None else open_any(reference)
    where = str(resolve_device(device))
    with nullcontext() if plots is None else plots_folder(plots, overwrite, source) as folder:
        estimators = {
            name: load_estimator(model, where, onnx_folder=onnx_folder)
            for name, model in zip(_names(models), models, strict=True)
        }
        comparison = compare(
            estimators, source, convention=convention,
            reference_rotmat=None if known is None else known.read("rotmat"),
            reference_name="" if known is None else str(known.describe().get("dataset", reference.name)),
            flip_average=flip, ray_rule=not no_ray_rule, labels_chose_model=labels_chose_model, seed=seed,
            progress=options.progress(quiet or len(models) == 1, "models"),
        )  # fmt: skip
        if folder is not None:
            write_plots(comparison, source, folder, convention)
    only = next(iter(comparison.reports.values()))
    told = only if len(models) == 1 else comparison
    click.echo(told.to_json() if as_json else "\n".join(told.lines()))


def _names(models: tuple[str, ...]) -> list[str]:
    """Short names where they tell the models apart, else what was typed; what was typed twice is numbered."""
    paths = [PurePath(model) for model in models]
    short = [path.stem if path.suffix in (".toml", ".onnx") else path.name for path in paths]
    names = short if len(set(short)) == len(short) and all(short) else list(models)
    return [f"{name} ({names[:i].count(name) + 1})" if names[:i].count(name) else name for i, name in enumerate(names)]
