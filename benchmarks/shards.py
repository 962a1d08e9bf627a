"""Shards: random rows against h5py's fancy indexing, writing against gzip.

    python benchmarks/shards.py [--quick]

Pictures are smooth shaded ellipses with noise on black, which compress about as renders do. Every pair of figures is
taken in turns in one run; medians. Reading is from the page cache.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
import report

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.manifest import Manifest, ShardEntry, write_manifest
from synhead_tools.formats.shards import write_shard

SIZE_PX = 128


def draw_pictures(count: int, rng: np.random.Generator) -> np.ndarray:
    """Shaded ellipses (count, SIZE_PX, SIZE_PX, 3) uint8 with a little noise inside, black outside."""
    y, x = np.mgrid[:SIZE_PX, :SIZE_PX] / SIZE_PX - 0.5
    pictures = np.zeros((count, SIZE_PX, SIZE_PX, 3), np.uint8)
    for picture in pictures:
        dx, dy, slope = rng.uniform(-0.05, 0.05), rng.uniform(-0.05, 0.05), rng.uniform(-1, 1, 2)
        inside = ((x - dx) / 0.24) ** 2 + ((y - dy) / 0.32) ** 2 < 1
        shade = 140 + 120 * (slope[0] * x + slope[1] * y)
        coloured = shade[..., None] * rng.uniform(0.6, 1, 3) + rng.normal(0, 2, (SIZE_PX, SIZE_PX, 3))
        picture[inside] = np.clip(coloured, 0, 255)[inside]
    return pictures


def timed(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def write_gzip(path: Path, pictures: np.ndarray) -> None:
    with h5py.File(path, "w") as file:
        chunks = (64, *pictures.shape[1:])
        file.create_dataset("image", data=pictures, chunks=chunks, compression="gzip", compression_opts=4)


def bench_write(folder: Path, pictures: np.ndarray, runs: int) -> None:
    ours, peer = [], []
    for _ in range(runs):
        ours.append(timed(lambda: write_shard(folder / "ours.h5", {"image": pictures}, {}, overwrite=True)))
        peer.append(timed(lambda: write_gzip(folder / "gzip.h5", pictures)))
    seconds, peer_seconds = statistics.median(ours), statistics.median(peer)
    report.record(
        "shards",
        "write_vs_gzip",
        len(pictures) / seconds,
        "pictures/s",
        peer="h5py gzip-4, same chunks, no check, no flush to disk",
        ratio=peer_seconds / seconds,
        compression_ours=pictures.nbytes / (folder / "ours.h5").stat().st_size,
        compression_peer=pictures.nbytes / (folder / "gzip.h5").stat().st_size,
        pictures=len(pictures),
        size_px=SIZE_PX,
    )


def bench_read(folder: Path, pictures: np.ndarray, wanted: int, runs: int, rng: np.random.Generator) -> None:
    path = folder / "shard.h5"
    entry = ShardEntry(path.name, len(pictures), write_shard(path, {"image": pictures}, {"kind": "SynHead"}))
    write_manifest(folder, Manifest("SynHead", "synhead", (entry,)))
    ours, peer = [], []
    with open_dataset(folder) as dataset, h5py.File(path) as file:
        for _ in range(runs):
            rows = rng.choice(len(pictures), wanted, replace=False)
            ours.append(timed(lambda rows=rows: dataset.read("image", rows)))
            order = np.argsort(rows)  # h5py wants ascending rows: sorted, read, put back
            peer.append(timed(lambda order=order, rows=rows: file["image"][rows[order]][np.argsort(order)]))
    seconds, peer_seconds = statistics.median(ours), statistics.median(peer)
    report.record(
        "shards",
        "random_block_read_vs_h5py_fancy",
        wanted / seconds,
        "pictures/s",
        peer="h5py fancy indexing on the same file",
        ratio=peer_seconds / seconds,
        rows_read=wanted,
        rows_stored=len(pictures),
        size_px=SIZE_PX,
    )


def main(quick: bool) -> None:
    rng = np.random.default_rng(0)
    count, runs = (1024, 3) if quick else (4096, 7)
    pictures = draw_pictures(count, rng)
    with tempfile.TemporaryDirectory() as folder:
        bench_write(Path(folder), pictures, runs)
        for wanted in (count // 8, count // 2):
            read_folder = Path(folder) / str(wanted)
            read_folder.mkdir()
            bench_read(read_folder, pictures, wanted, runs, rng)


if __name__ == "__main__":
    main("--quick" in sys.argv[1:])
