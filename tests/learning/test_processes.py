import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from synhead_tools.errors import TrainingError
from synhead_tools.learning.checkpoint import load_checkpoint
from synhead_tools.learning.processes import from_all, from_first, mean_over_processes, own_names, own_part
from synhead_tools.learning.train_estimator import read_training_log, train_estimator
from tests.learning.conftest import make_toy

REPOSITORY = Path(__file__).resolve().parents[2]

# What one of two processes does; the first writes what the tests below look at.
PROGRAM = """
import copy, json, sys
from pathlib import Path
import torch
from torch import nn
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pictures.data import read_crops, read_labelled_crops
from synhead_tools.learning.processes import joined_processes, own_number, own_part
from synhead_tools.learning.synchronised_batch_norm import synchronise_batch_norms
from synhead_tools.learning.train_estimator import train_estimator
from synhead_tools.learning.trainer import train
from tests.learning.conftest import make_toy

out, config = Path(sys.argv[1]), TrainConfig.from_json(sys.argv[2])
with joined_processes("cpu") as device:
    source, target = make_toy(40), make_toy(20, "target")
    train_estimator(source, out / "two", config, target=target, device=device, state_every=2)
    states = []
    crops = read_labelled_crops(source, config.crop_px), read_crops(target, config.crop_px)
    whole = train(config, *crops, on_state=lambda state: states.append(copy.deepcopy(state)), state_every=2)
    resumed = [train(config, *crops, resume=state) for state in (states[1], states[-2])]
    same = [
        all(torch.equal(a, b) for a, b in zip(whole.network.state_dict().values(), one.network.state_dict().values()))
        for one in resumed
    ]
    torch.manual_seed(0)
    x = torch.randn(8, 3, 4, 4, requires_grad=True)
    norm = nn.BatchNorm2d(3)
    synchronise_batch_norms(norm)
    y = norm(x[own_part(8)])
    (y * torch.arange(y.numel()).view_as(y)).sum().div(4).backward()
    facts = {"same": same, "y": y.detach().sum(dim=(2, 3)).tolist(), "gradient": x.grad[own_part(8)].tolist(),
             "running_var": norm.running_var.tolist(), "running_mean": norm.running_mean.tolist()}
    (out / f"facts{own_number()}.json").write_text(json.dumps(facts))
"""


@pytest.fixture(scope="module")
def config(small_config):
    """Everything random that a process draws for its own part switched off; what all draw alike left on."""
    return replace(
        small_config, method="padaco", backbone_width=4, stage1_steps=4, stage2_steps=4, discriminator_dropout=0.0,
        augmentation=0.0, random_background=False, lambda_max=1.0, learning_rate=1e-2, stage2_learning_rate=1e-2,
    )  # fmt: skip


@pytest.fixture(scope="module")
def two(config, tmp_path_factory):
    """The folder that two processes have written under torchrun."""
    out = tmp_path_factory.mktemp("two")
    (out / "program.py").write_text(PROGRAM)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    run = subprocess.run(
        [*command, str(out / "program.py"), str(out), config.to_json()],
        cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    return out


def test_two_processes_follow_the_curve_of_one(two, config, tmp_path):
    one = train_estimator(make_toy(40), tmp_path / "one", config, target=make_toy(20, "target"))
    logs = [read_training_log(folder) for folder in (two / "two", tmp_path / "one")]
    assert [line["stage"] for line in logs[0]] == [line["stage"] for line in logs[1]]
    totals = [line["total"] for line in logs[1] if line["stage"] == "stage1"]
    assert max(totals) > 1.03 * min(totals)  # there is a curve to follow
    for mine, other in zip(*logs, strict=True):
        for name in mine.keys() - {"images_per_s", "stage"}:
            assert mine[name] == pytest.approx(other[name], rel=2e-3, abs=1e-4), (mine["stage"], mine["step"], name)
    network = load_checkpoint(two / "two").network.state_dict()
    for name, value in one.network.state_dict().items():
        torch.testing.assert_close(network[name], value, rtol=0.05, atol=5e-3, msg=name)
    assert json.loads((two / "two" / "run.json").read_text())["number of processes"] == 2


def test_two_processes_resume_to_the_same_bits(two):
    assert [json.loads((two / f"facts{i}.json").read_text())["same"] for i in (0, 1)] == [[True, True], [True, True]]


def test_synchronised_batch_norm_is_that_of_the_whole_batch(two):
    torch.manual_seed(0)
    x = torch.randn(8, 3, 4, 4, requires_grad=True)
    norm = nn.BatchNorm2d(3)
    y = norm(x)
    weights = torch.arange(y.numel() // 2).view(4, 3, 4, 4).repeat(2, 1, 1, 1)
    (y * weights).sum().div(4).backward()
    facts = [json.loads((two / f"facts{i}.json").read_text()) for i in (0, 1)]
    torch.testing.assert_close(
        torch.tensor(facts[0]["y"] + facts[1]["y"]), y.detach().sum(dim=(2, 3)), atol=1e-4, rtol=0
    )
    gradient = torch.tensor(facts[0]["gradient"] + facts[1]["gradient"])
    torch.testing.assert_close(gradient, x.grad, rtol=1e-3, atol=1e-3)
    for name in ("running_mean", "running_var"):
        for fact in facts:
            torch.testing.assert_close(torch.tensor(fact[name]), getattr(norm, name))


def test_a_run_of_two_processes_is_not_resumed_by_one(two, config, tmp_path):
    (tmp_path / "run").mkdir()
    for name in ("run.json", "config.json"):
        (tmp_path / "run" / name).write_bytes((two / "two" / name).read_bytes())
    with pytest.raises(TrainingError, match="number of processes"):
        train_estimator(make_toy(40), tmp_path / "run", config, target=make_toy(20, "target"), resume=True)


def test_one_process_is_everything():
    value = torch.tensor([1.0, 3.0])
    assert mean_over_processes(value) is value
    assert (from_first("a"), from_all("a"), own_names()) == ("a", ["a"], ())
    assert range(10)[own_part(10)] == range(10)
