"""Make the bundled face detector from nothing: ``python maintainers/train_detector [--hour] [--out runs/detector]``.

Scenes of people drawn by chance are rendered, learnt, and the result is cast, scored on scenes of people whom it has
never seen, and written to models/detector. Needs the package on the path (an editable install, or ``PYTHONPATH=.``)
and some two and a half hours of one core; ``--hour`` takes the recipe for an hour of two cores instead, whose detector
is somewhat worse and not the bundled one. Killed, it goes on where it was. The same versions of the libraries,
``OMP_NUM_THREADS=1`` and the same kind of processor should give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import detector_bundle
import detector_recipe
import detector_scenes
import hour_recipe

from synhead_tools.learning.detection.detect import Detector
from synhead_tools.learning.detection.evaluate_detector import evaluate_detector
from synhead_tools.learning.detection.network import DetectorNetwork
from synhead_tools.learning.detection.rendered_scenes import RenderedScenes
from synhead_tools.learning.detection.train import train_retinaface

REPOSITORY = Path(__file__).resolve().parents[2]
STATE_EVERY = 1000
WATCHED_SCENES = 60


def main() -> None:
    """Parse the command line; render, train, bundle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hour", action="store_true", help="the recipe for an hour of two cores")
    parser.add_argument("--out", type=Path, help="scenes and run, kept; runs/detector, or runs/detector-hour")
    parser.add_argument("--model", type=Path, help="where the detector goes; models/detector, or OUT/model with --hour")
    parser.add_argument("--workers", type=int, default=1, help="rendering processes")
    arguments = parser.parse_args()
    if arguments.out is None:
        arguments.out = REPOSITORY / "runs" / ("detector-hour" if arguments.hour else "detector")
    if arguments.model is None:
        arguments.model = arguments.out / "model" if arguments.hour else REPOSITORY / "models" / "detector"
    arguments.out.mkdir(parents=True, exist_ok=True)
    start_s = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - start_s:5.0f} s] {line}", flush=True)

    stages = hour_recipe.STAGES if arguments.hour else detector_recipe.STAGES
    *sources, held_out = detector_scenes.render_sets(
        arguments.out, arguments.workers, say, (*(stage.scenes for stage in stages), detector_scenes.HELD_OUT)
    )
    watched = RenderedScenes(held_out, keep=True)
    begun = detector_recipe.backbone_weights(arguments.out)
    shown, learnt = None, None
    for stage, source in zip(stages, sources, strict=True):
        if stage.scenes != shown:
            shown, learnt = stage.scenes, RenderedScenes(source, keep=True)
        run, begun_s = arguments.out / stage.name, time.monotonic()
        curve = Curve(arguments.out / f"curve-{stage.name}.jsonl", watched, say)
        say(f"{stage.name}: {len(source)} scenes of {len(source.manifest.heads)} people, {len(held_out)} held out")
        train_retinaface(
            learnt, run, stage.plan(), initial_weights=str(begun), resume=run.exists(), state_every=STATE_EVERY,
            log=lambda entry: say(_shown(entry)), watch=curve,
        )  # fmt: skip
        spent_s = time.monotonic() - begun_s
        say(f"{stage.name}: {spent_s - curve.seconds:.0f} s, and {curve.seconds:.0f} s for the curve")
        begun = run
    before = [stage.plan() for stage in stages[:-1]]
    for line in detector_bundle.write_bundle(run, arguments.model, source, watched, before):
        say(line)


class Curve:
    """Scores on some held-out scenes at every saved state, for the curve in docs/retinaface.md; they choose nothing.

    `seconds` is the time that this took.
    """

    def __init__(self, path: Path, scenes: RenderedScenes, say) -> None:
        self._path, self._say, self.seconds = path, say, 0.0
        every = max(len(scenes) // WATCHED_SCENES, 1)
        self._numbers, self._scenes = range(0, len(scenes), every), scenes

    def __call__(self, step: int, network: DetectorNetwork) -> None:
        """Score the network and write a line; lines of later steps, from before a break, are replaced."""
        if not step:
            return
        start_s = time.monotonic()
        samples = [self._scenes[k] for k in self._numbers]
        scores = evaluate_detector(Detector(network), samples).scores
        network.train()
        before = [json.loads(line) for line in self._path.read_text().splitlines()] if self._path.exists() else []
        entries = [entry for entry in before if entry["step"] < step] + [{"step": step, **scores}]
        self._path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
        self.seconds += time.monotonic() - start_s
        self._say("held out: " + "  ".join(f"{name} {value:.4f}" for name, value in entries[-1].items()))


def _shown(entry: dict[str, object]) -> str:
    names = ("step", "class", "box", "points", "mesh", "class2", "box2", "total", "images_per_s")
    return "  ".join(f"{name} {entry[name]:.4g}" for name in names if name in entry)


if __name__ == "__main__":
    main()
