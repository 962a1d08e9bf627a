"""Make the bundled estimator ``small`` from nothing: ``python maintainers/train_small [--out runs/small]``.

People and poses are drawn by chance, rendered, learnt, and the result is cast, checked on people whom it has never
seen, and written to models/small. Needs the package on the path (an editable install, or ``PYTHONPATH=.``) and, on one
idle core, ten minutes for rendering and twenty for training; killed, it goes on where it was. The same versions of the
libraries, ``OMP_NUM_THREADS=1`` and the same kind of processor give the same bytes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import bundle
import frames

from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.train_estimator import train_estimator

REPOSITORY = Path(__file__).resolve().parents[2]

CONFIG = TrainConfig(
    method="source-only",
    seed=0,
    backbone="resnet18",
    backbone_width=16,  # 0.7 million parameters
    head="rot6d",  # three angles jump where a profile looks up or down
    input_px=64,
    margin=1.75,  # room for boxes of others, and for turns
    batch_size=64,
    stage1_steps=12_000,
    stage2_steps=0,
    learning_rate=2e-3,
    warmup=0.04,
    weight_decay=0.02,
    regression_loss="smooth-l1",
    smooth_l1_beta=0.05,  # radians: as good as the angle itself
    crop_scale_jitter=0.12,  # cut at two sigma: boxes of 0.79 to 1.27 of ours
    crop_shift_jitter=0.08,
    turn_deg=20.0,
    log_every=100,
)


def main() -> None:
    """Parse the command line; render, train, bundle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "runs" / "small", help="frames and run, kept")
    parser.add_argument("--model", type=Path, default=REPOSITORY / "models" / "small", help="the bundled model")
    parser.add_argument("--workers", type=int, default=1, help="rendering processes")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    start_s = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - start_s:5.0f} s] {line}", flush=True)

    source, held_out = frames.render_frames(arguments.out, arguments.workers, say)
    say(f"{len(source)} frames of {len(source.manifest.heads)} people, {len(held_out)} of others held out")
    run = arguments.out / "run"
    train_estimator(source, run, CONFIG, resume=run.exists(), log=lambda entry: say(_shown(entry)))
    for line in bundle.write_bundle(run, arguments.model, source, held_out):
        say(line)


def _shown(entry: dict[str, object]) -> str:
    names = ("stage", "step", "regression", "images_per_s")
    return "  ".join(f"{name} {entry[name]}" for name in names if name in entry)


if __name__ == "__main__":
    main()
