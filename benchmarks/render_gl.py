"""Frames/s of the ``egl`` renderer, one by one and in batches, by one process and by several, on one EGL device.

    python benchmarks/render_gl.py [--quick] [--device INDEX] [--processes 1,2,4]

The peer is the loop a user would write, on the same device: stock pyrender and a PNG per frame (`render_peers.py`).
Several processes are started by spawn, wait for each other, and are timed from the first frame to the last. Wall
clock, since a card works beside the processor; the processor's time per frame and its ratio to the peer's stand beside
it. Where EGL draws in software (llvmpipe), each line says so: such figures say nothing about a card.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys

import numpy as np
import report
from render_peers import PEERS, measure, rotations, seconds_per_frame

from synhead_tools.geometry.boxes import FACE_BOX_SIDE_M
from synhead_tools.heads.library import load_head
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.batch import render_batch
from synhead_tools.rendering.opengl.devices import choose_device, egl_devices
from synhead_tools.rendering.opengl.probe import Found, probe
from synhead_tools.rendering.plan import PICTURE_TO_BOX
from synhead_tools.rendering.scene import Camera, studio_lighting

HEAD = "f01"
PEER_SAMPLES = 4
BATCH = 64
LIMIT_S = 900


class Loop:
    """One head at many poses, drawn and thrown away."""

    def __init__(self, size_px: int, count: int, device: int) -> None:
        self.backend = open_backend("egl", device=device)
        self.head, self.rotmats, self.lighting = load_head(HEAD), rotations(count), studio_lighting()
        focal = size_px / PICTURE_TO_BOX / FACE_BOX_SIDE_M
        self.camera = Camera(size_px, size_px, [[focal, 0, size_px / 2], [0, focal, size_px / 2], [0, 0, 1]])
        self.position_m = np.array([0.0, 0.0, 1.0])
        self.run_batches(range(min(BATCH, count)))  # compiles, and puts the head on the device

    def run_single(self, indices: range) -> None:
        """Draw these poses one by one."""
        for index in indices:
            self.backend.render(self.head, self.rotmats[index], self.position_m, self.camera, self.lighting)

    def run_batches(self, indices: range) -> None:
        """Draw these poses in batches."""
        for first in range(indices.start, indices.stop, BATCH):
            rotmats = self.rotmats[first : min(first + BATCH, indices.stop)]
            n = len(rotmats)
            heads, positions, lights = [self.head] * n, [self.position_m] * n, [self.lighting] * n
            render_batch(self.backend, heads, rotmats, positions, self.camera, lights)


def run_child(size_px: int, count: int, device: int, how: str) -> None:
    """Child process: make ready, say so, wait for a word, draw, tell the times."""
    loop = Loop(size_px, count, device)
    print("ready", flush=True)
    sys.stdin.readline()
    run = loop.run_single if how == "single" else loop.run_batches
    print(json.dumps(measure(lambda: run(range(count)))), flush=True)


def several(size_px: int, count: int, device: int, how: str, processes: int) -> tuple[float, float]:
    """Frames/s of all processes together, and processor milliseconds per frame."""
    command = [sys.executable, __file__, "--child", str(size_px), str(count), str(device), how]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    children = [subprocess.Popen(command, **pipes) for _ in range(processes)]
    try:
        for child in children:
            if child.stdout.readline().strip() != "ready":
                raise SystemExit("a process ended before it was ready; see above")
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        times = [json.loads(child.communicate(timeout=LIMIT_S)[0]) for child in children]
    finally:
        for child in children:
            child.kill()
            child.wait()
    processor, wall = zip(*times, strict=True)
    return processes * count / max(wall), 1e3 * sum(processor) / (processes * count)


def peer_of(size_px: int, count: int, rounds: int) -> tuple[tuple[float, float] | None, str]:
    """Frames/s of the peer and its processor milliseconds per frame, or None and why there are none."""
    found = []
    for _ in range(rounds):
        seconds, reason = seconds_per_frame(HEAD, size_px, count, PEER_SAMPLES)
        if seconds is None:
            return None, reason
        found.append((1 / seconds[1], 1e3 * seconds[0]))
    return tuple(statistics.median(values) for values in zip(*found, strict=True)), ""


def bench(size_px: int, device: int, drawn_by: Found, counts: tuple[int, int, int], processes: list[int]) -> None:
    count, peer_count, rounds = counts
    head = load_head(HEAD)
    peer, reason = peer_of(size_px, peer_count, rounds)
    for how in ("single", "batch"):
        for number in processes:
            runs = [several(size_px, count, device, how, number) for _ in range(rounds)]
            rate, processor_ms = (statistics.median(values) for values in zip(*runs, strict=True))
            report.record(
                "render_gl",
                f"egl_{size_px}_{how}_{number}p",
                round(rate, 1),
                "frames/s",
                peer=PEERS[PEER_SAMPLES],
                ratio=round(rate / peer[0], 2) if peer else None,
                **({"peer_value": round(peer[0], 1)} if peer else {"why_no_peer": reason}),
                processor_ratio=round(peer[1] / processor_ms, 2) if peer else None,
                renderer=drawn_by.description,
                software=drawn_by.software,
                processor_ms_per_frame=round(processor_ms, 2),
                processes=number,
                vertices=sum(len(part.vertices_m) for part in head.parts),
                triangles=sum(len(part.triangles) for part in head.parts),
                pixels=size_px**2,
                frames=count * number,
                peer_frames=peer_count,
                rounds=rounds,
            )


def main() -> None:
    if "--child" in sys.argv:
        size_px, count, device, how = sys.argv[-4:]
        run_child(int(size_px), int(count), int(device), how)
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--device", type=int, help="index of the EGL device; default: the first that is hardware")
    parser.add_argument("--processes", help="comma list; default 1,2, on a card 1,2,4")
    given = parser.parse_args()
    device = choose_device(given.device)
    found = probe("egl", device)
    if not isinstance(found, Found):
        raise SystemExit(f"EGL does not draw here: {found}")
    os.environ["EGL_DEVICE_ID"] = str(device)  # what pyrender reads, so that the peer draws on the same device
    if found.software and any(not known.software for known in egl_devices()):
        raise SystemExit(f"device {device} draws in software ({found.description}); choose another by --device")
    counts = (2048, 200, 5) if not found.software else (64, 16, 3)  # frames, of the peer, rounds
    if given.quick:
        counts = (512, 60, 3) if not found.software else (16, 6, 1)
    numbers = [int(n) for n in given.processes.split(",")] if given.processes else [1, 2] + [4] * (not found.software)
    for size_px in (256,) if given.quick and found.software else (128, 256):
        bench(size_px, device, found, counts, numbers)


if __name__ == "__main__":
    main()
