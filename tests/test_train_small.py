"""The recipe of the bundled estimator, in small: it renders, trains, goes on, and bundles."""

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.euler import euler_from_rotmat
from synhead_tools.heads.library import demo_names, load_recipe, preset_names

pytest.importorskip("numba", reason="frames are rendered by the cpu backend here")

RECIPE = Path(__file__).resolve().parents[1] / "maintainers" / "train_small"
MODEL = RECIPE.parents[1] / "models" / "small"


@pytest.fixture
def recipe(monkeypatch):
    """The modules of the recipe: command, frames, bundle."""
    monkeypatch.syspath_prepend(str(RECIPE))
    spec = importlib.util.spec_from_file_location("train_small", RECIPE / "__main__.py")
    command = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(command)
    yield command, command.frames, command.bundle
    for name in ("frames", "bundle"):
        sys.modules.pop(name, None)


def test_poses_reach_as_far_as_they_are_said_to_and_show_the_face(recipe):
    _, frames, _ = recipe
    rotmats = frames.draw_poses(4000, np.random.default_rng(3))
    facing = rotmats[:, 2, 2]
    assert rotmats.shape == (4000, 3, 3)
    assert -0.2 < facing.min() < -0.1  # a little beyond the profile
    pitch, yaw, roll = np.abs(euler_from_rotmat(rotmats[facing > 0], "biwi+")).T
    assert 85 < yaw.max() <= 90.01
    assert 65 < pitch.max() <= 70.01
    assert 36 < roll.max() <= 40.01
    assert 0.3 < (yaw < 28).mean() < 0.6  # 0.28 of those that are drawn evenly, two thirds of the others


def test_the_bundled_model_was_made_by_this_recipe(recipe):
    command, frames, _ = recipe
    made = json.loads((MODEL / "model.json").read_text())
    assert made["config"].items() >= {"seed": 0, "head": "rot6d", "init_weights": None}.items()
    wanted = command.CONFIG.to_dict()
    assert {name: wanted[name] for name in made["config"] if name in wanted} == made["config"]
    frames_made = frames.SOURCE.parts * frames.SOURCE.heads_per_part * frames.SOURCE.poses
    assert made["source"]["frames"] == frames_made


def test_people_of_the_recipe_are_none_of_the_bundled_ones(recipe, tmp_path):
    _, frames, _ = recipe
    frames.build_population(tmp_path / "people", frames.PEOPLE, frames.SEED)
    people = {load_recipe(path).sha256() for path in (tmp_path / "people").glob("*.toml")}
    assert len(people) == frames.PEOPLE
    assert not people & {load_recipe(name).sha256() for name in (*preset_names(), *demo_names())}


@pytest.mark.slow
def test_the_whole_recipe_in_small(recipe, tmp_path, monkeypatch, capsys):
    command, frames, _ = recipe
    small = {"heads_per_part": 1, "poses": 8}
    monkeypatch.setattr(frames, "SOURCE", replace(frames.SOURCE, parts=2, **small))
    monkeypatch.setattr(frames, "HELD_OUT", replace(frames.HELD_OUT, first_part=2, parts=1, **small))
    monkeypatch.setattr(frames, "PEOPLE", 3)
    monkeypatch.setattr(command, "CONFIG", replace(command.CONFIG, stage1_steps=3, batch_size=8, log_every=1))
    monkeypatch.setattr(
        sys, "argv", ["train_small", "--out", str(tmp_path / "out"), "--model", str(tmp_path / "model")]
    )
    command.main()
    source, held_out = (open_dataset(tmp_path / "out" / name) for name in ("source", "held-out"))
    assert set(source.manifest.heads) == {"p0000", "p0001"}
    assert set(held_out.manifest.heads) == {"p0002"}
    assert len(source) == 16
    first = (tmp_path / "model" / "model.safetensors").read_bytes()
    assert "held-out people" in capsys.readouterr().out
    command.main()  # everything is there: nothing is rendered or learnt again
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == first
