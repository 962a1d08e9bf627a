"""Label files to convert."""

import csv

import numpy as np
import pytest

from synhead_tools.geometry.euler import euler_from_rotmat
from synhead_tools.geometry.pose_laws import uniform_rotations


@pytest.fixture
def small_blocks(monkeypatch):
    """small_blocks(n): text is read n bytes at a time and arrays n rows, so that small files have many blocks."""

    def shrink(size):
        monkeypatch.setattr("synhead_tools.formats.label_tables.csv_rows.BLOCK_BYTES", size)
        monkeypatch.setattr("synhead_tools.formats.label_tables.block.BLOCK_ROWS", size)
        monkeypatch.setattr("synhead_tools.formats.label_tables.source_reader.BLOCK_ROWS", size)

    return shrink


@pytest.fixture(scope="session")
def triples():
    """triples(rows, convention="biwi+", seed=0): Euler angles of random rotations, as the convention writes them."""

    def make(rows, convention="biwi+", seed=0):
        return euler_from_rotmat(uniform_rotations(rows, np.random.default_rng(seed)), convention)

    return make


@pytest.fixture
def write_csv(tmp_path):
    """write_csv(rows, name="in.csv", header="name,pitch,yaw,roll"): a CSV file of these lines."""

    def write(rows, name="in.csv", header="name,pitch,yaw,roll"):
        path = tmp_path / name
        path.write_text("\n".join([*([header] if header else []), *rows, ""]))
        return path

    return write


@pytest.fixture(scope="session")
def csv_of():
    """csv_of(triples, header="name,pitch,yaw,roll"): the text of a CSV file of these angles."""

    def text(triples, header="name,pitch,yaw,roll"):
        rows = [f"n{row}," + ",".join(map(repr, triple)) for row, triple in enumerate(triples.tolist())]
        return "\n".join([header, *rows, ""])

    return text


@pytest.fixture(scope="session")
def cells_of():
    """cells_of(path): the rows of a CSV file as the csv module reads them."""

    def read(path):
        with path.open(newline="") as file:
            return list(csv.reader(file))

    return read


@pytest.fixture(scope="session")
def names_in():
    """names_in(folder): names of all files in a folder, hidden ones too."""

    def listed(folder):
        return sorted(path.name for path in folder.iterdir())

    return listed
