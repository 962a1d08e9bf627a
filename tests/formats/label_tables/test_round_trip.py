"""From file to file to file: rotations and other columns come back as they were."""

import csv

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from synhead_tools.formats.label_tables.convert import convert_labels_file
from synhead_tools.geometry.conventions import get_convention
from synhead_tools.geometry.euler import rotmat_from_euler

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8) | st.sampled_from(
    ["", " ", ",", '"', "\n", "\r\n", "007", "1.50", "NaN", "é;\t"]
)
conventions = st.sampled_from(
    ["biwi", "biwi+", "hopenet", "300w-lp", "6drepnet", "whenet", "trg", "synhead", "zyx:-+-"]
)
suffixes = st.permutations([".parquet", ".npz", ".h5", ".tsv"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    angles=st.integers(1, 12).flatmap(lambda n: arrays(float, (n, 3), elements=st.floats(-179, 179))),
    data=st.data(),
    path=st.lists(st.tuples(conventions, st.sampled_from(["euler", "quat_xyzw", "rotmat"])), min_size=4, max_size=4),
    order=suffixes,
    block=st.integers(1, 30),
)
def test_rotations_and_other_columns_survive_any_way(tmp_path, small_blocks, angles, data, path, order, block):
    small_blocks(block)
    others = data.draw(st.lists(st.tuples(texts, texts), min_size=len(angles), max_size=len(angles)))
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["name", "roll", "pitch", "yaw", "a note"])
        writer.writerows(
            [name, repr(roll), repr(pitch), repr(yaw), note]
            for (name, note), (pitch, yaw, roll) in zip(others, angles.tolist(), strict=True)
        )
    at, source, unit = tmp_path / "a.csv", "biwi+", "deg"
    for number, (suffix, (target, write)) in enumerate(zip(order, path, strict=True)):
        out = tmp_path / f"{number}{suffix}"
        convert_labels_file(at, out, source, target, write=write, unit=unit, overwrite=True)
        silent = suffix == ".tsv"
        # only text does not say what its numbers mean
        at, source, unit = out, target if silent else None, "deg" if silent and write == "euler" else None
    convert_labels_file(at, tmp_path / "z.csv", source, "biwi+", write="euler", unit=unit, overwrite=True)
    with (tmp_path / "z.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    titles = [title.removesuffix("_deg") for title in header]
    assert set(titles) == {"name", "roll", "pitch", "yaw", "a note"}
    got = np.array([[float(row[titles.index(name)]) for name in ("pitch", "yaw", "roll")] for row in rows])
    assert np.abs(rotmat_from_euler(got, "biwi+") - rotmat_from_euler(angles, "biwi+")).max() < 1e-9
    assert [(row[titles.index("name")], row[titles.index("a note")]) for row in rows] == others


@pytest.mark.parametrize("suffix", [".parquet", ".npz", ".h5"])
def test_columns_of_every_type_keep_their_values(tmp_path, triples, suffix):
    rng = np.random.default_rng(0)
    arrays = {
        "name": np.array(["a", "bé", ""] * 5), "f8": rng.normal(size=15), "f4": rng.normal(size=15).astype("f4"),
        "i8": rng.integers(-(2**62), 2**62, 15), "u1": rng.integers(0, 255, 15).astype("u1"),
        "yes": rng.random(15) < 0.5,
        "u8": rng.integers(2**63, 2**64 - 1, 15, dtype="u8"), "bbox": rng.integers(0, 99, (15, 4)).astype("i4"),
        "intrinsics": rng.normal(size=(15, 3, 3)), "points5": rng.normal(size=(15, 5, 3)).astype("f4"),
    }  # fmt: skip
    np.savez(tmp_path / "a.npz", euler_deg=triples(15), **arrays)
    convert_labels_file(tmp_path / "a.npz", tmp_path / f"b{suffix}", "biwi+")
    convert_labels_file(tmp_path / f"b{suffix}", tmp_path / "c.npz")
    back = np.load(tmp_path / "c.npz")
    assert np.allclose(back["euler_deg"], triples(15), atol=1e-9)
    for name, array in arrays.items():
        assert np.array_equal(back[name], array), name
        assert back[name].dtype == (np.uint8 if suffix == ".h5" and name == "yes" else array.dtype), name


def test_the_angles_written_are_those_of_the_convention(tmp_path, triples):
    """Arrays are in the convention's written order."""
    np.savez(tmp_path / "a.npz", euler_deg=triples(9, "hopenet"))
    convert_labels_file(tmp_path / "a.npz", tmp_path / "b.npz", "hopenet", "biwi+")
    convert_labels_file(tmp_path / "b.npz", tmp_path / "c.npz", None, "hopenet")
    assert np.allclose(np.load(tmp_path / "c.npz")["euler_deg"], triples(9, "hopenet"), atol=1e-9)
    convert_labels_file(tmp_path / "c.npz", tmp_path / "d.csv", None, "hopenet")
    assert (tmp_path / "d.csv").read_text().split("\n")[0] == "yaw_deg,pitch_deg,roll_deg"
    assert get_convention("hopenet").order == ("yaw", "pitch", "roll")
