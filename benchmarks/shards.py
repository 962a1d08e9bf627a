"""Shards: codecs of pictures, blocks and random rows against raw files and h5py, writing against gzip.

    python benchmarks/shards.py [--quick]

Pictures are rendered: heads at the poses of Biwi, with alpha and region. Every pair of figures is taken in turns in
one run; medians of processor time. Reading is from the page cache.
"""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from pathlib import Path

import h5py
import hdf5plugin
import numpy as np
import report

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.manifest import Manifest, ShardEntry, write_manifest
from synhead_tools.formats.shards import ShardReader, write_shard
from synhead_tools.geometry.pose_laws import biwi_like_rotations
from synhead_tools.rendering.annotate import FaceAreas
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_shard import HeadShelf, ShardRenderer

BLOCK = 64
HEADS = ("f01", "m02")
PICTURES = ("image", "alpha", "region")


def _blosc(name: str, level: int) -> dict:
    return dict(hdf5plugin.Blosc(cname=name, clevel=level, shuffle=hdf5plugin.Blosc.NOSHUFFLE))


#: Filters of HDF5 by what the table calls them.
CODECS = {
    "none": {},
    "lz4 (blosc)": _blosc("lz4", 5),
    "lz4 (blosc, level 9)": _blosc("lz4", 9),
    "blosclz": _blosc("blosclz", 5),
    "bitshuffle lz4": dict(hdf5plugin.Bitshuffle(cname="lz4")),
    "zstd 1 (blosc)": _blosc("zstd", 1),
    "zstd 3 (blosc)": _blosc("zstd", 3),
    "zstd 1": dict(hdf5plugin.Zstd(clevel=1)),
    "zstd 3": dict(hdf5plugin.Zstd(clevel=3)),
    "zstd 9": dict(hdf5plugin.Zstd(clevel=9)),
    "gzip 4": {"compression": "gzip", "compression_opts": 4},
}


def render_pictures(size_px: int, count: int) -> dict[str, np.ndarray]:
    """Picture columns of `count` rendered samples of two heads with hair and clothes."""
    rotmats = biwi_like_rotations(count // len(HEADS), np.random.default_rng(0))
    plan = RenderPlan(HEADS, rotmats, size_px=size_px)
    backend = open_backend("cpu")
    shelf = HeadShelf(plan.heads, detail=plan.head_detail)
    columns = ShardRenderer(plan, shelf, backend, FaceAreas(backend)).columns(0, len(plan))
    return {name: columns[name] for name in PICTURES}


def timed(function) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def bench_codecs(folder: Path, pictures: dict[str, np.ndarray], runs: int) -> None:
    """A line for each codec: bytes and processor milliseconds per frame of image, alpha and region together."""
    count, size_px = len(pictures["image"]), pictures["image"].shape[1]
    order = np.random.default_rng(0).permutation(range(0, count, BLOCK))
    taken = {name: [] for name in (*CODECS, "jpeg 95")}
    for _ in range(runs):
        for name, codec in CODECS.items():
            path = folder / "codec.h5"
            write = timed(lambda codec=codec, path=path: write_blocks(path, pictures, codec))
            blocks = timed(lambda path=path: read_blocks(path, range(0, count, BLOCK), pictures))
            shuffled = timed(lambda path=path: read_blocks(path, order, pictures))
            taken[name].append((path.stat().st_size, write, blocks, shuffled))
        taken["jpeg 95"].append(jpeg_costs(pictures["image"], order))
    for name, rows in taken.items():
        size, write, blocks, shuffled = (statistics.median(column) / count for column in zip(*rows, strict=True))
        report.record(
            "shards",
            f"codec_{size_px}_{name}",
            round(size),
            "bytes per frame",
            write_ms=round(1e3 * write, 4),
            block_read_ms=round(1e3 * blocks, 4),
            random_block_read_ms=round(1e3 * shuffled, 4),
            columns="image" if name.startswith("jpeg") else "image, alpha, region",
            lossless=not name.startswith("jpeg"),
            pictures=count,
        )


def write_blocks(path: Path, pictures: dict[str, np.ndarray], codec: dict) -> None:
    with h5py.File(path, "w", libver=("v108", "v108"), rdcc_nbytes=0) as file:
        for name, array in pictures.items():
            data = file.create_dataset(name, array.shape, array.dtype, chunks=(BLOCK, *array.shape[1:]), **codec)
            for start in range(0, len(array), BLOCK):
                data.write_direct(array, np.s_[start : start + BLOCK], np.s_[start : start + BLOCK])


def read_blocks(path: Path, starts, pictures: dict[str, np.ndarray]) -> None:
    with h5py.File(path) as file:
        for name, array in pictures.items():
            out = np.empty((BLOCK, *array.shape[1:]), array.dtype)
            for start in starts:
                file[name].read_direct(out, np.s_[start : start + BLOCK])


def jpeg_costs(images: np.ndarray, order: np.ndarray) -> tuple[int, float, float, float]:
    """What a file of JPEGs one after another would cost; alpha and region, which it cannot hold, come on top."""
    from PIL import Image

    blobs: list[bytes] = []

    def encode() -> None:
        for image in images:
            file = io.BytesIO()
            Image.fromarray(image).save(file, "JPEG", quality=95)
            blobs.append(file.getvalue())

    def decode(starts) -> None:
        for start in starts:
            for blob in blobs[start : start + BLOCK]:
                np.asarray(Image.open(io.BytesIO(blob)))

    write = timed(encode)
    return (
        sum(map(len, blobs)),
        write,
        timed(lambda: decode(range(0, len(images), BLOCK))),
        timed(lambda: decode(order)),
    )


def bench_block_read(folder: Path, images: np.ndarray, runs: int) -> None:
    """Blocks as trainers read them, against the same bytes in a raw file and against h5py's list of rows."""
    count, times = len(images), {"ours": [], "ours_uncompressed": [], "raw": [], "fancy": []}
    write_shard(folder / "lz4.h5", {"image": images}, {}, overwrite=True)
    write_shard(folder / "none.h5", {"image": images}, {}, compression="none", overwrite=True)
    images.tofile(folder / "raw")
    out = np.empty((BLOCK, *images.shape[1:]), np.uint8)
    rows = np.sort(np.random.default_rng(0).choice(count, count // 8, replace=False))

    def ours(path: Path) -> None:
        with ShardReader(path) as shard:
            for start in range(0, count, BLOCK):
                shard.read_into("image", start, start + BLOCK, out)

    def raw() -> None:
        with (folder / "raw").open("rb") as file:
            for _ in range(0, count, BLOCK):
                np.fromfile(file, np.uint8, out.size)

    def fancy() -> None:
        with h5py.File(folder / "lz4.h5") as file:
            file["image"][rows]

    for _ in range(runs):
        times["ours"].append(timed(lambda: ours(folder / "lz4.h5")) / count)
        times["ours_uncompressed"].append(timed(lambda: ours(folder / "none.h5")) / count)
        times["raw"].append(timed(raw) / count)
        times["fancy"].append(timed(fancy) / len(rows))
    rate = {name: round(1 / statistics.median(values)) for name, values in times.items()}
    report.record(
        "shards",
        f"block_read_{images.shape[1]}_vs_h5py_fancy",
        rate["ours"],
        "pictures/s per core",
        peer="h5py, list of one row in eight, same file",
        ratio=round(rate["ours"] / rate["fancy"], 1),
        peer_value=rate["fancy"],
        uncompressed=rate["ours_uncompressed"],
        raw_fromfile=rate["raw"],
        ratio_to_raw=round(rate["ours"] / rate["raw"], 2),
        ratio_to_raw_uncompressed=round(rate["ours_uncompressed"] / rate["raw"], 2),
        pictures=count,
    )


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
        size_px=pictures.shape[1],
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
        size_px=pictures.shape[1],
    )


def main(quick: bool) -> None:
    rng, runs = np.random.default_rng(0), 3 if quick else 7
    with tempfile.TemporaryDirectory() as folder:
        for size_px, count in ((128, 256), (256, 128)):
            pictures = render_pictures(size_px, count if quick else 4 * count)
            bench_codecs(Path(folder), pictures, runs)
            bench_block_read(Path(folder), pictures["image"], runs)
            if size_px > 128:
                continue
            images = np.concatenate([pictures["image"]] * (4 if quick else 1))  # a shard of usual length
            bench_write(Path(folder), images, runs)
            bench_read(Path(folder), images, len(images) // 8, 3, rng)


if __name__ == "__main__":
    main(report.asked_to_be_quick(__doc__))
