"""The models that come with synhead: that they are the ones described, free to ship, and still read faces."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors

from synhead_tools.errors import CheckpointError
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.library import demo_names
from synhead_tools.learning.bundled_models import BUNDLED_MODELS, bundled_models, models_dir
from synhead_tools.learning.load_estimator import load_estimator

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 3_000_000

FRESH_POSES_DEG = [(p, y, r) for p in (-25, 0, 25) for y in (-60, -25, 10, 45) for r in (-15, 10)]
"""Pitch, yaw, roll under `biwi+`."""


@pytest.fixture(params=BUNDLED_MODELS)
def folder(request):
    return bundled_models()[request.param]


def test_weights_are_the_ones_that_table_and_documents_name(folder):
    sha256 = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert BUNDLED_MODELS[folder.name] == sha256
    for document in (folder / "README.md", ROOT / "docs" / "models.md"):
        assert sha256 in document.read_text(), document.name


def test_a_model_is_small_and_names_no_place_on_any_machine(folder):
    files = [folder / name for name in ("model.safetensors", "model.json", "README.md")]
    assert sorted(files) == sorted(folder.iterdir())
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
    texts = [file.read_text() for file in files[1:]]
    with safetensors.safe_open(str(files[0]), framework="np") as weights:
        texts.append(json.dumps(weights.metadata() or {}))
    for text in texts:
        assert not re.search(r"/(?:home|root|tmp|Users|work|opt)\b", text)


def test_nothing_but_free_heads_went_into_a_model(folder):
    record = json.loads((folder / "model.json").read_text())
    assert record["source"]["licences"] == ["CC0-1.0"]
    assert record["source"]["dataset"] == "SynHead"
    assert "target_poses" not in record["source"]
    assert record["target"] is None
    assert record["target_labels_used"] is False
    assert record["config"]["init_weights"] is None


@pytest.fixture(scope="module")
def fresh_frames(tmp_path_factory):
    """Three people whom no model was trained on, in light of their own."""
    pytest.importorskip("numba", reason="frames are rendered by the cpu backend here")
    from synhead_tools.rendering.plan import RenderPlan
    from synhead_tools.rendering.render_dataset import render_dataset

    rotmats = rotmat_from_euler(np.array(FRESH_POSES_DEG, float), "biwi+")
    plan = RenderPlan(
        demo_names(), rotmats, size_px=128, picture_to_box=1.9, lighting="sh", backend="cpu", seed=77,
        distance_jitter=0.1, offset_jitter=0.05,
    )  # fmt: skip
    return open_dataset(render_dataset(plan, tmp_path_factory.mktemp("fresh") / "frames"))


def test_small_reads_fresh_faces_and_keeps_left_and_right_apart(fresh_frames):
    small = load_estimator("small")
    true = fresh_frames.read("rotmat")
    crops = small.read_crops(fresh_frames)
    errors_deg = geodesic_distance_deg(small.predict(crops), true)
    assert np.mean(errors_deg) < 8.0
    assert np.percentile(errors_deg, 90) < 16.0
    assert np.mean(geodesic_distance_deg(small.predict(crops, flip_average=True), true)) < 8.0


def test_small_bears_the_boxes_of_other_detectors(fresh_frames):
    small = load_estimator("small")
    pictures = list(fresh_frames.read("image"))
    box = np.asarray(fresh_frames.read("face_box_xyxy"), float)
    centre, half = (box[:, :2] + box[:, 2:]) / 2, (box[:, 2:] - box[:, :2]) / 2
    intrinsics = fresh_frames.read("intrinsics")
    for factor, shift in ((0.88, 0.0), (1.2, 0.0), (1.0, 0.1)):
        moved = centre + shift * half
        boxes = np.concatenate([moved - factor * half, moved + factor * half], axis=1)
        crops = small.crop_pictures(pictures, boxes, intrinsics=intrinsics)
        errors_deg = geodesic_distance_deg(small.predict(crops), fresh_frames.read("rotmat"))
        assert np.mean(errors_deg) < 12.0, (factor, shift)


def test_an_installed_package_has_the_models_inside(tmp_path):
    command = [sys.executable, "setup.py", "--quiet", "build_py", "--build-lib", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    for name in BUNDLED_MODELS:
        for file in ("model.safetensors", "model.json"):
            assert (tmp_path / "synhead_tools" / "models" / name / file).read_bytes() == (
                models_dir() / name / file
            ).read_bytes()
    assert (tmp_path / "synhead_tools" / "meshes" / "assets" / "geometry.npz").is_file()


def test_models_elsewhere_and_none_at_all(monkeypatch, tmp_path):
    monkeypatch.setenv("SYNHEAD_MODELS", str(tmp_path))
    assert bundled_models()["small"] == tmp_path / "small"
    monkeypatch.setenv("SYNHEAD_MODELS", str(tmp_path / "nowhere"))
    with pytest.raises(CheckpointError, match="SYNHEAD_MODELS"):
        bundled_models()


def test_a_name_that_nobody_bears_is_answered_with_those_there_are():
    with pytest.raises(CheckpointError, match="small"):
        load_estimator("smal")
