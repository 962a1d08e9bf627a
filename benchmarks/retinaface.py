"""The bundled face detector on rendered scenes that it has never seen, and its speed beside YuNet's.

    python benchmarks/retinaface.py [--quick] [--out DIR] [--model DETECTOR] [--python PYTHON --yunet ONNX]

Scenes of the recipe (maintainers/train_detector) are rendered, or taken from DIR where they lie already: of its people,
and of others held out. The checkpoint goes on training on the former for some steps (10 with --quick, else 2,000) at a
fiftieth of the recipe's rate, and is scored on the latter: `ap50_held_out` (required 0.90), `points5_nme` (0.04 of
sqrt(W H)), `landmarks68_nme` (0.05), `pose_below_30_deg` (6 degrees, mean geodesic error below 30 degrees yaw);
`bundled` is what the checkpoint scores as it is. `train_images_per_s` is of those steps; `detect_ms_640x480` is the
median processor time of one thread for a picture, by torch and, `onnx_ms`, by the exported model; YuNet, if it is
named, takes turns with it.
"""

from __future__ import annotations

import argparse
import copy
import functools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import report
import torch
import yunet
from PIL import Image

from synhead_tools.learning.detection.detect import Detector
from synhead_tools.learning.detection.evaluate_detector import evaluate_detector
from synhead_tools.learning.detection.face_detector import LONGEST_PX, FaceDetector
from synhead_tools.learning.detection.load_detector import load_detector
from synhead_tools.learning.detection.onnx_detector import OnnxDetector
from synhead_tools.learning.detection.onnx_graph.detector_graph import detector_to_onnx
from synhead_tools.learning.detection.rendered_scenes import RenderedScenes
from synhead_tools.learning.detection.train_loop import DetectorPlan, train_detector
from synhead_tools.learning.onnx.parity import open_session

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "maintainers" / "train_detector"))
import detector_recipe
import detector_scenes

QUICK_STEPS, STEPS = 10, 2000
QUICK_SCENES = (6, 16)
RATE_SHARE = 0.02
PICTURE_PX = (640, 480)
REQUIRED = {"ap50": 0.9, "points5_nme": 0.04, "landmarks68_nme": 0.05, "pose_below_30_deg": 6.0}
UNITS = {"ap50": "share", "pose_below_30_deg": "degrees"}


def scenes_of(given: argparse.Namespace, folder: Path) -> tuple[RenderedScenes, RenderedScenes]:
    """What is trained on, and what is held out."""
    sets = (detector_scenes.FIRST_SOURCE, detector_scenes.HELD_OUT)
    if given.quick:
        sets = tuple(replace(each, parts=1, scenes_per_part=n) for each, n in zip(sets, QUICK_SCENES, strict=True))
    datasets = detector_scenes.render_sets(folder, 1, lambda line: None, sets)
    return tuple(RenderedScenes(dataset) for dataset in datasets)


def continued_plan(detector: Detector, steps: int) -> DetectorPlan:
    """The recipe for the network at hand, shorter and slower."""
    plan = detector_recipe.plan(steps)
    training = replace(plan.training, learning_rate=RATE_SHARE * plan.training.learning_rate, seed=1)
    return replace(plan, network=detector.network.config, training=training)


def measure_scores(detector: Detector, given: argparse.Namespace, folder: Path) -> None:
    """Train on, score, print."""
    source, held_out = scenes_of(given, folder)
    steps = QUICK_STEPS if given.quick else STEPS
    before = evaluate_detector(detector, held_out, longest_px=LONGEST_PX).scores
    plan, start_s, start_cpu = continued_plan(detector, steps), time.perf_counter(), time.process_time()
    network = train_detector(plan, source, network=copy.deepcopy(detector.network))
    wall_s, cpu_s = time.perf_counter() - start_s, time.process_time() - start_cpu
    found = evaluate_detector(Detector(network), held_out, longest_px=LONGEST_PX)
    facts = {"scenes": len(held_out), "longest_px": LONGEST_PX, "faces": found.protocol["faces"], "steps": steps,
             "model": given.model or "bundled", "trained_on_scenes": len(source)}  # fmt: skip
    for name, required in REQUIRED.items():
        value, good = found.scores[name], found.scores[name] - required
        met = good >= 0 if name == "ap50" else good <= 0
        figure = "ap50_held_out" if name == "ap50" else name
        report.record("retinaface", figure, rounded(value), UNITS.get(name, "of sqrt(W H)"), required=required,
                      met=bool(met), bundled=rounded(before[name]), **facts)  # fmt: skip
    images = sum(plan.training.pictures_at(plan.training.side_px(step)) for step in range(steps))
    report.record("retinaface", "train_images_per_s", round(images / wall_s, 2), "images/s",
                  by_processor_time=round(images / cpu_s, 2), input_px=plan.training.input_px,
                  smallest_px=plan.training.smallest_px, images=images, steps=steps,
                  threads=torch.get_num_threads())  # fmt: skip


def rounded(value: float) -> float | None:
    """For JSON, which knows no NaN."""
    return round(value, 4) if np.isfinite(value) else None


def cpu_ms(call: Callable[[], object]) -> float:
    start_s = time.process_time()
    call()
    return (time.process_time() - start_s) * 1000


def measure_speed(detector: FaceDetector, given: argparse.Namespace, folder: Path) -> None:
    """Processor time per picture, ours and YuNet's, in turns."""
    peer, rounds, pictures = yunet.from_arguments(given), 2 if given.quick else 9, 6
    exported = OnnxDetector(open_session(detector_to_onnx(detector.network).SerializeToString()))
    dataset, times = scenes_of(given, folder)[1].dataset, {"torch": [], "onnx": [], "with_close_ups": [], "peer": []}
    with tempfile.TemporaryDirectory() as place:
        paths = [Path(place) / f"{k}.png" for k in range(pictures)]
        for k, path in enumerate(paths):
            Image.fromarray(dataset.read("image", [k])[0]).resize(PICTURE_PX).save(path)
        images = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
        for turn in range(rounds + 1):
            for name, own, score in (
                ("torch", detector, None), ("onnx", exported, None), ("with_close_ups", detector, 0.0)
            ):  # fmt: skip
                look = functools.partial(own.detect, longest_px=max(PICTURE_PX), close_up_score=score)
                found = [cpu_ms(lambda look=look, image=image: look([image])) for image in images]
                times[name] += found if turn else []  # the first turn makes anchors and buffers
            if peer is not None:
                times["peer"] += peer.detect(paths)[1][1:].tolist() if turn else []
    ms = {name: round(statistics.median(values), 1) for name, values in times.items() if values}
    rest = {} if peer is None else {"peer": peer.name, "ratio": round(ms["peer"] / ms["torch"], 3),
                                    "onnx_ratio": round(ms["peer"] / ms["onnx"], 3), "peer_ms": ms["peer"]}  # fmt: skip
    report.record("retinaface", "detect_ms_640x480", ms["torch"], "ms", onnx_ms=ms["onnx"], threads=1,
                  with_close_ups_ms=ms["with_close_ups"],
                  longest_px=max(PICTURE_PX),
                  runs=len(times["torch"]), model=given.model or "bundled", **rest)  # fmt: skip


def main(given: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    detector = load_detector(given.model)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.out or Path(temporary)
        measure_scores(detector, given, folder)
        measure_speed(detector, given, folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, help="where scenes are rendered, and kept; a temporary folder by default")
    parser.add_argument("--model", help="the folder of a detector; the bundled one by default")
    yunet.add_arguments(parser)
    main(parser.parse_args())
