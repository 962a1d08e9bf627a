"""Rendering to labelled shards against the loops a user would write: stock pyrender, a PNG per frame.

    python benchmarks/render.py [--quick]

Ours renders, projects landmarks, judges visibility, compresses and writes a shard; the peers render and write a PNG.
Taken in turns, medians. Frames per second of processor time over all threads, so that the figures are per core and a
busy machine does not change their ratio; wall-clock figures beside them.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

import report
from render_peers import PEERS, measure, rotations, seconds_per_frame
from render_stages import stages_ms

from synhead_tools.formats.shards import ShardWriter
from synhead_tools.heads.bust import DEFAULT_DETAIL
from synhead_tools.heads.library import load_head
from synhead_tools.rendering.annotate import FaceAreas
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import render_dataset
from synhead_tools.rendering.render_shard import HeadShelf, ShardRenderer

HEAD = "f01"


class Ours:
    """Renders and writes one shard after another."""

    def __init__(self, size_px: int, count: int, detail: int | str = "auto") -> None:
        plan = RenderPlan((HEAD,), rotations(count), size_px=size_px, detail=detail)
        self.backend = open_backend("cpu")
        self.count, self.antialiasing = count, self.backend.description
        shelf = HeadShelf(plan.heads, detail=plan.head_detail)
        self.renderer = ShardRenderer(plan, shelf, self.backend, FaceAreas(self.backend))
        self.attributes = {"convention": plan.convention}
        self.renderer.columns(0, 2)  # compiles

    def run(self, folder: Path) -> None:
        """Render and write all samples, as a worker does."""
        with ShardWriter(folder / "0.h5", self.count, self.attributes, overwrite=True) as shard:
            for block in self.renderer.blocks(0, self.count):
                shard.append(block)

    def render_only(self) -> None:
        """Render all samples, and throw them away."""
        plan, head = self.renderer.plan, self.renderer.heads[HEAD]
        for index in range(self.count):
            setup = plan.sample(index)
            self.backend.render(head, plan.rotmats[index], setup.translation_m, plan.camera(), setup.lighting)


def peer_seconds(size_px: int, count: int, samples: int = 4) -> tuple[tuple[float, float] | None, str]:
    """Processor and wall-clock seconds per frame of a loop of `PEERS`, or None and why there are none."""
    return seconds_per_frame(HEAD, size_px, count, samples)


def head_facts(detail: int) -> dict[str, int]:
    parts = load_head(HEAD, detail).parts
    return {"vertices": sum(len(p.vertices_m) for p in parts), "triangles": sum(len(p.triangles) for p in parts)}


def middle_of(times: list[tuple[float, float]], frames: int = 1) -> list[float]:
    return [statistics.median(values) / frames for values in zip(*times, strict=True)]


def bench_frames(size_px: int, count: int, peer_count: int, rounds: int) -> None:
    """One line per peer, all taken in turns with ours; one for the stages.

    The peers draw the head as `load_head` gives it. Ours draws it as a plan of that size does, which at 128 px is the
    coarser mesh; what it takes for the peers' mesh is the figure ``same_mesh``.
    """
    ours, same = Ours(size_px, count), Ours(size_px, count, DEFAULT_DETAIL)
    whole, whole_same, drawn, peers, reasons = [], [], [], {samples: [] for samples in PEERS}, {}
    with tempfile.TemporaryDirectory() as folder:
        ours.run(Path(folder))
        same.run(Path(folder))
        for _ in range(rounds):
            whole.append(measure(lambda: ours.run(Path(folder))))
            whole_same.append(measure(lambda: same.run(Path(folder))))
            drawn.append(measure(ours.render_only))
            for samples in PEERS.keys() - reasons.keys():
                seconds, reason = peer_seconds(size_px, peer_count, samples)
                if seconds is None:
                    reasons[samples] = reason
                else:
                    peers[samples].append(seconds)
        stages = stages_ms(lambda: ours.run(Path(folder)), ours.backend, count, rounds)
    middle = middle_of(whole, count)
    facts = {
        "wall": round(1 / middle[1], 1),
        "render_only_ms": round(1e3 * middle_of(drawn, count)[0], 3),
        **head_facts(ours.renderer.plan.head_detail),
        "peer_triangles": head_facts(DEFAULT_DETAIL)["triangles"],
        "pixels": size_px**2,
        "antialiasing": ours.antialiasing,
        "frames": count,
        "peer_frames": peer_count,
        "rounds": rounds,
    }
    figures = {4: f"cpu_{size_px}_end_to_end", 0: f"cpu_{size_px}_vs_no_antialiasing"}
    for samples, figure in figures.items():
        record_against(figure, samples, middle, peers[samples], reasons.get(samples, ""), facts)
    middle_same, facts_same = middle_of(whole_same, count), facts | head_facts(DEFAULT_DETAIL)
    for name in ("wall", "render_only_ms"):
        facts_same.pop(name)
    record_against(f"cpu_{size_px}_same_mesh", 4, middle_same, peers[4], reasons.get(4, ""), facts_same)
    beside = stages["beside_drawing"]
    report.record(
        "render",
        f"cpu_{size_px}_beside_drawing",
        beside,
        "ms per frame",
        stages_ms=stages,
        **head_facts(ours.renderer.plan.head_detail),
    )


def record_against(
    figure: str, samples: int, middle: list[float], taken: list[tuple[float, float]], reason: str, facts: dict
) -> None:
    compared = {"why_no_peer": reason}
    ratio = None
    if taken:
        peer = middle_of(taken)
        ratio = round(peer[0] / middle[0], 2)
        compared = {"peer_value": round(1 / peer[0], 1), "peer_wall": round(1 / peer[1], 1)}
    value = round(1 / middle[0], 1)
    report.record("render", figure, value, "frames/s per core", PEERS[samples], ratio, **compared, **facts)


def bench_workers(size_px: int, count: int) -> None:
    """Wall-clock time of runs with one and with two processes, from the first finished shard to the last."""
    plan, seconds = RenderPlan((HEAD,), rotations(count), size_px=size_px), {1: [], 2: []}
    rows = max(count // 16, 1)
    with tempfile.TemporaryDirectory() as folder:
        for run, workers in enumerate((1, 2, 1, 2)):
            seconds[workers].append(seconds_per_sample(plan, Path(folder) / str(run), workers, rows))
    one, two = (min(seconds[workers]) for workers in (1, 2))
    report.record(
        "render",
        "scaling_2_workers",
        round(1 / two, 1),
        "frames/s",
        peer="one worker",
        ratio=round(one / two, 2),
        peer_value=round(1 / one, 1),
        load_average=os.getloadavg()[0],
        pixels=size_px**2,
        frames=count,
    )


def bench_memory(size_px: int, shard_rows: int, shards: int) -> None:
    """Growth of the resident memory from the second shard on."""
    ours, resident = Ours(size_px, shard_rows), []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(shards + 1):
            ours.run(Path(folder))
            resident.append(resident_mb())
    growth = (resident[-1] - resident[0]) / (shards * shard_rows) * 1000
    report.record(
        "render",
        "rss_mb_per_1000_frames",
        round(growth, 3),
        "MB",
        resident_mb=round(resident[-1], 1),
        frames=shards * shard_rows,
        pixels=size_px**2,
    )


def seconds_per_sample(plan: RenderPlan, out: Path, workers: int, rows: int) -> float:
    """Wall clock; the start of the processes, which a long run does not notice, is left out."""
    ends: list[float] = []
    render_dataset(plan, out, workers, progress=lambda done, _: ends.append(time.perf_counter()), rows_per_shard=rows)
    ends = ends[1 + workers :]  # the first call comes before any shard; then each process has finished its first one
    return (ends[-1] - ends[0]) / (len(ends) - 1) / rows


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    quick = report.asked_to_be_quick(__doc__)
    for size_px, count in ((128, 128), (256, 64)):
        bench_frames(size_px, count if quick else 4 * count, 10 if quick else 60, rounds=3 if quick else 7)
    bench_workers(128, 256 if quick else 2048)
    bench_memory(64, 128, 4 if quick else 32)


if __name__ == "__main__":
    main()
