"""Training speed: the whole pipeline against resident tensors, and against a plain DataLoader over PNG files.

    python benchmarks/train.py [--quick] [--input-px 112] [--batch-size 512]

`pipeline_fraction`: source training with its input pipeline over the same steps on one fixed batch, in the same run,
the two taking turns. A fraction of 1 means that gathering, jitter, backgrounds and colour cost nothing; required 0.9.
On a CPU `processor_time_fraction` is the same in processor time, which other work on the machine disturbs less.

`train_vs_png_dataloader`: the same training against what most training code does: `torch.utils.data.DataLoader` over
one PNG per picture, decoded, turned, mirrored, composited and jittered in colour one by one in worker processes.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import report
import torch
from PIL import Image, ImageEnhance
from torch.utils.data import DataLoader, Dataset, RandomSampler
from torch.utils.flop_counter import FlopCounterMode

from synhead_tools.geometry.pose_laws import biwi_like_rotations
from synhead_tools.learning.adaptation.source_only import SourceOnly
from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.model import build_network
from synhead_tools.learning.pictures.augment_colour import IMAGE_MEAN, IMAGE_STD
from synhead_tools.learning.pictures.batches import SourceBatch, SourceStream
from synhead_tools.learning.pictures.data import LabelledCrops
from synhead_tools.learning.pose_heads.label_scale import LabelScale, network_euler_deg
from synhead_tools.learning.precision import resolve_precision

QUICK_LIMIT_S = 12.0  # a busy machine must not make the quick run long
N_FILES = 512
Speeds = dict[str, list[tuple[float, float]]]  # images per second of wall clock and of processor time
PREFETCH = 2  # batches per worker that a DataLoader makes ahead


def _synthetic_crops(n: int, config: TrainConfig, device: str) -> LabelledCrops:
    """Smooth colours with alpha; the pipeline's cost does not depend on what is seen, but that of PNG does."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (n, 8, 8, 4), np.uint8)
    side = (config.crop_px, config.crop_px)
    pictures = np.stack([np.asarray(Image.fromarray(c).resize(side, Image.Resampling.BICUBIC)) for c in coarse])
    pictures = np.minimum(pictures, pictures[..., 3:])  # colour is premultiplied
    rotmat = biwi_like_rotations(n, rng)
    euler_deg = torch.from_numpy(network_euler_deg(rotmat).astype(np.float32)).to(device)
    return LabelledCrops(torch.from_numpy(pictures).to(device), None, {}, rotmat, euler_deg)


class PngFiles(Dataset):
    """One PNG with alpha per picture, opened and changed when it is asked for."""

    def __init__(self, folder: Path, crops: LabelledCrops, config: TrainConfig) -> None:
        self._folder, self._config = folder, config
        self._labels = crops.euler_deg.cpu()
        for i, picture in enumerate(crops.pictures.cpu().numpy()):
            Image.fromarray(picture).save(folder / f"{i:06d}.png")

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        config, rng = self._config, np.random.default_rng()
        with Image.open(self._folder / f"{index:06d}.png") as file:
            picture = file.convert("RGBA")
        pitch, yaw, roll = self._labels[index].tolist()
        turn = rng.uniform(-config.turn_deg, config.turn_deg)
        picture = picture.rotate(turn, Image.Resampling.BILINEAR)
        if rng.random() < config.flip_probability:
            picture, yaw, roll = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), -yaw, -roll
            turn = -turn
        room = (config.crop_px - config.input_px) / 2 + rng.normal(0, 2, 2)
        box = (*room, *(room + config.input_px))
        picture = picture.resize((config.input_px, config.input_px), Image.Resampling.BILINEAR, box=box)
        behind = Image.new("RGBA", picture.size, tuple(rng.integers(0, 256, 3)) + (255,))
        picture = Image.alpha_composite(behind, picture).convert("RGB")
        for kind in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            picture = kind(picture).enhance(float(np.exp(rng.normal(0, 0.2))))
        values = (np.asarray(picture, np.float32) / 255 - np.float32(IMAGE_MEAN)) / np.float32(IMAGE_STD)
        return torch.from_numpy(values).permute(2, 0, 1), torch.tensor([pitch, yaw, roll + turn])


def _file_batches(files: PngFiles, scale: LabelScale, config: TrainConfig, device: str, workers: int) -> Iterator:
    endless = RandomSampler(files, replacement=True, num_samples=1 << 40)  # no pause between epochs
    loader = DataLoader(
        files, config.batch_size, sampler=endless, num_workers=workers, pin_memory=device == "cuda",
        persistent_workers=workers > 0, prefetch_factor=PREFETCH if workers else None,
    )  # fmt: skip
    for pictures, euler_deg in loader:
        pictures = pictures.to(device, memory_format=torch.channels_last, non_blocking=True)
        yield SourceBatch(pictures, scale.normalise(euler_deg.to(device, non_blocking=True)))


class Training:
    """Training steps on whatever batches it is given."""

    def __init__(self, config: TrainConfig, device: str) -> None:
        self._config, self._device = config, device
        network = build_network(config, device)
        bfloat16 = resolve_precision(config.precision, device, config.input_px) == "bfloat16"
        self._passes = DomainPasses(network, "source", bfloat16, config.compile)
        self._method = SourceOnly(config, network.backbone.n_features)
        self._optimiser = torch.optim.AdamW(network.parameters(), 1e-4, fused=True)

    def images_per_s(self, next_batch: Callable[[], SourceBatch], n_steps: int) -> tuple[float, float]:
        """Images per second of wall clock and of processor time; `next_batch` makes a batch when it is called."""
        self._synchronise()
        start, start_cpu = time.perf_counter(), time.process_time()
        for _ in range(n_steps):
            losses = self._method.losses(self._passes, next_batch(), None, 0.0)
            self._optimiser.zero_grad(set_to_none=True)
            losses["total"].backward()
            self._optimiser.step()
        self._synchronise()
        images = n_steps * self._config.batch_size
        return images / (time.perf_counter() - start), images / (time.process_time() - start_cpu)

    def _synchronise(self) -> None:
        if self._device == "cuda":
            torch.cuda.synchronize()


def _in_turns(
    training: Training, sources: dict[str, Callable[[], SourceBatch]], quick: bool, before: Callable[[str], None]
) -> Speeds:
    """Images/s of every kind of batches, round after round: other work on the machine comes and goes."""
    n_steps, rounds = (4, 7) if quick else (20, 11)
    speeds: Speeds = {name: [] for name in sources}
    for next_batch in sources.values():
        training.images_per_s(next_batch, 2)
    start = time.perf_counter()
    for done in range(rounds):
        if quick and done >= 2 and time.perf_counter() - start > QUICK_LIMIT_S:
            break
        for name, next_batch in sources.items():
            before(name)
            speeds[name].append(training.images_per_s(next_batch, n_steps))
    return speeds


def _gflop_per_image(config: TrainConfig) -> float:
    """Forward and backward pass of one picture, counted by torch."""
    network = build_network(config)
    pictures = torch.zeros(2, 3, config.input_px, config.input_px)
    with FlopCounterMode(display=False) as counter:
        network(pictures).sum().backward()
    return counter.get_total_flops() / len(pictures) / 1e9


def main(options: argparse.Namespace) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    side = {"input_px": options.input_px or (112 if device == "cuda" else 64)}
    batch_size = {"batch_size": options.batch_size or (512 if device == "cuda" else 32)}
    config = TrainConfig(**side, **batch_size, backbone=options.backbone, compile=options.compile)
    crops = _synthetic_crops(max(N_FILES, 2 * config.batch_size), config, device)
    scale = LabelScale.of(crops.euler_deg.cpu().numpy())
    stream = SourceStream(crops, scale, config, "stage1")
    batch = stream.next()
    training = Training(config, device)
    sources = {"whole": stream.next, "resident": lambda: batch}
    speeds = _in_turns(training, sources, options.quick, lambda name: None)
    gflop = _gflop_per_image(config)
    sizes = {"pictures": len(crops), "crop_px": config.crop_px}
    facts = {"required": 0.9, "gflop_per_image": round(gflop, 2), **sizes}
    if options.peak_tflops:
        facts["share_of_peak"] = round(_median(speeds["resident"], 0) * gflop / 1e3 / options.peak_tflops, 3)
    if device == "cpu":
        facts["processor_time_fraction"] = _ratio(*speeds.values(), 1)
    _report(config, device, "pipeline_fraction", speeds, "same steps on resident tensors", **facts)
    with tempfile.TemporaryDirectory() as folder:
        files = _file_batches(PngFiles(Path(folder), crops, config), scale, config, device, options.workers)

        def before(name: str) -> None:
            """Leave the loader no batches it made in the other's turn, and the other none of the loader's work."""
            if name == "files":
                for _ in range(PREFETCH * options.workers):
                    next(files)
            else:
                time.sleep(1.0)

        sources = {"whole": stream.next, "files": lambda: next(files)}
        speeds = _in_turns(training, sources, options.quick, before)
        files.close()
    peer = "torch DataLoader over one PNG per picture"
    _report(config, device, "train_vs_png_dataloader", speeds, peer, dataloader_workers=options.workers, **sizes)


def _median(speeds: list[tuple[float, float]], clock: int) -> float:
    return statistics.median(speed[clock] for speed in speeds)


def _ratio(ours: list[tuple[float, float]], others: list[tuple[float, float]], clock: int) -> float:
    """Median ratio of neighbours in time, by wall clock (0) or processor time (1)."""
    return round(statistics.median(our[clock] / other[clock] for our, other in zip(ours, others, strict=True)), 3)


def _report(config: TrainConfig, device: str, figure: str, speeds: Speeds, peer: str, **facts: float) -> None:
    (_, ours), (_, others) = speeds.items()
    report.record(
        "train", figure, round(_median(ours, 0), 1), "images/s", peer, _ratio(ours, others, 0),
        peer_images_per_s=round(_median(others, 0), 1),
        device=torch.cuda.get_device_name() if device == "cuda" else "cpu",
        threads=torch.get_num_threads(), backbone=config.backbone, input_px=config.input_px,
        batch_size=config.batch_size, compile=config.compile, rounds=len(ours),
        precision=resolve_precision(config.precision, device, config.input_px), **facts,
    )  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--input-px", type=int)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--backbone", default="resnet18")
    parser.add_argument("--compile", default="off")
    parser.add_argument("--peak-tflops", type=float, help="the device's dense bfloat16 rate, for the share of it")
    parser.add_argument("--workers", type=int, default=2, help="worker processes of the DataLoader")
    main(parser.parse_args())
