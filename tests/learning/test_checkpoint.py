import json
import os

import pytest
import torch

from synhead_tools.errors import CheckpointError, OutputExistsError
from synhead_tools.learning.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from synhead_tools.learning.pictures.data import read_crops, read_labelled_crops
from synhead_tools.learning.predict import Estimator
from synhead_tools.learning.trainer import train


@pytest.fixture(scope="module")
def trained(toy_source, small_config):
    return train(small_config, read_labelled_crops(toy_source, small_config.crop_px))


@pytest.fixture
def folder(trained, tmp_path):
    return save_checkpoint(tmp_path / "model", trained)


def test_round_trip_gives_the_same_predictions_and_record(trained, folder, toy_target):
    loaded = load_checkpoint(folder)
    assert loaded.record == trained.record
    crops = read_crops(toy_target, 48)
    first, second = (Estimator(checkpoint).predict(crops) for checkpoint in (trained, loaded))
    assert (first == second).all()
    assert load_checkpoint(folder / "model.json").record == trained.record
    assert not [path for path in folder.iterdir() if path.suffix == ".tmp"]


def test_the_same_model_gives_the_same_bytes(trained, folder, tmp_path):
    again = save_checkpoint(tmp_path / "again", trained)
    for name in ("model.safetensors", "model.json"):
        assert (again / name).read_bytes() == (folder / name).read_bytes()


def test_nothing_is_overwritten_unasked(trained, folder):
    with pytest.raises(OutputExistsError):
        save_checkpoint(folder, trained)
    save_checkpoint(folder, trained, overwrite=True)


def _edit(folder, **changes):
    path = folder / "model.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, **changes}))


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda f: (f / "model.json").unlink(), "no checkpoint record"),
        (lambda f: (f / "model.json").write_text("{"), "not JSON"),
        (lambda f: (f / "model.json").write_text("[]"), "not the record"),
        (lambda f: _edit(f, format_version=99), "99"),
        (lambda f: _edit(f, label_std_deg=[1, 0, 1]), "label_std_deg"),
        (lambda f: _edit(f, label_mean_deg=[1, 2]), "label_mean_deg"),
        (lambda f: _edit(f, input_px="64"), "input_px"),
        (lambda f: _edit(f, convention="hopenet"), "convention"),
        (lambda f: _edit(f, image_std=[1.0, 1.0, 1.0]), "image_std"),
        (lambda f: _edit(f, backbone_width=16), "shape"),
        (lambda f: _edit(f, backbone_width=4096), "backbone_width"),
        (lambda f: _edit(f, label_mean_deg=[10**400] * 3), "label_mean_deg"),
        (lambda f: _edit(f, margin="x"), "margin"),
        (lambda f: _edit(f, margin=0), "margin"),
        (lambda f: _edit(f, margin=float("nan")), "margin"),
        (lambda f: _edit(f, backbone=["resnet18"]), "backbone"),
        (lambda f: _edit(f, backbone="vgg"), "unknown backbone"),
        (lambda f: _edit(f, config=5), "config"),
        (lambda f: _edit(f, head="quaternion"), "unknown pose head"),
        (lambda f: _edit(f, head=6), "head"),
        (lambda f: _edit(f, steps=None), "steps"),
        (lambda f: _edit(f, steps={}), "steps"),
        (lambda f: _edit(f, target=[]), "target"),
        (lambda f: _edit(f, target_labels_used="no"), "target_labels_used"),
        (lambda f: (f / "model.json").write_text("[" * 100000), "not JSON"),
        (lambda f: (f / "model.json").write_text('{"a": ' + "9" * 5000 + "}"), "not JSON"),
        (lambda f: ((f / "model.json").unlink(), os.mkfifo(f / "model.json")), "not a regular file"),
        (lambda f: (f / "model.safetensors").unlink(), "no weights file"),
        (lambda f: (f / "model.safetensors").write_bytes(b"x"), "not the file"),
    ],
)
def test_damage_is_named_on_one_line(folder, damage, complaint):
    damage(folder)
    with pytest.raises(CheckpointError, match=complaint) as caught:
        load_checkpoint(folder)
    assert "\n" not in str(caught.value)


def test_a_record_from_before_there_were_several_heads_is_read(trained, folder):
    path = folder / "model.json"
    values = json.loads(path.read_text())
    assert values.pop("head") == "euler"
    path.write_text(json.dumps(values))
    assert load_checkpoint(folder).record == trained.record


def test_weights_that_are_not_finite_are_refused(trained, tmp_path):
    network = load_checkpoint(save_checkpoint(tmp_path / "a", trained)).network
    with torch.no_grad():
        network.pose_head.bias[1] = float("inf")
    folder = save_checkpoint(tmp_path / "b", Checkpoint(network, trained.record))
    with pytest.raises(CheckpointError, match="pose_head.bias"):
        load_checkpoint(folder)


def test_half_precision_halves_the_file_and_hardly_moves_an_answer(trained, folder, toy_target, tmp_path):
    half = save_checkpoint(tmp_path / "half", trained, half=True)
    assert (half / "model.safetensors").stat().st_size < 0.56 * (folder / "model.safetensors").stat().st_size
    loaded = load_checkpoint(half)
    assert all(value.dtype != torch.float16 for value in loaded.network.state_dict().values())
    statistics = [key for key in trained.network.state_dict() if "running" in key]
    assert statistics
    for key in statistics:
        assert torch.equal(loaded.network.state_dict()[key], trained.network.state_dict()[key])
    crops = read_crops(toy_target, 48)
    exact, rounded = (Estimator(checkpoint).predict(crops) for checkpoint in (trained, loaded))
    assert 0 < abs(exact - rounded).max() < 0.02
