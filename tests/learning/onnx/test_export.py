import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper

from synhead_tools.errors import CheckpointError, OutputExistsError
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.learning.backbones import BACKBONES
from synhead_tools.learning.checkpoint import load_checkpoint
from synhead_tools.learning.load_estimator import load_estimator
from synhead_tools.learning.onnx.export import export_onnx
from synhead_tools.learning.onnx.graph import OPSET, graph_crop
from synhead_tools.learning.onnx.latency import measure_latency
from synhead_tools.learning.onnx.parity import check_parity, trial_pictures

VARIANTS = {
    "angles": ({"head": "euler"}, {}),
    "6d, uint8, crops off the pixel grid": (
        {"head": "rot6d", "input_px": 30, "ray_frame": False}, {"takes_uint8": True}
    ),
}  # fmt: skip
OFF_GRID, OFF_GRID_PX = tuple(VARIANTS)[1], 45


@pytest.fixture(scope="module")
def exported(random_checkpoint, tmp_path_factory):
    """Each variant's estimator, and what was exported of it."""
    made = {}
    for name, (network, options) in VARIANTS.items():
        estimator = load_estimator(random_checkpoint(**network))
        out = tmp_path_factory.mktemp("exported") / "model.onnx"
        made[name] = estimator, export_onnx(estimator, out, licence="CC0", threads=None, **options)
    return made


@pytest.mark.parametrize("name", VARIANTS)
def test_the_exported_model_answers_as_the_checkpoint_through_its_toml(name, exported, toy_target):
    estimator, done = exported[name]
    again = load_estimator(done.toml_path)
    assert again.ray_frame == estimator.ray_frame
    for options in ({}, {"flip_average": True}, {"ray_rule": False}):
        expected = estimator.predict(estimator.read_crops(toy_target), **options)
        found = again.predict(again.read_crops(toy_target), **options)
        differences = np.abs(found - expected).max(axis=(1, 2))
        # cut out of the picture at once or out of a wider crop, a pixel may be rounded to its neighbour, 1/255 away
        assert (differences < 2e-5).mean() > 0.9
        assert differences.max() < 2e-3
    assert np.ptp(expected, axis=0).max() > 0.01  # pictures make a difference at all
    told, known = again.describe(), estimator.describe()
    for key in ("method", "steps", "seed", "target_labels_used_for_training_or_matching"):
        assert told[key] == known[key]
    assert told["licence"] == "CC0"


@pytest.mark.parametrize("name", VARIANTS)
def test_one_file_holds_everything_and_says_what_it_is(name, exported):
    estimator, done = exported[name]
    assert sorted(path.name for path in done.onnx_path.parent.iterdir()) == ["model.onnx", "model.toml"]
    model = onnx.load(done.onnx_path, load_external_data=False)
    onnx.checker.check_model(model, full_check=True)
    assert [entry.version for entry in model.opset_import] == [OPSET]
    assert all(tensor.data_location == onnx.TensorProto.DEFAULT for tensor in model.graph.initializer)
    weights = sum(numpy_helper.to_array(tensor).size for tensor in model.graph.initializer)
    parameters = sum(p.numel() for p in estimator.network.parameters())
    assert 0.9 < weights / parameters < 1.3
    told = {entry.key.removeprefix("synhead."): entry.value for entry in model.metadata_props}
    assert told["licence"] == "CC0"
    assert told["frame"] == ("ray" if estimator.ray_frame else "camera")
    assert json.loads(told["source"]) == {"dataset": "toy", "subset": "all"}
    assert "face box" in told["crop"]
    assert told["convention"] == "biwi+"
    assert b"/home/" not in done.onnx_path.read_bytes()
    assert b".py" not in done.onnx_path.read_bytes()  # where in which file of this machine each node came from


def test_any_number_of_pictures_at_a_time(exported):
    _, done = exported[OFF_GRID]
    session = onnxruntime.InferenceSession(str(done.onnx_path), providers=["CPUExecutionProvider"])
    pictures = trial_pictures(OFF_GRID_PX)
    whole = session.run(["rotmat"], {"picture": pictures})[0]
    assert whole.shape == (len(pictures), 3, 3)
    for batch in (1, 5):
        np.testing.assert_allclose(session.run(["rotmat"], {"picture": pictures[:batch]})[0], whole[:batch], atol=1e-5)


def test_angles_come_out_beside_the_rotation(exported):
    """The network's own outputs, read as its convention says, are the rotation."""
    _, done = exported["angles"]
    session = onnxruntime.InferenceSession(str(done.onnx_path), providers=["CPUExecutionProvider"])
    noise = np.random.default_rng(0).normal(0, 1, (6, 3, 32, 32)).astype(np.float32)
    rotmat, euler_deg = session.run(["rotmat", "euler_deg"], {"picture": noise})
    np.testing.assert_allclose(rotmat_from_euler(euler_deg.astype(float), "biwi+"), rotmat, atol=1e-5)
    assert np.ptp(euler_deg, axis=0).max() > 1


@pytest.mark.slow
def test_the_same_checkpoint_makes_the_same_bytes(exported, tmp_path):
    estimator, done = exported["angles"]
    again = export_onnx(estimator, tmp_path / "model.onnx", licence="CC0", threads=None)
    assert again.onnx_path.read_bytes() == done.onnx_path.read_bytes()
    assert again.toml_path.read_bytes() == done.toml_path.read_bytes()


def test_parity_is_measured_and_can_fail(exported, random_checkpoint):
    _, done = exported["angles"]
    assert 0 <= done.parity.largest_deg < 1e-3
    assert done.parity.largest_difference < 1e-5
    assert done.parity.pictures == len(trial_pictures(48))
    other = load_checkpoint(random_checkpoint(head="euler", seed=1))
    with pytest.raises(CheckpointError, match="differs from the checkpoint"):
        check_parity(done.onnx_path.read_bytes(), other, takes_uint8=False)


def test_a_small_difference_is_found_too(exported, random_checkpoint):
    """Half a degree in one bias."""
    estimator, done = exported["angles"]
    checkpoint = load_checkpoint(random_checkpoint(head="euler"))
    with torch.no_grad():
        checkpoint.network.pose_head.bias[0] += 0.5 / checkpoint.record.label_std_deg[0]
    with pytest.raises(CheckpointError, match=r"0\.\d+ degrees"):
        check_parity(done.onnx_path.read_bytes(), checkpoint, takes_uint8=False)


def test_the_crop_of_the_graph(random_checkpoint):
    def crop(input_px, margin=1.5):
        return graph_crop(load_checkpoint(random_checkpoint(input_px=input_px, margin=margin)).record)

    assert crop(32) == (32, 1.0)
    assert crop(30) == (45, 1.5)
    assert crop(34) == (51, 1.5)
    assert crop(32, 1.0) == (32, 1.0)


def test_latency_is_timed_per_batch_size(exported):
    _, done = exported[OFF_GRID]
    found = measure_latency(done.onnx_path.read_bytes(), OFF_GRID_PX, takes_uint8=True, threads=1)
    assert [(entry.batch, entry.threads) for entry in found] == [(1, 1), (32, 1)]
    assert all(entry.median_ms > 0 and entry.runs >= 5 and "1 thread" in str(entry) for entry in found)
    assert found[1].median_ms > found[0].median_ms
    assert done.latency == ()


def test_what_cannot_be_exported(exported, tmp_path):
    estimator, done = exported["angles"]
    with pytest.raises(CheckpointError, match=r"something\.onnx"):
        export_onnx(estimator, tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match="ONNX model already"):
        export_onnx(load_estimator(done.toml_path), tmp_path / "a.onnx")
    (tmp_path / "b.toml").write_text("mine")
    with pytest.raises(OutputExistsError, match=r"b\.toml"):
        export_onnx(estimator, tmp_path / "b.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["b.toml"]


@pytest.mark.slow
@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_backbone_is_exported(backbone, random_checkpoint, tmp_path):
    width = 4 if backbone.startswith("resnet") else 16
    estimator = load_estimator(random_checkpoint(backbone=backbone, head="rot6d", width=width))
    done = export_onnx(estimator, tmp_path / "a.onnx", threads=None)
    assert done.parity.largest_deg < 0.01


def test_one_file_that_cannot_be_written_leaves_neither(exported, tmp_path):
    (tmp_path / "m.toml").mkdir()
    with pytest.raises(OutputExistsError, match=r"m\.toml is a folder"):
        export_onnx(exported["angles"][0], tmp_path / "m.onnx", threads=None, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["m.toml"]
