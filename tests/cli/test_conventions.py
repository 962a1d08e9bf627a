import json

import pytest
from PIL import Image

from synhead_tools.geometry.conventions import CONVENTIONS


def test_conventions_are_listed_with_formula_senses_and_source(run):
    output = run("conventions").output
    assert "R = Rz(-roll) Ry(-yaw) Rx(pitch)" in output
    assert "xyz:+--:deg" in output
    assert "headposeplus" in output
    assert [line.split()[0] for line in output.splitlines() if line[:1].strip()] == list(CONVENTIONS)


def test_the_list_as_json(run):
    told = json.loads(run("conventions", "--json").output)
    assert [each["name"] for each in told] == list(CONVENTIONS)
    assert told[0]["composition"] == "R = Rz(roll) Ry(yaw) Rx(pitch)"


@pytest.mark.parametrize("name", [*CONVENTIONS, "ZXZ", "yzx:-+-:rad:roll,yaw,pitch"])
def test_every_convention_and_spec_is_shown(run, name):
    result = run("conventions", "show", name)
    assert result.exit_code == 0, result.output
    assert "BIWI 01/frame_00501" in result.output
    assert "Traceback" not in result.output


def test_one_as_json_with_a_picture(run, tmp_path):
    pytest.importorskip("numba", reason="heads are drawn by the cpu backend here")
    result = run("conventions", "show", "hopenet", "--picture", tmp_path / "h.png", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert list(told["example"]["row"]) == ["yaw", "pitch", "roll"]
    assert told["picture"].endswith("h.png")
    width, height = Image.open(tmp_path / "h.png").size
    assert height > width > 600
    again = run("conventions", "show", "hopenet", "--picture", tmp_path / "h.png")
    assert again.exit_code == 1
    assert "--overwrite" in again.output
    assert run("conventions", "show", "mediapipe", "--picture", tmp_path / "h.png", "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("show", "hoppenet"), 1, "unknown Euler convention 'hoppenet'"),
        (("show", "xyy:+++"), 1, "no sequence of three axes"),
        (("show", "hopenet", "--picture", "/nowhere/at/all.png"), 1, "/nowhere/at is no folder"),
        (("show",), 2, "NAME|SPEC"),
        (("draw",), 2, "No such command"),
    ],
)
def test_mistakes_are_one_line(run, arguments, status, words):
    result = run("conventions", *arguments)
    assert result.exit_code == status
    assert words in result.output
    assert result.output.splitlines()[-1].startswith("Error: ")
