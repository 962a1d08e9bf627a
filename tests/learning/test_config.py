import subprocess
import sys

import pytest

from synhead_tools.errors import SynheadError, TrainingError, UnknownNameError
from synhead_tools.learning.config import TrainConfig


def test_json_round_trip_keeps_every_setting():
    config = TrainConfig(method="dann", seed=7, margin=1.25, init_weights="w.safetensors", random_background=False)
    assert TrainConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    "change",
    [
        {"batch_size": 1}, {"batch_size": 8.0}, {"batch_size": True}, {"learning_rate": -1e-3}, {"learning_rate": "1"},
        {"learning_rate": float("nan")}, {"bn_mode": "adabn"}, {"schedule": "step"}, {"seed": -1}, {"input_px": 63},
        {"margin": 1.01}, {"lambda_max": float("inf")},
    ],
    ids=str,
)  # fmt: skip
def test_bad_values_are_named_on_one_line(change):
    with pytest.raises(TrainingError) as caught:
        TrainConfig(**change)
    message = str(caught.value)
    assert "\n" not in message
    assert next(iter(change)) in message


def test_unknown_names_are_refused_with_a_hint():
    with pytest.raises(UnknownNameError, match="padaco"):
        TrainConfig(method="padacco")
    with pytest.raises(UnknownNameError, match="resnet18"):
        TrainConfig(backbone="resnet19")
    with pytest.raises(TrainingError, match="did you mean 'learning_rate'"):
        TrainConfig.from_dict({"learning_rat": 1.0})


@pytest.mark.parametrize("text", ["", "[1]", "{'a': 1}"])
def test_what_is_no_settings_object_is_refused(text):
    with pytest.raises(SynheadError):
        TrainConfig.from_json(text)


def test_settings_need_no_torch():
    probe = "import sys, synhead_tools.learning.config; print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


@pytest.mark.parametrize(
    "text",
    ["[" * 100000, '{"seed": ' + "9" * 5000 + "}", '{"method": ["padaco"]}', '{"backbone": {}}', '{"init_weights": 5}',
     '{"random_background": "no"}'],
)  # fmt: skip
def test_hostile_settings_are_refused_in_one_line(text):
    with pytest.raises(SynheadError) as caught:
        TrainConfig.from_json(text)
    assert "\n" not in str(caught.value)
