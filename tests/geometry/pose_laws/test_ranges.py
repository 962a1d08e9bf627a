import numpy as np
import pytest

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.pose_laws.ranges import parse_range_deg


def test_ranges():
    assert np.allclose(parse_range_deg("-60:60:30"), [-60, -30, 0, 30, 60])
    assert np.allclose(parse_range_deg("0:1:0.3"), [0, 0.3, 0.6, 0.9])
    assert np.allclose(parse_range_deg("5"), [5])
    assert np.allclose(parse_range_deg("-5,5"), [-5, 5])


@pytest.mark.parametrize("text", ["", "a", "1:2", "1:2:0", "2:1:1", "0:1:1e-9", "nan", "0:inf:1", "1:2:3:4"])
def test_bad_ranges_are_refused(text):
    with pytest.raises(ConventionError, match="range"):
        parse_range_deg(text)


@pytest.mark.parametrize("text", ["1e308", "-361:0:10", "0:400:5", "nan"])
def test_angles_beyond_a_turn_are_refused(text):
    with pytest.raises(ConventionError, match="360"):
        parse_range_deg(text)
