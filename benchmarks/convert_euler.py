"""Restating Euler triples: `convert_vs_row_loop`, `convert_vs_scipy_batch`, `csv_convert_vs_csv_module`.

    python benchmarks/convert_euler.py [--quick]

Peers, in the same run and on the same numbers: SciPy's `Rotation` called row by row, as scripts do; SciPy's own batch
call; for whole files, a loop of the standard library's csv module around SciPy's batch call.
"""

from __future__ import annotations

import csv
import tempfile
import time
from pathlib import Path

import numpy as np
import report
from scipy.spatial.transform import Rotation

from synhead_tools.formats.label_tables.convert import convert_labels_file
from synhead_tools.geometry.euler import convert_euler

LOOP_ROWS = 2_000
"""Rows of the row-by-row peer; its time is proportional to them."""


def _row_loop(angles: np.ndarray) -> np.ndarray:
    out = []
    for pitch, yaw, roll in angles:
        p, y, r = Rotation.from_euler("xyz", [pitch, -yaw, -roll], degrees=True).as_euler("XYZ", degrees=True)
        out.append([y, -p, r])
    return np.array(out)


def _scipy_batch(angles: np.ndarray) -> np.ndarray:
    p, y, r = Rotation.from_euler("xyz", angles * [1, -1, -1], degrees=True).as_euler("XYZ", degrees=True).T
    return np.stack([y, -p, r], axis=1)


def _csv_module(path: Path, out: Path) -> None:
    with path.open(newline="") as file:
        header, *rows = list(csv.reader(file))
    restated = _scipy_batch(np.array([row[1:4] for row in rows], float))
    with out.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([row[0], y, p, r] for row, (y, p, r) in zip(rows, restated.tolist(), strict=True))


def _seconds(function, *arguments) -> float:
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def _arrays(rows: int, runs: int, rng: np.random.Generator) -> None:
    angles = rng.uniform(-89, 89, (rows, 3))
    few = angles[:LOOP_ROWS]
    worst = float(np.abs(convert_euler(few, "biwi+", "hopenet") - _row_loop(few)).max())
    ours, batch, loop = [], [], []
    for _ in range(runs):
        ours.append(_seconds(convert_euler, angles, "biwi+", "hopenet"))
        batch.append(_seconds(_scipy_batch, angles))
        loop.append(_seconds(_row_loop, few))
    rate, batch_rate, loop_rate = rows / np.median(ours), rows / np.median(batch), LOOP_ROWS / np.median(loop)
    facts = {"rows": rows, "runs": runs, "worst_difference_deg": worst}
    report.record(
        "convert_euler", "convert_vs_row_loop", rate, "rows/s", f"SciPy Rotation row by row, {LOOP_ROWS} rows",
        rate / loop_rate, peer_value=loop_rate, **facts,
    )  # fmt: skip
    report.record(
        "convert_euler", "convert_vs_scipy_batch", rate, "rows/s", "SciPy Rotation, one call",
        rate / batch_rate, peer_value=batch_rate, **facts,
    )  # fmt: skip


def _files(rows: int, runs: int, rng: np.random.Generator) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table, out = Path(folder) / "poses.csv", Path(folder) / "out.csv"
        with table.open("w") as file:
            file.write("image,pitch,yaw,roll\n")
            for number, triple in enumerate(rng.uniform(-89, 89, (rows, 3)).tolist()):
                file.write(f"{number:08d}.png,{triple[0]!r},{triple[1]!r},{triple[2]!r}\n")
        ours, peer = [], []
        for _ in range(runs):
            ours.append(_seconds(lambda: convert_labels_file(table, out, "biwi+", "hopenet", overwrite=True)))
            peer.append(_seconds(_csv_module, table, out))
    rate, peer_rate = rows / np.median(ours), rows / np.median(peer)
    report.record(
        "convert_euler", "csv_convert_vs_csv_module", rate, "rows/s", "csv module + SciPy Rotation, one call",
        rate / peer_rate, peer_value=peer_rate, rows=rows, runs=runs,
    )  # fmt: skip


def main(quick: bool) -> None:
    rng = np.random.default_rng(0)
    _arrays(*((200_000, 3) if quick else (2_000_000, 5)), rng)
    _files(*((50_000, 3) if quick else (1_000_000, 3)), rng)


if __name__ == "__main__":
    main(report.asked_to_be_quick(__doc__))
