"""What a reproduction will do and cost, before anything is built."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synhead_tools.cli.chain import Chain
from synhead_tools.cli.chain_target import HELD_OUT_HEADS, ChainTarget
from synhead_tools.cli.paper_table.reproduction import BUILDING_STAGES
from synhead_tools.cli.paper_table.runs import planned_runs
from synhead_tools.cli.paper_table.settings import TableSettings
from synhead_tools.cli.progress import duration_text
from synhead_tools.cli.run_options import bytes_text, free_bytes

if TYPE_CHECKING:
    from synhead_tools.learning.config import TrainConfig

PROBE_S = 1.5
PROBE_STEPS = 64


@dataclass(frozen=True)
class TableEstimate:
    """What will be done; bytes and seconds are estimates.

    Attributes
    ----------
    heads, synhead_frames, synbiwi_frames, target_frames, runs, steps : int
        Exact; `steps` of all runs together, shared first stages counted once. Fewer turned frames are written where
        corners would be empty.
    picture_bytes, model_bytes, free_bytes : int
    picture_seconds : float
        To render and to turn; a turned frame is counted like a rendered one.
    train_seconds : float
        From a few steps on synthetic pictures on `device`; a step that sees both domains is counted as two. Reading
        and scoring come on top.
    step_seconds : float
        One step on one domain.
    images_per_second : float
    device : str
    """

    heads: int
    synhead_frames: int
    synbiwi_frames: int
    target_frames: int
    runs: int
    steps: int
    picture_bytes: int
    model_bytes: int
    free_bytes: int
    picture_seconds: float
    train_seconds: float
    step_seconds: float
    images_per_second: float
    device: str

    def to_dict(self) -> dict[str, Any]:
        """All values."""
        return asdict(self)

    def lines(self) -> list[str]:
        """For people."""
        needed = self.picture_bytes + self.model_bytes
        room = f"{bytes_text(self.free_bytes)} free" + ("" if needed < self.free_bytes else ", which is not enough")
        return [
            f"SynHead: {self.synhead_frames} frames of {self.heads} heads; SynBiwi+: up to {self.synbiwi_frames} "
            f"turned frames; target: {self.target_frames} pictures",
            f"{len(BUILDING_STAGES)} stages to build, {self.runs} runs to train: {self.steps} steps",
            f"about {bytes_text(self.picture_bytes)} of pictures, {bytes_text(self.model_bytes)} of models; {room}",
            f"about {duration_text(self.picture_seconds)} to render and turn, {duration_text(self.train_seconds)} to "
            f"train on {self.device} ({self.images_per_second:.0f} images/s); reading and scoring not counted",
            "estimated from frames rendered and steps made just now, on this machine as busy as it is",
            "nothing was written",
        ]


def estimate_table(
    settings: TableSettings, target: ChainTarget | None, out: Path, workers: int, device: str
) -> TableEstimate:
    """Estimate what `synhead_tools.cli.paper_table.reproduction.reproduce` would do with the same arguments.

    A few frames are rendered and a few steps made; nothing is written to `out`.
    """
    from synhead_tools.learning.device import resolve_device
    from synhead_tools.rendering.estimate import estimate_run

    with tempfile.TemporaryDirectory(prefix="synhead-") as folder:
        plan = Chain(Path(folder), settings.chain, lambda line: None, workers, settings.seed).source_plan()
    rendered = estimate_run(plan, workers)
    pictures = settings.embedded_frames * len(HELD_OUT_HEADS) if target is None else len(target.pictures)
    poses = pictures if target is None else len(target.poses)
    turned = min(settings.chain.max_targets or poses, poses) * rendered.heads
    drawn = turned + (pictures if target is None else 0)
    found, config = resolve_device(device), settings.train_config()
    step_s, parameter_bytes = _probe(config, found)
    runs, steps, passes = _count_steps(settings, config)
    return TableEstimate(
        heads=rendered.heads,
        synhead_frames=rendered.frames,
        synbiwi_frames=turned,
        target_frames=pictures,
        runs=runs,
        steps=steps,
        picture_bytes=round(rendered.bytes + drawn * rendered.frame_bytes),
        model_bytes=parameter_bytes * (runs + 2 * len(settings.seeds)),
        free_bytes=free_bytes(out),
        picture_seconds=rendered.seconds + drawn * rendered.frame_seconds / workers,
        train_seconds=passes * step_s,
        step_seconds=step_s,
        images_per_second=config.batch_size / step_s,
        device=found.type,
    )


def _count_steps(settings: TableSettings, config: TrainConfig) -> tuple[int, int, int]:
    """Runs, their steps, and passes of one domain's batch through the network and back."""
    from synhead_tools.learning.adaptation import METHODS

    runs = planned_runs(settings.methods, settings.seeds)
    first = len({(run.source, run.seed) for run in runs}) * config.stage1_steps
    domains = sum(1 + METHODS.load(run.method).uses_target for run in runs)
    return len(runs), first + len(runs) * config.stage2_steps, first + domains * config.stage2_steps


def _probe(config: TrainConfig, device: Any) -> tuple[float, int]:
    """Seconds of a step of stage 1, and bytes of the network, on noise of the right size."""
    import torch

    from synhead_tools.geometry.pose_laws import biwi_like_rotations
    from synhead_tools.learning.model import build_network
    from synhead_tools.learning.pictures.data import LabelledCrops
    from synhead_tools.learning.pose_heads.label_scale import network_euler_deg
    from synhead_tools.learning.trainer import train

    rng = np.random.default_rng(0)
    rotmat = biwi_like_rotations(config.batch_size, rng)
    shape = (config.batch_size, config.crop_px, config.crop_px, 4)
    crops = LabelledCrops(
        torch.from_numpy(rng.integers(0, 256, shape, np.uint8)).to(device), None, {}, rotmat,
        torch.from_numpy(network_euler_deg(rotmat).astype(np.float32)).to(device),
    )  # fmt: skip
    plain = replace(config, method="source-only", stage2_steps=0, init_weights=None)

    def seconds(steps: int) -> float:
        start = time.perf_counter()
        network = train(replace(plain, stage1_steps=steps), crops).network
        next(network.parameters()).sum().item()  # waits for the device
        return time.perf_counter() - start

    seconds(1)
    alone, steps = seconds(1), 2
    while (taken := seconds(1 + steps)) - alone < PROBE_S and steps < PROBE_STEPS:
        steps *= 4
    network = build_network(plain, "cpu")
    return max(taken - alone, 1e-6) / steps, sum(tensor.nbytes for tensor in network.state_dict().values())
