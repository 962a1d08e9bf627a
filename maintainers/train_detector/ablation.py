"""Which part of the detector helps: ``python maintainers/train_detector/ablation.py [--seeds 3] [--steps 600]``.

Runs of equal length, batches and first weights on the scenes of the recipe, each with one part more or less,
scored on a third of its held-out scenes, without close-ups; the table of docs/retinaface.md. Killed, it goes on with
the run it was at. Deformable layers take ten times as long on a processor: ``--variants "all + deformable"`` asks for
them.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import detector_recipe
import detector_scenes

from synhead_tools.learning.detection.detect import Detector
from synhead_tools.learning.detection.evaluate_detector import evaluate_detector
from synhead_tools.learning.detection.rendered_scenes import RenderedScenes
from synhead_tools.learning.detection.train import train_retinaface

REPOSITORY = Path(__file__).resolve().parents[2]
VARIANTS: dict[str, dict[str, object]] = {
    "all": {},
    "no cascade": {"cascade": False},
    "no mesh": {"mesh_vertices": 0, "mesh_rank": 0},
    "neither": {"cascade": False, "mesh_vertices": 0, "mesh_rank": 0},
}
SLOW = {"all + deformable": {"deformable": True}}
INPUT_PX, BATCH_SIZE = 128, 16
SCENES_EVERY = 3
SHOWN = ("ap50", "map", "points5_nme", "landmarks68_nme", "pose_below_30_deg")


def main() -> None:
    """Parse the command line; train and score every variant with every seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "runs" / "detector", help="where the scenes are")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each variant")
    parser.add_argument("--steps", type=int, default=600, help="of each run")
    parser.add_argument("--variants", default=",".join(VARIANTS), help="comma list")
    arguments = parser.parse_args()
    sets = (detector_scenes.SOURCE, detector_scenes.HELD_OUT)
    datasets = detector_scenes.render_sets(arguments.out, 1, lambda line: None, sets)
    source, held_out = (RenderedScenes(each, keep=True) for each in datasets)
    watched = [held_out[number] for number in range(0, len(held_out), SCENES_EVERY)]
    weights = str(detector_recipe.backbone_weights(arguments.out))
    for seed in range(1, arguments.seeds + 1):
        for name in arguments.variants.split(","):
            run = arguments.out / "ablation" / f"{name.replace(' + ', '-').replace(' ', '-')}-{arguments.steps}-{seed}"
            scores = run / "scores.json"
            if not scores.exists():
                start_s = time.process_time()
                found = train_retinaface(
                    source, run, _plan(name, seed, arguments.steps), initial_weights=weights, resume=run.exists()
                )
                cpu_s = time.process_time() - start_s
                report = evaluate_detector(Detector(found.network), watched, close_ups=False)
                scores.write_text(json.dumps({"cpu_s": round(cpu_s), **report.scores}))
            values = json.loads(scores.read_text())
            print(f"{name:<16} seed {seed}  " + "  ".join(f"{key} {values[key]:.4f}" for key in SHOWN), flush=True)


def _plan(name: str, seed: int, steps: int):
    plan = detector_recipe.second_plan(steps, seed, **{**VARIANTS, **SLOW}[name])
    losses = replace(plan.losses, points_of_second=False, most_meshes=192)
    training = replace(
        plan.training, seed=seed, input_px=INPUT_PX, smallest_px=0, batch_size=BATCH_SIZE, blank_share=0.1
    )
    return replace(plan, losses=losses, training=training)


if __name__ == "__main__":
    main()
