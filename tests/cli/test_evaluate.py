import json
import subprocess
import sys

import numpy as np
import pytest

from synhead_tools.learning.onnx.declaration_file import declaration_to_toml
from tests.learning.tiny_onnx import channel_means, declared, written


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Two ONNX models with their declarations; the answers hang on the mean colour."""
    folder = tmp_path_factory.mktemp("models")
    written(folder, first=channel_means(np.eye(3) / 20), second=channel_means(np.eye(3) / 9, [-5, 3, 0]))
    for seed, name in enumerate(("first", "second")):
        training = {"seed": seed, "recipe": "r"}
        (folder / f"{name}.toml").write_text(declaration_to_toml(declared(name, training=training)))
    return folder


def test_one_model_is_reported_in_full(run, models, chain):
    result = run("evaluate", models / "first.toml", chain / "synhead+")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].startswith("Protocol: dataset:")
    assert "model: tiny" in lines[0]
    for start in ("estimator ", "estimator, mean rotation removed", "estimator, with the ray rule", "predict zero"):
        assert any(line.startswith(start) for line in lines), start
    assert any(line.startswith("estimator, calibrated on 5 labelled frames") for line in lines)
    assert any(line.startswith("pitch bin") for line in lines)
    assert any(line.startswith("subject") for line in lines)


def test_json_of_one_model_is_the_same_report(run, models, chain):
    report = json.loads(run("evaluate", models / "first.onnx", chain / "synhead+", "--json").output)
    assert set(report) == {"protocol", "scores", "variants", "parts"}
    score = report["scores"][0]
    assert score["mae_deg"] == pytest.approx(np.mean([score[f"{name}_mae_deg"] for name in ("pitch", "yaw", "roll")]))
    assert score["geodesic_median_deg"] <= score["geodesic_p95_deg"]


def test_several_models_stand_side_by_side(run, models, chain, tmp_path):
    result = run(
        "evaluate", models / "first.toml", models / "second.toml", chain / "synhead+", "--plots", tmp_path / "plots",
        "-q",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert any(line.startswith("  mean of 2 seeds: first") for line in lines)
    assert {path.name for path in (tmp_path / "plots").iterdir()} >= {"cumulative_error.png", "worst-second.png"}
    both = (models / "first.toml", models / "second.toml")
    told = json.loads(run("evaluate", *both, chain / "synhead+", "--json", "-q").output)
    assert [entry["model"] for entry in told["models"]] == ["first", "second"]
    mae = [entry["scores"][0]["mae_deg"] for entry in told["models"]]
    assert told["groups"][0]["mae_deg"]["mean"] == pytest.approx(np.mean(mae))


def test_models_are_told_apart_by_what_was_typed(run, models, chain):
    first = models / "first.toml"
    told = json.loads(run("evaluate", first, first.with_suffix(".onnx"), first, chain / "synhead+", "--json").stdout)
    assert [entry["model"] for entry in told["models"]] == [str(first), str(first.with_suffix(".onnx")), f"{first} (2)"]


def test_plots_are_not_written_over_and_nothing_is_left_of_a_failure(run, models, chain, tmp_path):
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "mine.txt").touch()
    result = run("evaluate", models / "first.toml", chain / "synhead+", "--plots", tmp_path / "plots", "--overwrite")
    assert result.exit_code == 1
    assert "mine.txt, which is no plot" in result.output
    result = run("evaluate", models / "none.toml", chain / "synhead+", "--plots", tmp_path / "new")
    assert result.exit_code == 1
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("model", ["none.toml", "none.onnx", "no-such-model"])
def test_a_model_that_is_not_there_is_named_in_one_line(run, chain, tmp_path, model):
    result = run("evaluate", tmp_path / model, chain / "synhead+")
    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1
    assert "none.toml" in result.output or "no-such-model" in result.output


def test_a_model_without_data_is_a_usage_error(run, models):
    assert run("evaluate", models).exit_code == 2


def test_a_missing_package_is_named_with_its_extra(models, chain):
    code = (
        "import sys; sys.modules['onnxruntime'] = None; from synhead_tools.cli.main import main; "
        f"sys.argv = ['synhead', 'evaluate', {str(models / 'first.toml')!r}, {str(chain / 'synhead+')!r}]; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "Error: onnxruntime is not installed; pip install 'synhead-tools[export]'\n"


def test_a_model_in_the_place_of_the_dataset_is_told(run, models, chain):
    for last in (models / "first.toml", models / "first.onnx"):
        result = run("evaluate", chain / "synhead+", last)
        assert result.exit_code == 2
        assert "DATASET comes last" in result.output


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--overwrite",), "--overwrite means nothing here"),
        (("--onnx-folder", "."), "--onnx-folder means nothing here"),
    ],
)
def test_options_that_would_do_nothing_are_refused(run, chain, tmp_path, options, word):
    result = run("evaluate", tmp_path, chain / "synhead+", *options)
    assert result.exit_code == 2
    assert word in result.output


def test_a_face_detector_is_not_scored_by_options_of_estimators(run, tmp_path):
    (tmp_path / "detector").mkdir()
    (tmp_path / "detector" / "model.json").write_text(json.dumps({"format": "synhead face detector"}))
    result = run("evaluate", tmp_path / "detector", tmp_path, "--plots", tmp_path / "plots")
    assert result.exit_code == 2
    assert "--plots means nothing here" in result.output
    assert not (tmp_path / "plots").exists()
