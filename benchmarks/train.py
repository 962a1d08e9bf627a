"""Training speed: `pipeline_fraction`, source training with its input pipeline over the same steps on one fixed batch.

    python benchmarks/train.py [--quick]

Peer: the same network, loss and optimiser on resident synthetic tensors, in the same run, the two taking turns. A
fraction of 1 means that gathering, jitter, backgrounds and colour cost nothing.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
import report
import torch

from synhead_tools.geometry.pose_laws import biwi_like_rotations
from synhead_tools.learning.adaptation.source_only import SourceOnly
from synhead_tools.learning.batch_norm import DomainPasses, resolve_precision
from synhead_tools.learning.batches import SourceBatch, SourceStream
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.data import LabelledCrops
from synhead_tools.learning.model import build_network
from synhead_tools.learning.pose_heads import LabelScale, network_euler_deg

QUICK_LIMIT_S = 25.0  # a busy machine must not make the quick run long


def _synthetic_crops(n: int, config: TrainConfig, device: str) -> LabelledCrops:
    """Noise with alpha; the pipeline's cost does not depend on what is seen."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (n, config.crop_px, config.crop_px, 4), np.uint8)
    rotmat = biwi_like_rotations(n, rng)
    euler_deg = torch.from_numpy(network_euler_deg(rotmat).astype(np.float32)).to(device)
    return LabelledCrops(torch.from_numpy(pictures).to(device), None, {}, rotmat, euler_deg)


class _Training:
    """Training steps on whatever batches it is given."""

    def __init__(self, config: TrainConfig, device: str) -> None:
        self._config, self._device = config, device
        network = build_network(config, device)
        self._passes = DomainPasses(network, "source", resolve_precision(config.precision, device) == "bfloat16")
        self._method = SourceOnly(config, network.backbone.n_features)
        self._optimiser = torch.optim.AdamW(network.parameters(), 1e-4, fused=True)

    def images_per_s(self, next_batch, n_steps: int) -> float:
        self._synchronise()
        start = time.perf_counter()
        for _ in range(n_steps):
            losses = self._method.losses(self._passes, next_batch(), None, 0.0)
            self._optimiser.zero_grad(set_to_none=True)
            losses["total"].backward()
            self._optimiser.step()
        self._synchronise()
        return n_steps * self._config.batch_size / (time.perf_counter() - start)

    def _synchronise(self) -> None:
        if self._device == "cuda":
            torch.cuda.synchronize()


def main(quick: bool) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    config = TrainConfig(batch_size=512 if device == "cuda" else 32, input_px=112 if device == "cuda" else 64)
    crops = _synthetic_crops(2048, config, device)
    stream = SourceStream(crops, LabelScale.of(crops.euler_deg.cpu().numpy()), config, "stage1")
    batch: SourceBatch = stream.next()
    training = _Training(config, device)
    n_steps, rounds = (4, 7) if quick else (20, 11)
    whole, resident = [], []
    training.images_per_s(lambda: batch, 2)
    start = time.perf_counter()
    for _ in range(rounds):
        if quick and len(whole) >= 3 and time.perf_counter() - start > QUICK_LIMIT_S:
            break
        whole.append(training.images_per_s(stream.next, n_steps))
        resident.append(training.images_per_s(lambda: batch, n_steps))
    # neighbours in time are compared, since other work on the machine comes and goes
    fraction = statistics.median(ours / peer for ours, peer in zip(whole, resident, strict=True))
    facts = {
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "input_px": config.input_px,
        "batch_size": config.batch_size,
        "precision": resolve_precision(config.precision, device),
        "resident_images_per_s": round(statistics.median(resident), 1),
        "rounds": len(whole),
    }
    value = round(statistics.median(whole), 1)
    report.record("train", "pipeline_fraction", value, "images/s", "same steps on resident tensors", fraction, **facts)


if __name__ == "__main__":
    main("--quick" in sys.argv[1:])
