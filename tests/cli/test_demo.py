"""The whole chain by one command, at toy size; `make demo` and `make real` run it at theirs."""

import json
from dataclasses import replace

import pytest
from PIL import Image

from synhead_tools.cli import demo_run
from synhead_tools.cli.chain import Run

TINY = {"input_px": 32, "batch_size": 8, "stage1_steps": 3, "stage2_steps": 2, "backbone_width": 8, "log_every": 1}


@pytest.fixture
def tiny(monkeypatch):
    """Both settings of the command, shrunk to two heads, a few poses and a few steps."""
    for name in ("EMBEDDED", "REAL"):
        settings = replace(
            getattr(demo_run, name), heads="f01,m01", size_px=64, ranges=("0", "-40:40:40", "0"), tracks=1,
            track_frames=4, max_targets=5, training=TINY,
            runs=(Run("without", "source-only"), Run("with", "padaco")),
        )  # fmt: skip
        monkeypatch.setattr(demo_run, name, settings)
    monkeypatch.setattr(demo_run, "TARGET_FRAMES_PER_HEAD", 3)


def test_the_chain_ends_with_a_table_and_a_sheet(run, tiny, tmp_path):
    out = tmp_path / "demo"
    result = run("demo", out, "--seeds", 2, "-q")
    assert result.exit_code == 0, result.output
    for word in (
        "Protocol:",
        "target images used for training: no",
        "predict zero",
        "without",
        "with, aligned *",
        "+-",
    ):
        assert word in result.output
    assert str(out / "contact_sheet.png") in result.output
    assert Image.open(out / "contact_sheet.png").height == 2 * (160 + 14)
    reports = json.loads((out / "result.json").read_text())["reports"]
    assert [len(reports[name]) for name in ("without", "with")] == [2, 2]
    assert reports["with"][0]["protocol"]["target_labels_used_for_training_or_matching"] is True
    assert reports["with"][0]["scores"][0]["frames"] == 9


def test_an_earlier_run_or_a_foreign_folder_is_left_alone(run, tiny, tmp_path):
    foreign = tmp_path / "mine"
    foreign.mkdir()
    (foreign / "thesis.tex").write_text("years of work")
    for options in ((), ("--overwrite",)):
        result = run("demo", foreign, "-q", *options)
        assert result.exit_code == 1
        assert "not made by this command" in result.output
    assert (foreign / "thesis.tex").read_text() == "years of work"


def test_data_without_its_parts_are_named_before_anything_is_written(run, tmp_path):
    result = run("demo", tmp_path / "out", "--data", tmp_path)
    assert result.exit_code == 1
    assert "biwi_frames" in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.real
def test_the_chain_on_real_frames_says_what_it_used(run, tiny, monkeypatch, real_data, tmp_path):
    monkeypatch.setattr(demo_run, "weights_beside", lambda data: None)  # they fit the full network only
    result = run("demo", tmp_path / "real", "--data", real_data, "-q", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.output)["reports"]["with"][0]
    assert report["protocol"]["subset"] == "sequence 19, frames 0-250 (251 of 502)"
    assert report["protocol"]["target_images_used_for_training"].startswith("yes (BIWI")
    assert report["protocol"]["calibrated"] is True
    names = {entry["name"]: entry for entry in report["scores"]}
    mean = next(entry for name, entry in names.items() if name.startswith("predict the mean of all"))
    assert mean["mae_deg"] == pytest.approx(14.42, abs=0.01)  # numpy on the label file says the same
