import math
import struct

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synhead_tools.formats.label_tables.text_numbers import (
    has_decimal_comma,
    is_number,
    numbers_of_text,
    text_of_numbers,
)

any_double = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", bits.to_bytes(8, "little"))[0])


@given(st.lists(st.one_of(any_double, st.floats(-360, 360)), min_size=1, max_size=50))
def test_text_reads_back_as_the_same_bits_and_no_shorter_text_would(numbers):
    numbers = [number for number in numbers if math.isfinite(number)]
    texts = text_of_numbers(np.array(numbers)).to_pylist()
    for number, text in zip(numbers, texts, strict=True):
        assert struct.pack("<d", float(text)) == struct.pack("<d", number + 0.0)
        digits = [
            sum(map(str.isdigit, each.lower().split("e")[0].strip("-0.").replace(".", "")))
            for each in (text, repr(number))
        ]
        assert digits[0] <= digits[1]
    assert numbers_of_text(pa.array(texts, pa.string())).tolist() == numbers


def test_numbers_look_like_numbers_with_a_point():
    texts = text_of_numbers(np.array([1.0, -0.0, 0.1, -90.0, 21.91387, 1e-7, 1e300])).to_pylist()
    assert texts == ["1.0", "0.0", "0.1", "-90.0", "21.91387", "1e-7", "1e+300"]


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1.5", 1.5), (" 1.5", 1.5), ("1.5 ", 1.5), ("\t1.5", 1.5), ("+1.5", 1.5), ("-.5", -0.5), ("2.", 2.0),
        ("1e2", 100.0), ("1E2", 100.0), ("-0", 0.0), ("0" * 400 + "7", 7.0),
        ("", None), (" ", None), ("1_0", None), ("0x10", None), ("1,5", None), ("abc", None), ("1 5", None),
        ("\u0661", None), ("1\0", None), ("--1", None), ("nan", None), ("NaN", None), ("1.5.", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("others", [[], ["7"], [" 7 "], ["x"]])
def test_cells_are_read_alike_whatever_stands_beside_them(cell, number, others):
    read = numbers_of_text(pa.array([cell, *others], pa.string()))[0]
    assert read == number if number is not None else math.isnan(read)


def test_infinity_is_a_number_for_whoever_checks_ranges():
    assert numbers_of_text(pa.array(["inf", "-Infinity", "1e999"])).tolist() == [math.inf, -math.inf, math.inf]


@pytest.mark.parametrize(
    ("cell", "number"),
    [("1,5", 1.5), ("-0,25", -0.25), (" 3 ", 3.0), ("7", 7.0), ("1.5", None), ("1.234,5", None), ("1,2,3", None)],
)
@pytest.mark.parametrize("others", [[], ["1,5"], ["1.5"]])
def test_decimal_commas_are_read_where_they_are_declared(cell, number, others):
    read = numbers_of_text(pa.array([cell, *others]), ",")[0]
    assert read == number if number is not None else math.isnan(read)


def test_what_a_cell_is():
    assert [is_number(cell) for cell in ("1", "nan", " 2.5 ", "x", "", "1,5", "1_0")] == [1, 1, 1, 0, 0, 0, 0]
    assert is_number("1,5", ",")
    assert [has_decimal_comma(cell) for cell in ("1,5", " -,5e3 ", "1.5", "1,2,3", "a,b", ",")] == [1, 1, 0, 0, 0, 0]


def test_empty_columns():
    assert numbers_of_text(pa.array([], pa.string())).shape == (0,)
    assert len(text_of_numbers(np.empty(0))) == 0
