"""docs/conventions.md is what the code says, and its figures are those of the labels."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from synhead_tools.geometry.conventions import CONVENTIONS, get_convention
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import convert_euler, rotmat_from_euler

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "conventions.md"


def _generator():
    spec = importlib.util.spec_from_file_location("page", ROOT / "maintainers" / "write_conventions_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_code_says():
    assert PAGE.read_text() == _generator().reference(), "run make docs"


def test_every_convention_has_a_section_and_the_specs_of_the_head_are_theirs():
    text = PAGE.read_text()
    assert all(f"### {name}\n" in text for name in CONVENTIONS)
    for spec, name in (("xyz:+--:deg:pitch,yaw,roll", "biwi+"), ("XYZ:-++:deg:yaw,pitch,roll", "hopenet")):
        assert f"`{spec}` is `{name}`" in text
        assert get_convention(name).spec == spec


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("Biwi_plus", "{:.1f} degrees in pitch, {:.1f} in yaw and {:.1f} in roll"),
        ("Biwi_plus_non_cal", "depth camera: {:.1f}, {:.1f}, {:.1f} and"),
    ],
)
def test_what_confusion_costs(real_data, file, sentence):
    with np.load(real_data / "biwi_plus" / f"{file}.npz", allow_pickle=False) as archive:
        pyr = archive["pyr"]
    other_order = "XYZ:+--"
    text = " ".join(PAGE.read_text().split())
    difference = np.abs(convert_euler(pyr, "biwi+", other_order) - pyr).mean(axis=0)
    assert sentence.format(*difference) in text
    moved = geodesic_distance_deg(rotmat_from_euler(pyr, other_order), rotmat_from_euler(pyr, "biwi+")).mean()
    assert f"{moved:.1f} degrees" in text.partition("What confusion costs")[2].partition("##")[0]
