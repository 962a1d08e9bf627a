from types import SimpleNamespace

import pytest

from synhead_tools.cli.paper_table.protocol import table_protocol
from synhead_tools.learning.config import TrainConfig

FRAMES = {"SynHead": 100, "SynHead+": 70, "SynBiwi+": 50, "SynHead++": 120}


def _protocol(results=(), labels_used=True, frame="camera", max_targets=5, **training):
    target = SimpleNamespace(extent="251 of 15678 frames of BIWI", boxes="Biwi+ box")
    match = {
        "target_labels_used": labels_used, "target_poses": "BIWI: ground truth", "targets": 15678, "heads": 10,
        "residual_deg": {"50": 1.234, "95": 5.6}, "settings": {"max_targets": max_targets, "frame": frame},
    }  # fmt: skip
    return table_protocol(target, FRAMES, match, TrainConfig(**training).to_dict(), results)


def test_what_was_known_and_how_large_everything_was_is_said(result):
    protocol = _protocol([result("SynBiwi+", "dann", 0, 1, 2, 3)], init_weights="folder/resnet18.safetensors")
    assert protocol["target pictures"] == "251 of 15678 frames of BIWI; face boxes: Biwi+ box"
    matching = protocol["target labels used for matching"]
    assert matching.startswith(
        "yes (BIWI: ground truth; 15678 of them matched, pictures turned for 5); compared: labels"
    )
    assert "residual median 1.23, 95 % 5.60 degrees" in matching
    assert protocol["target labels used for selection"].startswith("no;")
    assert protocol["target labels used for training"] == "no"
    assert protocol["source"].endswith("SynBiwi+ 50 frames, SynHead++ 120 frames of 10 heads")
    assert "resnet18 from resnet18.safetensors" in protocol["training"]
    assert protocol["score"].startswith("frames: 251; convention: biwi+; calibrated: yes")


@pytest.mark.parametrize(
    ("changes", "heading", "words"),
    [
        ({"labels_used": False}, "target labels used for matching", "no ("),
        ({"max_targets": None}, "target labels used for matching", "pictures turned for 15678"),
        ({"max_targets": 20000}, "target labels used for matching", "pictures turned for 15678"),
        ({"frame": "ray"}, "target labels used for matching", "the rotations that face crops show"),
        ({"random_background": False}, "training", "new backgrounds: no"),
        ({}, "training", "from random weights"),
        ({}, "score", "no run is there yet"),
    ],
)
def test_what_is_otherwise_is_said_otherwise(changes, heading, words):
    assert words in _protocol(**changes)[heading]


def test_the_oracle_is_not_passed_over(result):
    assert "oracle" in _protocol([result("SynBiwi+", "oracle", 0, 1, 2, 3)])["target labels used for training"]


def test_runs_that_were_scored_differently_do_not_pass_for_alike(result):
    one, other = (result("SynBiwi+", "dann", seed, 1, 2, 3) for seed in (0, 1))
    other.report["protocol"]["ray_rule_applied"] = False
    assert "ray rule applied: yes, no" in _protocol([one, other])["score"]
