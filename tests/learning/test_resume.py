import copy
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from synhead_tools.errors import CheckpointError, OutputExistsError, SynheadError, TrainingError
from synhead_tools.learning.adaptation import METHODS
from synhead_tools.learning.pictures.data import read_crops, read_labelled_crops
from synhead_tools.learning.train_estimator import read_training_log, train_estimator
from synhead_tools.learning.trainer import train
from synhead_tools.learning.training_state import TrainingState, read_state, write_state
from tests.learning.conftest import ToySource, make_toy

REPOSITORY = Path(__file__).resolve().parents[2]


class Killed(BaseException):
    """Not an Exception: nothing on the way may take it for an error to be handled."""


@pytest.fixture(scope="module")
def domains():
    return make_toy(40), make_toy(20, "target")


@pytest.fixture(scope="module")
def config(small_config):
    """States fall within log lines; the BatchNorm mode that has most to restore; weights made again on the way."""
    return replace(
        small_config, method="padaco", stage1_steps=5, stage2_steps=5, log_every=2, bn_mode="separate", weights_every=3
    )


def _without_speed(out):
    return [{k: v for k, v in line.items() if k != "images_per_s"} for line in read_training_log(out)]


def _kill_at_entry(count):
    seen = []

    def log(entry):
        seen.append(entry)
        if len(seen) == count:
            raise Killed

    return log


@pytest.fixture(scope="module")
def straight(domains, config, tmp_path_factory):
    out = tmp_path_factory.mktemp("straight") / "run"
    train_estimator(domains[0], out, config, target=domains[1])
    return out


@pytest.mark.parametrize(("entries", "every"), [((1,), 1), ((3, 2), 1), ((4,), 3), ((2, 4), 2), ((6,), 100)])
def test_a_killed_run_ends_as_if_it_had_never_stopped(straight, domains, config, tmp_path, entries, every):
    """Log lines: stage 1's steps 2, 4, 5; the weights; stage 2's steps 2, (weights again) 4, 5."""
    out, options = tmp_path / "run", {"target": domains[1], "state_every": every}
    for count in entries:
        torch.rand(3)
        with pytest.raises(Killed):
            train_estimator(domains[0], out, config, resume=True, log=_kill_at_entry(count), **options)
    train_estimator(domains[0], out, config, resume=True, **options)
    for name in ("model.safetensors", "model.json", "stage1/model.safetensors", "stage1/model.json", "config.json"):
        assert (out / name).read_bytes() == (straight / name).read_bytes(), name
    assert _without_speed(out) == _without_speed(straight)
    assert (out / "log.csv").read_text().count("\n") == len(read_training_log(out)) + 1
    assert not (out / "resume.safetensors").exists()


def test_a_process_killed_outright_is_resumed_by_another(straight, config, tmp_path):
    """SIGKILL at whatever step the run has reached by then."""
    out = tmp_path / "run"
    program = f"""
        import time
        from synhead_tools.learning.config import TrainConfig
        from synhead_tools.learning.train_estimator import train_estimator
        from tests.learning.conftest import ToySource, make_toy
        train_estimator(make_toy(40), {str(out)!r}, TrainConfig.from_json({config.to_json()!r}),
                        target=make_toy(20, "target"), resume=True, state_every=1,
                        log=lambda entry: time.sleep(SECONDS))
    """

    def start(seconds):
        text = textwrap.dedent(program).replace("SECONDS", str(seconds))
        return subprocess.Popen(
            [sys.executable, "-c", text],
            cwd=REPOSITORY,
            env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
        )

    first = start(60)
    while not (out / "log.jsonl").is_file() or not (out / "log.jsonl").read_text():
        assert first.poll() is None
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert not (out / "model.json").exists()
    assert start(0).wait() == 0
    assert (out / "model.safetensors").read_bytes() == (straight / "model.safetensors").read_bytes()
    assert _without_speed(out) == _without_speed(straight)


@pytest.fixture
def interrupted(domains, config, tmp_path):
    out = tmp_path / "run"
    with pytest.raises(Killed):
        train_estimator(domains[0], out, config, target=domains[1], log=_kill_at_entry(2), state_every=1)
    return out


def test_an_interrupted_run_is_neither_forgotten_nor_changed(domains, config, interrupted):
    before = (interrupted / "resume.safetensors").read_bytes()
    with pytest.raises(OutputExistsError, match="--resume"):
        train_estimator(domains[0], interrupted, config, target=domains[1])
    with pytest.raises(TrainingError, match=r"begun with lambda_max = 0.1, this run asks for 0.2"):
        train_estimator(domains[0], interrupted, replace(config, lambda_max=0.2), target=domains[1], resume=True)
    other = make_toy(40, seed=1)
    with pytest.raises(TrainingError, match="source data"):
        train_estimator(other, interrupted, config, target=domains[1], resume=True)
    with pytest.raises(TrainingError, match="target data"):
        train_estimator(domains[0], interrupted, config, target=make_toy(20, "target", seed=1), resume=True)
    assert (interrupted / "resume.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda out: (out / "resume.safetensors").write_bytes(b"x"), "cannot be read"),
        (lambda out: (out / "log.jsonl").write_text(""), "log.jsonl has 0 bytes"),
        (lambda out: (out / "run.json").write_text("[]"), "does not describe a training run"),
    ],
)
def test_a_damaged_run_is_named_on_one_line(domains, config, interrupted, damage, complaint):
    damage(interrupted)
    with pytest.raises(CheckpointError, match=complaint) as caught:
        train_estimator(domains[0], interrupted, config, target=domains[1], resume=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: replace(s, step=99),
        lambda s: replace(s, tensors={k: v for k, v in s.tensors.items() if k != "process 0/source/left"}),
        lambda s: replace(s, tensors={**s.tensors, "process 0/source/left": torch.tensor([40])}),
        lambda s: replace(s, tensors={**s.tensors, "process 0/random/cpu": torch.zeros(3, dtype=torch.uint8)}),
        lambda s: replace(s, tensors={**s.tensors, "optimiser/0/exp_avg": torch.zeros(3)}),
        lambda s: replace(s, tensors={**s.tensors, "network/pose_head.bias": torch.zeros(4)}),
        lambda s: replace(s, facts={}),
    ],
)
def test_a_state_that_does_not_fit_is_named_on_one_line(domains, config, interrupted, change):
    path = interrupted / "resume.safetensors"
    write_state(path, change(read_state(path)))
    with pytest.raises(SynheadError) as caught:
        train_estimator(domains[0], interrupted, config, target=domains[1], resume=True)
    assert "\n" not in str(caught.value)
    assert path.exists()


def test_a_finished_run_is_left_as_it_is(straight, domains, config):
    before = {path: path.stat().st_mtime_ns for path in straight.rglob("*") if path.is_file()}
    assert train_estimator(domains[0], straight, config, target=domains[1], resume=True).record.stage == "final"
    assert {path: path.stat().st_mtime_ns for path in straight.rglob("*") if path.is_file()} == before


def test_overwriting_leaves_no_old_model_beside_a_new_log(domains, small_config, tmp_path):
    out = tmp_path / "run"
    train_estimator(domains[0], out, small_config)
    with pytest.raises(Killed):
        train_estimator(domains[0], out, replace(small_config, seed=1), overwrite=True, log=_kill_at_entry(1))
    assert len(read_training_log(out)) == 1
    assert not list(out.rglob("model.*"))
    assert json.loads((out / "config.json").read_text())["seed"] == 1


def _begin_without_weights(out, source, config):
    train_estimator(source, out, replace(config, init_weights="nowhere.pth"), overwrite=True)


def _begin_from_another_network(out, source, config):
    other = replace(config, backbone_width=4)
    train_estimator(source, out, other, stage1_checkpoint=out / "stage1", overwrite=True)


def _begin_with_one_pose(out, source, config):
    table = {name: source.read(name) for name in source.columns if name != "intrinsics"}
    table["rotmat"] = np.repeat(table["rotmat"][:1], len(source), 0)
    train_estimator(ToySource(table), out, config, overwrite=True)


@pytest.mark.parametrize("begin", [_begin_without_weights, _begin_from_another_network, _begin_with_one_pose])
def test_a_run_that_cannot_begin_removes_nothing(domains, small_config, tmp_path, begin):
    out = tmp_path / "run"
    train_estimator(domains[0], out, small_config)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(SynheadError):
        begin(out, domains[0], small_config)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_resuming_and_overwriting_exclude_each_other(domains, small_config, tmp_path):
    with pytest.raises(OutputExistsError, match="exclude each other"):
        train_estimator(domains[0], tmp_path / "run", small_config, resume=True, overwrite=True)


def test_half_a_file_of_a_killed_run_is_removed(domains, config, interrupted):
    (interrupted / ".resume.safetensors.0123abcd.tmp").write_bytes(b"half")
    train_estimator(domains[0], interrupted, config, target=domains[1], resume=True)
    assert not [path for path in interrupted.rglob("*") if path.name.startswith(".")]


def test_two_runs_into_one_folder_are_refused(domains, small_config, tmp_path):
    def second(entry):
        with pytest.raises(OutputExistsError, match="another run"):
            train_estimator(domains[0], tmp_path / "run", small_config, overwrite=True)

    train_estimator(domains[0], tmp_path / "run", small_config, log=second)


def test_a_state_round_trips(tmp_path):
    tensors = {"a/b": torch.randn(2, 3), "a/c": torch.tensor(7), "left": torch.empty(0, dtype=torch.int64)}
    write_state(tmp_path / "s.safetensors", TrainingState("stage2", 12, tensors, {"log_bytes": 3}))
    state = read_state(tmp_path / "s.safetensors")
    assert (state.stage, state.step, state.facts) == ("stage2", 12, {"log_bytes": 3})
    assert state.tensors.keys() == tensors.keys()
    assert all(torch.equal(state.tensors[key], value) for key, value in tensors.items())
    assert set(state.part("a")) == {"b", "c"}


@pytest.mark.parametrize("bn_mode", ["frozen", "joint"])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_goes_on_from_any_state(domains, config, method, bn_mode):
    config = replace(config, method=method, bn_mode=bn_mode, stage1_steps=1, stage2_steps=4, pada_threshold_deg=90.0)
    read = read_labelled_crops if METHODS.load(method).uses_target_labels else read_crops
    crops, states = (read_labelled_crops(domains[0], 48), read(domains[1], 48)), []
    whole = train(config, *crops, on_state=lambda state: states.append(copy.deepcopy(state)), state_every=1)
    assert [(state.stage, state.step) for state in states] == [("stage1", 0), ("stage1", 1)] + [
        ("stage2", step) for step in range(5)
    ]
    for state in (states[0], states[3], states[5]):
        again = train(config, *crops, resume=state)
        assert again.record == whole.record
        for name, value in again.network.state_dict().items():
            assert torch.equal(value, whole.network.state_dict()[name]), name
