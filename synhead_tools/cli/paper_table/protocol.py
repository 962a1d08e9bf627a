"""What the figures of a table depend on, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from synhead_tools import __version__
from synhead_tools.cli.chain_target import ChainTarget
from synhead_tools.cli.paper_table.results import RunResult
from synhead_tools.cli.protocol_text import word

FRAME_WORDS = {"camera": "labels, as published", "ray": "the rotations that face crops show"}
"""How `synhead_tools.matching.pose_frames` names the two, and what they mean."""


def table_protocol(
    target: ChainTarget,
    frames: Mapping[str, int],
    match: Mapping[str, Any],
    training: Mapping[str, Any],
    results: Iterable[RunResult],
) -> dict[str, str]:
    """Heading to sentence.

    Parameters
    ----------
    target : ChainTarget
    frames : dict of str to int
        Sizes of SynHead, SynHead+, SynBiwi+ and SynHead++.
    match : dict
        The report of the match.
    training : dict
        All training settings.
    results : iterable of RunResult
        What is there; how it was scored is read off them.
    """
    results = list(results)
    used = "yes" if match["target_labels_used"] else "no"
    turned, residual = match["settings"]["max_targets"] or match["targets"], match["residual_deg"]
    return {
        "target pictures": f"{target.extent}; face boxes: {target.boxes}",
        "target labels used for matching": f"{used} ({match['target_poses']}; {match['targets']} of them matched, "
        f"pictures turned for {min(turned, match['targets'])}); compared: {FRAME_WORDS[match['settings']['frame']]}; "
        f"residual median {residual['50']:.2f}, 95 % {residual['95']:.2f} degrees. SynHead++ holds SynBiwi+, "
        "so this is true of both sources, as in the paper",
        "target labels used for selection": _of_all(results, "target_labels_used_for_selection", "no")
        + "; the last of a fixed number of steps is scored",
        "target labels used for training": "by the oracle alone" if _has_oracle(results) else "no",
        "target pictures used for training": "by every method but the Baseline, which goes on with its source loss for "
        "as many steps",
        "source": ", ".join(f"{name} {count} frames" for name, count in frames.items()) + f" of {match['heads']} heads",
        "training": _training(training),
        "score": _score(results),
        "published": "all frames of BIWI, Biwi+ labels and boxes, NVIDIA's SynHead; spread, runs, steps and batch size "
        "not known",
        "made with": f"synhead {__version__}, {_devices(results)}",
    }


def _training(training: Mapping[str, Any]) -> str:
    named = training["init_weights"]
    weights = "random weights" if not named else str(named).replace("\\", "/").rsplit("/", 1)[-1]
    return (
        f"{training['backbone']} from {weights}, head {training['head']}, {training['input_px']} px, batch "
        f"{training['batch_size']} per domain, {training['stage1_steps']} + {training['stage2_steps']} steps; stage 1 "
        f"is one for all methods of a source and seed; augmentation {training['augmentation']:g}, new backgrounds: "
        f"{word(training['random_background'])}"
    )


def _score(results: list[RunResult]) -> str:
    if not results:
        return "no run is there yet"
    parts = ("frames", "convention", "calibrated", "ray_rule_applied", "flip_average")
    return "; ".join(f"{name.replace('_', ' ')}: {_of_all(results, name, 'unknown')}" for name in parts)


def _of_all(results: list[RunResult], name: str, otherwise: str) -> str:
    values = dict.fromkeys(word(result.protocol.get(name)) for result in results)
    return ", ".join(values) or otherwise


def _has_oracle(results: list[RunResult]) -> bool:
    return any(result.run.method == "oracle" for result in results)


def _devices(results: list[RunResult]) -> str:
    return " and ".join(sorted({result.device for result in results})) or "nothing trained yet"
