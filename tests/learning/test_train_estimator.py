import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from synhead_tools.errors import OutputExistsError, TrainingError
from synhead_tools.learning.adaptation.padaco import Padaco
from synhead_tools.learning.adaptation.source_only import SourceOnly
from synhead_tools.learning.checkpoint import load_checkpoint
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.model import build_network
from synhead_tools.learning.pictures.batches import SourceStream
from synhead_tools.learning.pictures.data import read_crops, read_labelled_crops
from synhead_tools.learning.pose_heads.label_scale import LabelScale
from synhead_tools.learning.stage import Stage, Watch
from synhead_tools.learning.train_estimator import read_training_log, train_estimator
from synhead_tools.learning.training_loop import StageRun
from tests.learning.conftest import make_toy


def test_a_folder_holds_all_of_a_run(tmp_path, small_config):
    source, target = make_toy(40), make_toy(20, "target")
    config = replace(small_config, method="padaco")
    checkpoint = train_estimator(source, tmp_path / "run", config, target=target)
    loaded = load_checkpoint(tmp_path / "run")
    assert loaded.record == checkpoint.record
    assert loaded.record.method == "padaco"
    assert loaded.record.target["dataset"] == "toy target"
    assert TrainConfig.from_json((tmp_path / "run" / "config.json").read_text()) == config
    stages = [line["stage"] for line in read_training_log(tmp_path / "run")]
    assert stages == ["stage1"] * 3 + ["weights"] + ["stage2"] * 3
    assert "rotmat" not in target.reads
    assert load_checkpoint(tmp_path / "run" / "stage1").record.stage == "stage1"

    branch = replace(config, method="dann")
    train_estimator(source, tmp_path / "b", branch, target=target, stage1_checkpoint=tmp_path / "run" / "stage1")
    assert json.loads((tmp_path / "b" / "model.json").read_text())["steps"] == {"stage1": 3, "stage2": 3}
    assert not (tmp_path / "b" / "stage1").exists()

    with pytest.raises(OutputExistsError):
        train_estimator(source, tmp_path / "run", config, target=target)


def test_nothing_is_written_when_the_target_is_missing(tmp_path, small_config):
    with pytest.raises(TrainingError, match="needs target"):
        train_estimator(make_toy(4), tmp_path / "run", replace(small_config, method="dann"))
    with pytest.raises(TrainingError, match="no target"):
        train_estimator(make_toy(4), tmp_path / "run", small_config, report_target_labels=True)
    assert not (tmp_path / "run").exists()


def test_source_only_does_not_open_the_target(tmp_path, small_config):
    target = make_toy(4, "target")
    record = train_estimator(make_toy(20), tmp_path / "run", small_config, target=target).record
    assert target.reads == []
    assert record.target is None


def test_crops_that_were_read_before_stand_for_their_datasets(tmp_path, small_config):
    source, target = make_toy(40), make_toy(20, "target")
    config = replace(small_config, method="padaco")
    train_estimator(source, tmp_path / "datasets", config, target=target)
    crops = read_labelled_crops(source, config.crop_px, config.margin)
    unlabelled = read_crops(target, config.crop_px, config.margin)
    train_estimator(crops, tmp_path / "crops", config, target=unlabelled)
    for name in ("model.safetensors", "model.json", "run.json"):
        assert (tmp_path / "crops" / name).read_bytes() == (tmp_path / "datasets" / name).read_bytes()
    with pytest.raises(TrainingError, match="must carry labels"):
        train_estimator(crops, tmp_path / "o", replace(config, method="oracle"), target=unlabelled)
    with pytest.raises(TrainingError, match="crops have none; give the dataset"):
        train_estimator(crops, tmp_path / "o", config, target=unlabelled, report_target_labels=True)
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("name", ["config.json", "log.jsonl"])
def test_what_is_not_of_a_training_run_is_kept(tmp_path, small_config, name):
    (tmp_path / name).write_text('{"architectures": []}')
    with pytest.raises(OutputExistsError, match=name):
        train_estimator(make_toy(4), tmp_path, small_config)
    assert (tmp_path / name).read_text() == '{"architectures": []}'
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_an_interrupted_run_has_left_holds_nobody_up(tmp_path, small_config):
    (tmp_path / "config.json").write_text(small_config.to_json())
    (tmp_path / "log.jsonl").write_text('{"stage": "stage1"}')
    train_estimator(make_toy(8), tmp_path, small_config)
    assert (tmp_path / "model.json").exists()


def test_an_output_that_is_a_file_is_refused_before_anything_is_read(tmp_path, small_config):
    (tmp_path / "file").write_text("mine")
    source = make_toy(4)
    with pytest.raises(OutputExistsError, match="is a file"):
        train_estimator(source, tmp_path / "file", small_config, overwrite=True)
    assert source.reads == []


@pytest.mark.parametrize("method", ["source-only", "padaco"])
def test_reported_target_labels_reach_the_log_and_nothing_else(tmp_path, small_config, method):
    """The same bytes of model and record with and without; the same log but for the score lines."""
    config = replace(small_config, method=method)
    source = make_toy(24)
    for name, report in (("without", False), ("with", True)):
        target = make_toy(12, "target")
        train_estimator(source, tmp_path / name, config, target=target, report_target_labels=report)
        assert ("rotmat" in target.reads) == report
    for name in ("model.safetensors", "model.json", "stage1/model.safetensors", "run.json"):
        assert (tmp_path / "with" / name).read_bytes() == (tmp_path / "without" / name).read_bytes()
    logs = [
        [{k: v for k, v in line.items() if k != "images_per_s"} for line in read_training_log(tmp_path / name)]
        for name in ("without", "with")
    ]
    scores = [line for line in logs[1] if line["stage"] == "score on target labels"]
    assert [line["after"] for line in scores] == ["stage1", "stage2"]
    assert all(0 < line["target_mae_deg"] < 90 for line in scores)
    assert [line for line in logs[1] if line not in scores] == logs[0]


@pytest.mark.parametrize("weights_every", [0, 3])
def test_the_batch_is_found_again_though_weights_have_changed(small_config, weights_every):
    """What is saved does hold the bad sample, wherever between two log lines it was drawn."""
    config = replace(small_config, method="padaco", batch_size=4, weights_every=weights_every, n_neighbours=40)
    bad, target, kept = read_labelled_crops(make_toy(40), 48), read_crops(make_toy(8, "target"), 48), []
    scale = LabelScale.of(bad.euler_deg.numpy())
    bad.euler_deg[[7, 30]] = float("nan")
    stage = Stage("stage2", 40, 0.0, Padaco(config, 64), "frozen", scale)
    watch = Watch(on_bad_batch=lambda tensors: kept.append(tensors) or "FILE")
    config = replace(config, log_every=20)
    run = StageRun(config, stage, build_network(config), bad, target, np.ones(40), watch)
    with pytest.raises(TrainingError, match=r"loss is nan at stage2 step \d+ of 40 \(its batch is in FILE\)"):
        run.run()
    assert torch.isnan(kept[0]["source/wanted"]).any()
    assert kept[0]["target/pictures"].shape == (4, 3, 32, 32)


def test_the_batch_of_a_loss_that_is_not_finite_is_saved(small_config):
    """Found only at the next log line, named and saved all the same: the step and batch that met the bad sample."""
    source = make_toy(40)
    config = replace(small_config, batch_size=8, stage1_steps=20, log_every=10)
    bad = read_labelled_crops(source, config.crop_px)
    bad.euler_deg[7] = float("nan")
    scale = LabelScale.of(np.delete(bad.euler_deg.numpy(), 7, 0))
    stream, step, batch = SourceStream(bad, scale, config, "stage1"), 0, None
    while batch is None or batch.wanted.isfinite().all():
        step, batch = step + 1, stream.next()
    kept = {}

    def keep(tensors):
        kept.update(tensors)
        return "FILE"

    method = SourceOnly(config, 64)
    stage = Stage("stage1", 20, 0.0, method, "source", scale)
    run = StageRun(config, stage, build_network(config), bad, None, None, Watch(on_bad_batch=keep))
    with pytest.raises(TrainingError, match=rf"loss is nan at stage1 step {step} of 20 \(its batch is in FILE\)"):
        run.run()
    assert torch.equal(kept["source/pictures"], batch.pictures)
    torch.testing.assert_close(kept["source/wanted"], batch.wanted, equal_nan=True, rtol=0, atol=0)
