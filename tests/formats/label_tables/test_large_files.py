"""Ten million rows in bounded memory."""

import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

ROWS = 10_000_000
LARGEST_MB = 400
"""Of the whole process; the interpreter with its libraries takes about 130 of them."""

CONVERT = """
import json, pathlib, sys, time
from synhead_tools.formats.label_tables.convert import convert_labels_file
start = time.monotonic()
done = convert_labels_file(sys.argv[1], sys.argv[2], "biwi+", sys.argv[3])
seconds = time.monotonic() - start
# not getrusage: its peak is that of the process that started this one, too
status = dict(line.split(":", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines())
peak_mb = int(status["VmHWM"].split()[0]) / 1024
print(json.dumps({"rows": done.rows, "rows_per_s": done.rows / seconds, "peak_mb": peak_mb}))
"""


def _write_csv(path, rows):
    rng = np.random.default_rng(0)
    with path.open("wb") as file:
        file.write(b"image,pitch,yaw,roll\n")
        for start in range(0, rows, 500_000):
            angles = rng.uniform(-80, 80, (500_000, 3)).round(5)
            numbers = pa.array(np.arange(start, start + len(angles))).cast(pa.string())
            names = pc.binary_join_element_wise("01/frame_", numbers, "_rgb.png", "")
            columns = [pa.array(column).cast(pa.string()) for column in angles.T]
            lines = pc.binary_join_element_wise(names, *columns, ",")
            file.write("\n".join([*lines.to_pylist(), ""]).encode())


@pytest.mark.slow
def test_ten_million_rows_from_text_to_text_to_parquet_and_from_arrays_to_arrays(tmp_path):
    table = tmp_path / "a.csv"
    _write_csv(table, ROWS)
    angles = np.random.default_rng(1).uniform(-80, 80, (ROWS, 3))
    np.savez(tmp_path / "a.npz", euler_deg=angles, box=np.zeros((ROWS, 4), "f4"))
    last = angles[-1]
    del angles
    for source, out, target in (
        (table, "b.csv", "hopenet"), (table, "b.parquet", "hopenet"), (table, "b.h5", "hopenet"),
        (tmp_path / "a.npz", "b.npz", "biwi+"),
    ):  # fmt: skip
        command = [sys.executable, "-c", CONVERT, str(source), str(tmp_path / out), target]
        answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        print(source.suffix, "->", out, {name: round(value) for name, value in answer.items()})
        assert answer["rows"] == ROWS
        assert answer["peak_mb"] < LARGEST_MB
        if out == "b.npz":
            with np.load(tmp_path / out) as labels:
                assert np.allclose(labels["euler_deg"][-1], last, atol=1e-9)
        (tmp_path / out).unlink()
