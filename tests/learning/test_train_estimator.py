import json
from dataclasses import replace

import pytest

from synhead_tools.errors import OutputExistsError, TrainingError
from synhead_tools.learning.checkpoint import load_checkpoint
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.train_estimator import read_training_log, train_estimator
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
    assert not (tmp_path / "run").exists()


def test_source_only_does_not_open_the_target(tmp_path, small_config):
    target = make_toy(4, "target")
    record = train_estimator(make_toy(20), tmp_path / "run", small_config, target=target).record
    assert target.reads == []
    assert record.target is None


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
