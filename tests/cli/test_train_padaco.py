import json

import pytest

from synhead_tools.cli.train_padaco import HEADS, PLACEMENTS
from synhead_tools.cli.train_padaco import METHODS as NAMES
from synhead_tools.learning.adaptation import METHODS
from synhead_tools.learning.pictures import placement
from synhead_tools.learning.pose_heads import POSE_HEADS


def test_the_choices_are_the_table():
    assert set(NAMES) == set(METHODS)
    assert set(HEADS) == set(POSE_HEADS)
    assert PLACEMENTS == placement.PLACEMENTS


@pytest.fixture(scope="module")
def model(run, chain, tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "model"
    settings = out.parent / "settings.json"
    settings.write_text(json.dumps({"backbone_width": 8, "discriminator_width": 16, "n_neighbours": 3}))
    result = run(
        "train-padaco", chain / "matched" / "synhead++", chain / "synhead+", out, "--settings", settings,
        "--stage1-steps", 4, "--stage2-steps", 3, "--input-px", 32, "--batch-size", 8, "--json", "-q",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    return out


def test_both_stages_are_run_and_logged(model):
    record = json.loads((model / "model.json").read_text())
    assert (record["method"], record["stage"]) == ("padaco", "final")
    assert record["target_labels_used"] is True  # it descends from a set that was matched to ground truth
    stages = {json.loads(line)["stage"] for line in (model / "log.jsonl").read_text().splitlines()}
    assert {"stage1", "weights", "stage2"} <= stages
    assert (model / "stage1" / "model.safetensors").stat().st_size > 1000


@pytest.mark.parametrize(
    ("options", "expected"), [((), ("source-only", 7)), (("--seed", 3, "--method", "dann"), ("dann", 3))]
)
def test_settings_of_the_file_hold_unless_the_command_line_says_otherwise(run, chain, tmp_path, options, expected):
    few = {"backbone_width": 4, "input_px": 16, "batch_size": 2, "stage1_steps": 1, "stage2_steps": 1, "log_every": 1}
    (tmp_path / "s.json").write_text(json.dumps({**few, "method": "source-only", "seed": 7}))
    result = run(
        "train-padaco", chain / "synhead+", chain / "synhead+", tmp_path / "m", "--settings", tmp_path / "s.json",
        "-q", *options,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "m" / "model.json").read_text())
    assert (record["method"], record["config"]["seed"]) == expected


@pytest.fixture
def few(tmp_path):
    """Settings of the smallest run there is."""
    values = {"backbone_width": 4, "batch_size": 2, "stage1_steps": 2, "stage2_steps": 2, "log_every": 1}
    (tmp_path / "few.json").write_text(json.dumps({**values, "input_px": 16, "discriminator_width": 8}))
    return "--settings", tmp_path / "few.json", "-q"


def test_a_finished_run_resumes_to_itself_and_other_settings_are_refused(run, chain, tmp_path, few):
    command = ("train-padaco", chain / "synhead+", chain / "synhead+", tmp_path / "m", *few, "--resume")
    assert run(*command).exit_code == 0
    before = (tmp_path / "m" / "model.safetensors").read_bytes()
    assert run(*command).exit_code == 0
    assert (tmp_path / "m" / "model.safetensors").read_bytes() == before
    other = run(*command, "--lambda-max", 0.7)
    assert other.exit_code == 1
    assert "begun with lambda_max = 0.1, this run asks for 0.7" in other.output
    assert len(other.output.strip().splitlines()) == 1


def test_target_labels_are_used_where_asked_for_and_said(run, chain, tmp_path, few):
    result = run(
        "train-padaco", chain / "synhead+", chain / "synhead+", tmp_path / "m", *few, "--method", "oracle",
        "--head", "rot6d", "--report-target-labels", "--placement", "streamed", "--scratch", tmp_path,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "m" / "model.json").read_text())
    assert (record["target_labels_used"], record["head"]) == (True, "rot6d")
    assert "score on target labels" in (tmp_path / "m" / "log.jsonl").read_text()
    protocol = json.loads(run("evaluate", tmp_path / "m", chain / "synhead+", "--json").output)["protocol"]
    assert protocol["method"] == "oracle"
    assert protocol["target_labels_used_for_training_or_matching"] is True


def test_evaluate_prints_protocol_and_baselines(run, model, chain):
    result = run("evaluate", model, chain / "synhead+", "--reference", chain / "synhead")
    assert result.exit_code == 0, result.output
    for word in ("Protocol:", "biwi+", "target labels used", "predict zero", "predict the mean of", "yaw bin"):
        assert word in result.output
    as_json = json.loads(run("evaluate", model, chain / "synhead+", "--json").output)
    assert as_json["scores"][0]["frames"] == as_json["protocol"]["frames"]


def test_an_estimator_is_not_overwritten_unasked(run, model, chain):
    before = (model / "model.safetensors").read_bytes()
    result = run("train-padaco", chain / "synhead+", chain / "synhead+", model)
    assert result.exit_code == 1
    assert "--overwrite" in result.output
    assert (model / "model.safetensors").read_bytes() == before


def test_a_folder_without_an_estimator_is_refused(run, chain, tmp_path):
    result = run("evaluate", tmp_path, chain / "synhead+")
    assert result.exit_code == 1
    assert str(tmp_path) in result.output


@pytest.mark.parametrize("text", ["{", "[]", '{"metod": "padaco"}', '{"batch_size": -1}'])
def test_bad_settings_are_named(run, chain, tmp_path, text):
    (tmp_path / "s.json").write_text(text)
    result = run(
        "train-padaco", chain / "synhead+", chain / "synhead+", tmp_path / "m", "--settings", tmp_path / "s.json"
    )
    assert result.exit_code == 1
    assert not (tmp_path / "m").exists()
