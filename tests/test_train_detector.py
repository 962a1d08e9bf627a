"""The recipe of the bundled detector, in small, and what came of it: it renders, trains, goes on, and bundles."""

import hashlib
import importlib.util
import json
import re
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.heads.library import demo_names, load_recipe, preset_names
from synhead_tools.learning.detection import close_ups
from synhead_tools.learning.detection.checkpoint import load_detector_checkpoint
from synhead_tools.learning.detection.config import DetectionLossConfig, DetectorConfig
from synhead_tools.learning.detection.detect import Detector
from synhead_tools.learning.detection.evaluate_detector import evaluate_detector
from synhead_tools.learning.detection.rendered_scenes import RenderedScenes
from synhead_tools.learning.detection.train_config import DetectorTraining
from synhead_tools.learning.detection.train_loop import DetectorPlan

pytest.importorskip("numba", reason="scenes are rendered by the cpu backend here")

ROOT = Path(__file__).resolve().parents[1]
RECIPE, MODEL = ROOT / "maintainers" / "train_detector", ROOT / "models" / "detector"
MODULES = ("detector_bundle", "detector_recipe", "detector_scenes", "hour_recipe")


@pytest.fixture
def recipe(monkeypatch):
    """The command of the recipe, which has its modules."""
    monkeypatch.syspath_prepend(str(RECIPE))
    spec = importlib.util.spec_from_file_location("train_detector", RECIPE / "__main__.py")
    command = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(command)
    yield command
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def detector():
    return Detector.load(MODEL)


def test_its_hash_is_the_one_that_is_told():
    sha256 = hashlib.sha256((MODEL / "model.safetensors").read_bytes()).hexdigest()
    assert f"`{sha256}`" in (MODEL / "README.md").read_text()
    assert sha256 in re.findall(r"`([0-9a-f]{64})`", (ROOT / "docs" / "models.md").read_text())
    assert sum(file.stat().st_size for file in MODEL.iterdir()) < 3_000_000


def test_it_was_made_by_this_recipe(recipe):
    record = load_detector_checkpoint(MODEL).record
    stages = [*record.data["stages before"]]
    stages.append({"network": asdict(record.network), "losses": record.losses, "training": record.training})
    kinds = {"network": DetectorConfig, "losses": DetectionLossConfig, "training": DetectorTraining}
    # settings that came later have the values that they always had
    told = [DetectorPlan(**{name: kind(**stage[name]) for name, kind in kinds.items()}) for stage in stages]
    assert told == [stage.plan() for stage in recipe.detector_recipe.STAGES]
    assert record.data["licences"] == ["CC0-1.0"]
    source = recipe.detector_scenes.SOURCE
    assert record.data["frames"] == source.parts * source.scenes_per_part


def test_its_people_are_none_of_the_bundled_ones_and_never_held_out(recipe, tmp_path):
    scenes = recipe.detector_scenes
    source, held_out = (
        set(range(each.first_part, each.first_part + each.parts)) for each in (scenes.SOURCE, scenes.HELD_OUT)
    )
    assert not source & held_out
    count = scenes.SOURCE.parts * scenes.CAST
    scenes.build_population(tmp_path / "people", count, scenes.SEED)
    people = {load_recipe(path).sha256() for path in (tmp_path / "people").glob("*.toml")}
    assert len(people) == count
    assert not people & {load_recipe(name).sha256() for name in (*preset_names(), *demo_names())}


def test_poses_show_the_face_at_least_from_the_side(recipe):
    rotmats = recipe.detector_scenes.draw_poses(2000, np.random.default_rng(3))
    assert rotmats.shape == (2000, 3, 3)
    assert -0.05 < rotmats[:, 2, 2].min() < 0.05


def test_it_finds_faces_in_a_scene_that_nobody_has_seen(recipe, detector, tmp_path):
    scenes = recipe.detector_scenes
    unseen = scenes.Set("unseen", first_part=150, parts=1, scenes_per_part=6)
    (dataset,) = scenes.render_sets(tmp_path, 1, lambda line: None, (unseen,))
    report = evaluate_detector(detector, RenderedScenes(dataset), longest_px=512)
    assert report.protocol["faces"] >= 6
    assert report.scores["recall50"] > 0.8
    assert report.scores["points5_nme"] < 0.06
    assert report.scores["landmarks68_nme"] < 0.08


def test_it_finds_nothing_where_nothing_is(detector):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (240, 320, 3), dtype=np.uint8)
    ramp = np.broadcast_to(np.linspace(0, 255, 320).astype(np.uint8)[None, :, None], (240, 320, 3))
    pictures = [noise, np.ascontiguousarray(ramp), np.zeros_like(noise), noise // 16, noise // 4]
    for longest_px in (None, 512, 640):
        assert [len(found) for found in detector.detect(pictures, longest_px=longest_px)] == [0] * len(pictures)


def test_the_hours_recipe_makes_the_same_network_of_the_same_scenes(recipe):
    hour, bundled = recipe.hour_recipe.STAGES, recipe.detector_recipe.STAGES
    assert {stage.plan().network for stage in hour} == {bundled[-1].plan().network}
    assert {stage.scenes for stage in hour} == {bundled[-1].scenes}
    assert sum(stage.plan().training.steps for stage in hour) < sum(stage.plan().training.steps for stage in bundled)
    assert hour[-1].plan().training.blank_share > 0  # else flat and noisy pictures have faces


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "options"), [("detector_recipe", ()), ("hour_recipe", ("--hour", "--workers", "2"))])
def test_the_whole_recipe_in_small(recipe, tmp_path, monkeypatch, capsys, kind, options):
    scenes = recipe.detector_scenes
    source = replace(scenes.SOURCE, parts=2, scenes_per_part=8)
    monkeypatch.setattr(scenes, "HELD_OUT", replace(scenes.HELD_OUT, first_part=2, parts=1, scenes_per_part=6))
    monkeypatch.setattr(recipe, "STATE_EVERY", 2)
    monkeypatch.setattr(close_ups, "MOST", 1)  # an untrained network finds hundreds of faces

    def short(whole):
        plan = whole(3)
        training = replace(plan.training, input_px=128, smallest_px=96, batch_size=2, log_every=1)
        return lambda: replace(plan, training=training)

    stages = tuple(replace(each, plan=short(each.plan), scenes=source) for each in getattr(recipe, kind).STAGES)
    monkeypatch.setattr(getattr(recipe, kind), "STAGES", stages)
    monkeypatch.setattr(recipe.detector_bundle, "MOST_ROUNDING", np.inf)  # scores of an untrained network are noise
    out, model = tmp_path / "out", tmp_path / "model"
    monkeypatch.setattr(sys, "argv", ["train_detector", "--out", str(out), "--model", str(model), *options])
    recipe.main()
    assert len(open_dataset(out / source.name)) == 16
    assert len(open_dataset(out / "held-out")) == 6
    for stage in stages:
        curve = [json.loads(line) for line in (out / f"curve-{stage.name}.jsonl").read_text().splitlines()]
        assert [entry["step"] for entry in curve] == [2, 3]
    first = (model / "model.safetensors").read_bytes()
    assert "held-out scenes scaled to 640 px" in capsys.readouterr().out
    recipe.main()  # everything is there: nothing is rendered or learnt again
    assert (model / "model.safetensors").read_bytes() == first
