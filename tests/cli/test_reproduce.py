"""The paper's table by one command, at toy size; `make table` runs it at a size that means something."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from synhead_tools.cli.paper_table.reproduction import reproduce
from synhead_tools.cli.paper_table.settings import QUICK_EMBEDDED, table_settings
from synhead_tools.cli.reproduce import settings_from_options
from synhead_tools.geometry.conventions import get_convention

TRAINING = {
    "backbone_width": 8, "discriminator_width": 16, "n_neighbours": 3, "log_every": 1, "batch_size": 8,
    "input_px": 32, "stage1_steps": 4, "stage2_steps": 3,
}  # fmt: skip
SIZES = {"heads": "f01", "tracks": 1, "track_frames": 4, "max_targets": 5}
OPTIONS = ("--quick", "--heads", "f01", "--tracks", 1, "--track-frames", 4, "--targets", 5, "--embedded-frames", 4)
TABLE = ("table.md", "table.json", "table.csv")


@pytest.fixture(scope="module")
def settings_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("settings") / "settings.json"
    path.write_text(json.dumps(TRAINING))
    return path


@pytest.fixture(scope="module")
def options(settings_file):
    """What makes the command small."""
    return *OPTIONS, "--settings", settings_file, "--steps", "4,3", "--device", "cpu"


@pytest.fixture(scope="module")
def made(run, options, tmp_path_factory):
    """The folder of an uninterrupted run, and what it printed."""
    out = tmp_path_factory.mktemp("table") / "out"
    result = run("reproduce", out, *options)
    assert result.exit_code == 0, result.output
    return out, result


def test_every_cell_of_the_table_is_trained_and_scored(made):
    out, result = made
    table = json.loads((out / "table.json").read_text())
    assert table["complete"] is True
    assert [(row["source"], row["label"], row["published"]["mae_deg"]) for row in table["rows"]] == [
        ("SynBiwi+", "Baseline", 4.58), ("SynBiwi+", "DANN", 3.34), ("SynBiwi+", "PADACO", 4.04),
        ("SynHead++", "Baseline", 4.53), ("SynHead++", "DANN", 6.05), ("SynHead++", "PADA-like", 6.41),
        ("SynHead++", "PADACO", 4.13),
    ]  # fmt: skip
    assert (out / "table.md").read_text() in result.output
    assert [score["name"] for score in table["trivial"]][0] == "predict zero"
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    for line, row in zip(lines, table["rows"], strict=True):
        assert row["figures"]["mae_deg"]["values"] == [line["report"]["scores"][0]["mae_deg"]]
        assert line["report"]["protocol"]["training_data"].startswith(row["source"])
        trained_on_target = line["report"]["protocol"]["target_images_used_for_training"] != "no"
        assert trained_on_target == (row["method"] != "source-only")


def test_each_stage_is_announced_with_its_number(made):
    _, result = made
    for stage in ("1 of 10: SynHead and SynHead+", "3 of 10: SynBiwi+ and SynHead++",
                  "4 of 10: source-only on SynBiwi+ seed 0", "10 of 10: padaco on SynHead++ seed 0"):  # fmt: skip
        assert stage in result.output


def test_the_protocol_says_what_was_known(made):
    text = (made[0] / "table.md").read_text()
    for words in (
        "target labels used for matching: yes",
        "target labels used for selection: no",
        "not BIWI, so the published figures are of other pictures",
        "pictures turned for 5",
        "from random weights",
        "32 px, batch 8 per domain, 4 + 3 steps",
        f"convention: {get_convention('biwi+').name}",
    ):
        assert words in text


def test_stage_1_is_one_for_all_methods_of_a_source(made):
    models = made[0] / "models"
    for source, methods in (("synbiwi+", 3), ("synhead++", 4)):
        folders = sorted((models / source / "seed0").iterdir())
        assert len(folders) == methods
        assert [folder.name for folder in folders if (folder / "stage1").exists()] == ["source-only"]


class _Cut(Exception):
    """Stands for whatever ends a run."""


def test_killed_at_any_moment_it_goes_on_to_the_same_table(made, options, tmp_path):
    out = tmp_path / "out"
    _kill_at("2 of 10", ["reproduce", out, *options])
    settings = table_settings(QUICK_EMBEDDED, training=TRAINING, chain=SIZES, embedded_frames=4)
    for words in ("SynBiwi+:", "5 of 10: dann", "weights:", "pada on SynHead++ seed 0: MAE", None):
        unseen = [words]

        def say(line, unseen=unseen):
            if unseen[0] is not None and unseen[0] in line:
                raise _Cut

        try:
            reproduce(out, settings, device="cpu", resume=True, say=say)
        except _Cut:
            assert words is not None
            assert not (out / "table.md").exists() or "**Incomplete: " in (out / "table.md").read_text()
        else:
            assert words is None
    for name in TABLE:
        assert (out / name).read_bytes() == (made[0] / name).read_bytes(), name
    ours, theirs = (_without_speed(folder / "results.jsonl") for folder in (out, made[0]))
    assert ours == theirs


def _kill_at(words, arguments):
    command = [sys.executable, "-m", "synhead_tools", *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=root, env=environment) as process:
        for line in process.stderr:
            if words in line:
                break
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def _without_speed(path):
    return [{**json.loads(line), "seconds": 0} for line in path.read_text().splitlines()]


def test_more_seeds_and_methods_may_follow(run, made, options, tmp_path):
    out = made[0]
    before = (out / "results.jsonl").read_text()
    args = ("reproduce", out, *options, "--methods", "dann", "--json", "-q")
    assert run(*args).exit_code == 1
    result = run(*args, "--resume")
    assert result.exit_code == 0, result.output
    table = json.loads(result.output)
    assert [row["method"] for row in table["rows"]] == ["dann", "dann"]
    assert table["complete"] is True
    assert (out / "results.jsonl").read_text() == before  # nothing was trained again
    other = run(*args, "--resume", "--input-px", 48)
    assert other.exit_code == 1
    assert "begun with size_px = 54, this run asks for 82" in other.output
    assert len(other.output.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--seeds", "0,1,1"), 2, "comma list of different seeds"),
        (("--seeds", "0,-1"), 2, "comma list of different seeds"),
        (("--steps", "100"), 2, "two numbers of steps"),
        (("--steps", "1,2,3"), 2, "two numbers of steps"),
        (("--methods", "dann,dan"), 1, "'dan'"),
        (("--methods", ","), 1, "''"),
        (("--input-px", 33), 1, "input_px = 33"),
        (("--biwi", "."), 1, "holds no BIWI frames"),
        (("--labels", "setup.cfg"), 2, "--biwi"),
        (("--init", "nothing.pth"), 1, "there is no weights file nothing.pth"),
        (("--device", "abacus"), 1, "device 'abacus'"),
        (("--settings", "setup.cfg"), 1, "setup.cfg"),
    ],
)
def test_bad_arguments_are_one_line_and_leave_nothing_behind(run, tmp_path, monkeypatch, arguments, status, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "setup.cfg").write_text("[no JSON]")
    result = run("reproduce", tmp_path / "out", "--quick", *arguments)
    assert result.exit_code == status
    assert words in result.output.splitlines()[-1]
    assert status == 2 or len(result.output.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_dry_run_counts_and_writes_nothing(run, options, tmp_path):
    result = run("reproduce", tmp_path / "out", *options, "--seeds", "0,1", "--dry-run", "--json")
    assert result.exit_code == 0, result.output
    estimate = json.loads(result.output)
    # 10 x 11 x 3 poses of the grid and 4 of the track; 2 sources x 2 seeds begin with a stage 1, 14 runs have a stage 2
    assert (estimate["synhead_frames"], estimate["synbiwi_frames"], estimate["target_frames"]) == (334, 5, 12)
    assert (estimate["runs"], estimate["steps"]) == (14, 2 * 2 * 4 + 14 * 3)
    passes = 2 * 2 * 4 + (2 * 2 * 1 + 10 * 2) * 3  # Baseline sees one domain, the others two
    assert estimate["train_seconds"] == pytest.approx(passes * estimate["step_seconds"])
    assert estimate["picture_seconds"] > 0
    assert not (tmp_path / "out").exists()


_NOTHING_GIVEN = dict.fromkeys(
    ("heads", "tracks", "track_frames", "targets", "methods", "seeds", "steps", "input_px", "batch_size",
     "init_weights", "settings", "embedded_frames")
)  # fmt: skip


@pytest.mark.parametrize(
    ("given", "setting", "expected"),
    [
        ({}, "stage1_steps", 200),
        ({"settings": {"stage1_steps": 7}}, "stage1_steps", 7),
        ({"settings": {"stage1_steps": 7}, "steps": (0, 5)}, "stage1_steps", 0),
        ({"settings": {"lambda_max": 0.5}}, "batch_size", 64),
        ({"settings": {"lambda_max": 0.5}}, "lambda_max", 0.5),
        ({}, "init_weights", "DATA/weights/resnet18_some.safetensors"),
        ({"settings": {"backbone": "resnet34"}}, "init_weights", None),
        ({"settings": {"init_weights": "mine.pth"}}, "init_weights", "mine.pth"),
        ({"settings": {"init_weights": "mine.pth"}, "init_weights": "yours.pth"}, "init_weights", "yours.pth"),
        ({"settings": {"init_weights": "mine.pth"}, "init_weights": "random"}, "init_weights", None),
    ],
)
def test_options_win_over_the_file_and_the_file_over_the_size(tmp_path, given, setting, expected):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "resnet18_some.safetensors").touch()
    if "settings" in given:
        (tmp_path / "s.json").write_text(json.dumps(given["settings"]))
        given = {**given, "settings": tmp_path / "s.json"}
    options = {**_NOTHING_GIVEN, "quick": True, "frame": "labels", "seed": 0, **given}
    if setting != "init_weights":  # the embedded target has no folder that weights could lie in
        assert settings_from_options(options, None).chain.training[setting] == expected
        return
    found = settings_from_options(options, tmp_path).chain.training[setting]
    assert found == (expected and expected.replace("DATA", str(tmp_path)))


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("frame", ["labels", "ray"])
def test_real_frames_are_scored_beside_the_published_figures(run, options, real_data, tmp_path, frame):
    arguments = ("--biwi", real_data, "--init", "random", "--methods", "source-only,padaco", "--frame", frame)
    result = run("reproduce", tmp_path / "out", *options, *arguments, "--json", "-q")
    assert result.exit_code == 0, result.output
    table = json.loads(result.output)
    protocol = table["protocol"]
    assert protocol["target pictures"].startswith("251 of 15678 frames of BIWI (sequence 19, frames 0-250")
    assert "15678 of them matched, pictures turned for 5" in protocol["target labels used for matching"]
    assert ("face crops show" in protocol["target labels used for matching"]) == (frame == "ray")
    mean = next(score for score in table["trivial"] if "15678" in score["name"])
    assert mean["mae_deg"] == pytest.approx(14.42, abs=0.01)  # numpy on the label file says the same
