import csv
import io

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synhead_tools.formats.label_tables.csv_text import CsvWriter, text_row

cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6) | st.sampled_from(
    ["", ",", ";", '"', "\n", "\r", "a\r\nb", "\t", "é,"]
)


def _written(batches, delimiter=",", header=True):
    file = io.BytesIO()
    writer = CsvWriter(file, batches[0].schema, delimiter, header)
    for batch in batches:
        writer.write(batch)
    writer.finish()
    return file.getvalue().decode()


@given(st.lists(st.tuples(cells, cells, st.floats(-360, 360)), min_size=1, max_size=20), st.sampled_from(",;\t"))
def test_the_csv_module_reads_back_what_was_written(rows, delimiter):
    first, second, numbers = map(list, zip(*rows, strict=True))
    batch = pa.RecordBatch.from_arrays(
        [pa.array(first), pa.array(second), pa.array(numbers)], names=["a", "b,;\t", "c"]
    )
    read = list(csv.reader(io.StringIO(_written([batch], delimiter), newline=""), delimiter=delimiter))
    assert read[0] == ["a", "b,;\t", "c"]
    assert [(a, b) for a, b, _ in read[1:]] == list(zip(first, second, strict=True))
    assert [float(number) for *_, number in read[1:]] == numbers


def test_every_kind_of_column_has_a_text():
    columns = {
        "whole": pa.array([1, None]),
        "small": pa.array([0.1, 2], pa.float32()),
        "double": pa.array([-0.0, None]),
        "flag": pa.array([True, False]),
        "kind": pa.array(["x", "y,z"]).dictionary_encode(),
        "face_box_xyxy": pa.array([[1, 2, 3, 4.5], None], pa.list_(pa.float64(), 4)),
        "bbox": pa.array([[1, 2], [3, 4]], pa.list_(pa.int32(), 2)),
    }
    batch = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
    assert _written([batch]).splitlines() == [
        "whole,small,double,flag,kind,face_box_x1,face_box_y1,face_box_x2,face_box_y2,bbox_0,bbox_1",
        "1,0.1,0.0,true,x,1.0,2.0,3.0,4.5,1,2",
        ',2,,false,"y,z",,,,,3,4',
    ]


def test_slices_and_empty_batches():
    batch = pa.RecordBatch.from_arrays([pa.array(["a", "b", "c"]), pa.array(np.arange(3.0))], names=["n", "x"])
    assert _written([batch.slice(1, 1), batch.slice(0, 0), batch.slice(2)], header=False) == "b,1.0\nc,2.0\n"


@pytest.mark.parametrize("cells", [["a", "b"], ["a,b", "c"], ['"', ""], ["x\ry", "z"], ["x\ny", "z"]])
def test_one_row_of_text(cells):
    assert next(csv.reader(io.StringIO(text_row(cells, ",").decode(), newline=""))) == cells
