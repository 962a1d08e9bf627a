"""Options of ``synhead match-biwi``, and what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synhead_tools.cli import options
from synhead_tools.cli.sections import section

if TYPE_CHECKING:
    from synhead_tools.matching.settings import MatchSettings
    from synhead_tools.matching.target import MatchTarget

EXACT = "exact"

match_options = section(
    "Matching",
    click.option("--source-convention", help="Euler convention of a SOURCE that is a CSV with angles."),
    click.option(
        "--mode", type=click.Choice(("in-plane", "so3", EXACT)), default="in-plane", show_default=True,
        help="in-plane: nearest viewing direction, picture turned; so3: nearest rotation, nothing turned; exact: every "
        "head rendered anew at the target's rotation.",
    ),
    click.option(
        "--frame", type=click.Choice(("camera", "ray")), default="camera", show_default=True,
        help="Compare labels, or the rotations that face crops show.",
    ),
    click.option("--all-heads", is_flag=True, help="Match each target once with all heads together, not with each."),
    click.option(
        "--nearest", type=click.IntRange(1), default=1, show_default=True, help="Frames per target (and head)."
    ),
    click.option("--max-uses", type=click.IntRange(1), help="Use each source frame so often at most."),
    click.option("--max-residual-deg", type=click.FloatRange(0), help="Frames that stay farther away do not match."),
)  # fmt: skip

target_options = section(
    "Target",
    click.option(
        "--target-poses", type=options.path_in, metavar="FILE",
        help="Match to these predicted rotations of the target's frames, not to its labels.",
    ),
    click.option("--sequences", help="Take these sequences of the target alone, as in 1,3-5."),
    click.option(
        "--max-targets", type=click.IntRange(1),
        help="Write frames for so many targets, evenly spread; all are matched.",
    ),
    options.labels,
    options.labels_convention,
)  # fmt: skip

output_options = section(
    "Output",
    click.option("--labels-only", is_flag=True, help="Write labels of the turned frames and no pictures."),
    click.option(
        "--keep-corners", is_flag=True, help="Keep frames whose crop shows a corner that was never rendered."
    ),
    click.option(
        "--crop-to-box", type=click.FloatRange(0.1, 20), default=1.0, show_default=True,
        help="Side of that crop over the side of the face box.",
    ),
    options.workers,
    options.resume,
    options.overwrite,
    options.as_json,
)  # fmt: skip


def settings_from_options(given: dict[str, Any]) -> MatchSettings:
    """Take the settings of a match out of the options `given`; mode ``exact`` has no frames to choose from."""
    from synhead_tools.matching.settings import MatchSettings

    mode = given.pop("mode")
    settings = MatchSettings(
        mode="in-plane" if mode == EXACT else mode,
        per_head=not given.pop("all_heads"),
        **{name: given.pop(name) for name in _PLAIN},
    )
    if mode == EXACT and settings != MatchSettings(max_targets=settings.max_targets):
        raise click.UsageError(
            "--mode exact renders every head at every target: of the options of matching and output it takes "
            "--max-targets, --workers, --resume, --overwrite and --json alone"
        )
    return settings


_PLAIN = (
    "frame", "nearest", "max_uses", "max_residual_deg", "max_targets", "labels_only", "keep_corners", "crop_to_box",
)  # fmt: skip


def target_from_options(target: Path, frame: str, given: dict[str, Any]) -> MatchTarget:
    """Open the target and what was predicted for it, out of the options `given`."""
    from synhead_tools.formats.open import needs_convention, open_any
    from synhead_tools.matching.target import read_target

    labels, convention, predicted = (given.pop(name) for name in ("labels", "labels_convention", "target_poses"))
    # it is for whichever of the two does not say its own
    of_predictions = convention if predicted is not None and needs_convention(predicted) else None
    of_target = None if of_predictions and not needs_convention(target) else convention
    predictions = None if predicted is None else open_any(predicted, convention=of_predictions)
    poses = open_any(target, labels=labels, convention=of_target)
    name = predicted.name if predicted is not None else ""
    return read_target(poses, frame, given.pop("sequences"), predictions, name)
