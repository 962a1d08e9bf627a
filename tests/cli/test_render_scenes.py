import json

import pytest


def test_scenes_from_the_command_line(run, tmp_path):
    options = ("--scenes", 3, "--faces", "1:3", "--face-px", "20:60", "--size", "120x90", "--heads", "f01", "--seed", 4)
    result = run("render", tmp_path / "out", *options, "--background", "clutter", "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.output.splitlines()[-1])
    assert said["scenes"] == 3
    assert said["kind"] == "SynHeadScenes"
    manifest = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert manifest["config"]["faces"] == [1, 3]
    assert manifest["config"]["size_px"] == [120, 90]
    assert manifest["config"]["expressions"] == "random"
    assert manifest["config"]["lighting"] == "random"
    again = run("render", tmp_path / "out", *options)
    assert again.exit_code == 1
    assert "--overwrite" in again.output


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--scenes", 2, "--crop", "tight"), "--crop is for pictures of one head"),
        (("--scenes", 2, "--fov", 40), "--fov is for pictures of one head"),
        (("--scenes", 2, "--faces", "3:99"), "faces is [3, 99]"),
        (("--scenes", 2, "--faces", "lots"), "is no range"),
        (("--scenes", 2, "--faces", "1.5:3"), "--faces counts heads"),
        (("--scenes", 0), "--scenes"),
        (("--uniform", 2, "--faces", "1:2"), "--faces is of no use without --scenes"),
    ],
)
def test_options_that_do_not_go_together(run, tmp_path, options, says):
    result = run("render", tmp_path / "out", *options)
    assert result.exit_code in (1, 2)
    assert says in result.output.replace("\n", " ")
    assert not (tmp_path / "out").exists()


def test_dry_run_of_scenes_writes_nothing(run, tmp_path):
    result = run(
        "render", tmp_path / "out", "--scenes", 40, "--size", 96, "--heads", "f01", "--face-px", "16:50", "--dry-run"
    )
    assert result.exit_code == 0, result.output
    assert "40 scenes of 96 x 96 px" in result.output
    assert "nothing was written" in result.output
    assert not (tmp_path / "out").exists()


def test_tiny_scenes_with_glasses_can_be_drawn(run, tmp_path):
    """Of a lens a few pixels wide there are fewer places to shade than are shaded at once."""
    options = ("--scenes", 2, "--faces", 1, "--face-px", 16, "--size", 48, "--heads", "f01", "--look", "glasses:1")
    result = run("render", tmp_path / "out", *options, "--detail", 1, "-q")
    assert result.exit_code == 0, result.output
