import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.onnx.declaration import OnnxDeclaration
from synhead_tools.learning.onnx.declaration_file import (
    _SECTIONS,
    _TRAINING,
    DECLARATION_BYTES_LIMIT,
    declaration_to_toml,
    parse_declaration,
    read_declaration,
)
from synhead_tools.learning.pose_estimator import DESCRIPTION_KEYS

ROOT = Path(__file__).parents[3]
MANUAL = ROOT / "docs" / "onnx-models.md"

GOOD = """
name = "tiny"
files = ["a.onnx", "sub/b.onnx"]
average = "outputs"
[input]
size_px = 64
channels = "BGR"
mean = [127.5, 127.5, 127.5]
std = [128, 128, 128]
[crop]
scale = 1.2
shift = [0.0, -0.1]
[output]
kind = "euler"
convention = "hopenet"
unit = "rad"
[training]
seed = 3
target_labels_used_for_training_or_matching = false
"""

NUMBERS = st.floats(-1e6, 1e6)
DECLARATIONS = st.builds(
    OnnxDeclaration,
    name=st.text(min_size=1, max_size=20),
    files=st.lists(st.sampled_from(["a.onnx", "b/ä c.onnx"]), min_size=1, max_size=3).map(tuple),
    size_px=st.integers(8, 2048),
    kind=st.just("rot6d"),
    vectors=st.sampled_from(["rows", "columns"]),
    source=st.text(max_size=20),
    mean=st.tuples(NUMBERS, NUMBERS, NUMBERS),
    crop_shift=st.tuples(st.floats(-2, 2), st.floats(-2, 2)),
    crop_shape=st.sampled_from(["square", "stretched"]),
    frame=st.sampled_from(["camera", "ray"]),
    training=st.fixed_dictionaries(
        {}, optional={"seed": st.integers(0, 2**63 - 1), "random_background": st.booleans()}
    ),
)


@given(DECLARATIONS)
def test_what_is_written_is_read_back(declaration):
    assert parse_declaration(declaration_to_toml(declaration).encode(), "f.toml") == declaration


def test_every_key_finds_its_field():
    found = parse_declaration(GOOD.encode(), "f.toml")
    assert (found.files, found.average, found.size_px, found.channels) == (
        ("a.onnx", "sub/b.onnx"),
        "outputs",
        64,
        "BGR",
    )
    assert (found.mean, found.std, found.crop_scale, found.crop_shift) == ((127.5,) * 3, (128.0,) * 3, 1.2, (0.0, -0.1))
    assert found.training == {"seed": 3, "target_labels_used_for_training_or_matching": False}
    convention = found.euler_convention
    assert (convention.sequence, convention.order, convention.unit) == ("XYZ", ("yaw", "pitch", "roll"), "rad")
    assert found.crop_rule == "face box x 1.2, square, shifted by 0, -0.1 box sides"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("channels", "chanels", "unknown key 'input.chanels'; did you mean 'channels'"),
        ("[input]", "[inputs]", "unknown key 'inputs'; did you mean 'input'"),
        ('"BGR"', '"bgr"', "input.channels = 'bgr' must be one of RGB, BGR"),
        ("size_px = 64", "", "input.size_px is missing"),
        ("size_px = 64", "size_px = 64.0", "must be a whole number"),
        ("size_px = 64", "size_px = true", "must be a whole number"),
        ("[128, 128, 128]", "[128, 0, 128]", "input.std"),
        ("[128, 128, 128]", "[128, 128]", "must be a list of 3"),
        ("[128, 128, 128]", "[nan, 128, 128]", "input.std"),
        ("scale = 1.2", "scale = inf", "crop.scale = inf"),
        ("sub/b.onnx", "../b.onnx", "in or below the folder"),
        ("sub/b.onnx", "/etc/passwd", "in or below the folder"),
        ("sub/b.onnx", "c:\\\\b.onnx", "in or below the folder"),
        ('"hopenet"', '"hopnet"', "unknown Euler convention 'hopnet'; known: biwi"),
        ('"hopenet"', '"mediapipe"', "have no angles"),
        ('convention = "hopenet"', "", "output.convention is missing"),
        ('"euler"', '"rot6d"', "output.unit are of angles"),
        ('kind = "euler"\nconvention = "hopenet"\nunit = "rad"', 'kind = "rotmat"', "average = 'outputs' makes no rot"),
        ("seed = 3", "seed = -3", "training.seed = -3"),
        ('name = "tiny"', "name = 1", "name = 1 must be text"),
        ('name = "tiny"', 'format_version = 2\nname = "tiny"', "format version 2"),
        ("[crop]", "[crop", "no TOML file"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(old, new, message):
    assert old in GOOD
    with pytest.raises(CheckpointError) as caught:
        parse_declaration(GOOD.replace(old, new).encode(), "f.toml")
    assert str(caught.value).startswith("f.toml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a = " + b"[" * 50_000, b"a = " + b"9" * 10_000, b"input = 3", b""])
def test_hostile_bytes_are_refused(data):
    with pytest.raises(CheckpointError):
        parse_declaration(data, "f.toml")


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore")))
def test_no_bytes_do_anything_but_be_refused(data):
    with pytest.raises(CheckpointError):
        parse_declaration(data, "f.toml")


def test_files_that_are_none_are_refused(tmp_path):
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (DECLARATION_BYTES_LIMIT + 1))
    for path in (large, tmp_path, tmp_path / "none.toml"):
        with pytest.raises(CheckpointError, match="give a TOML file"):
            read_declaration(path)


def test_the_committed_declaration_is_read_and_is_the_one_in_the_manual():
    found = read_declaration(ROOT / "peers" / "fsanet.toml")
    shown = re.search(r"```toml\n(.*?)```", MANUAL.read_text(), re.DOTALL)[1]
    assert parse_declaration(shown.encode(), "manual") == found
    assert (found.kind, found.convention, found.channels, found.average) == ("euler", "hopenet", "BGR", "outputs")
    np.testing.assert_array_equal(found.mean, [127.5] * 3)


def test_the_manual_has_every_key():
    text = MANUAL.read_text()
    for section, keys in _SECTIONS.items():
        for key in keys:
            assert re.search(rf"`({section}\.)?{key}`" if section else rf"`{key}`", text), f"{section}.{key}"
    assert all(f"`{key}`" in text for key in _TRAINING)
    assert {"seed", "recipe", "method"} <= set(_TRAINING) <= set(DESCRIPTION_KEYS)
