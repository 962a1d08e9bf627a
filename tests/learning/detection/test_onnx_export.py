import numpy as np
import onnx
import pytest
import torch

from synhead_tools.errors import CheckpointError, OutputExistsError
from synhead_tools.learning.detection.detect import Detector
from synhead_tools.learning.detection.load_detector import load_detector
from synhead_tools.learning.detection.onnx_detector import OnnxDetector, is_onnx_detector
from synhead_tools.learning.detection.onnx_export import export_detector
from synhead_tools.learning.detection.onnx_parity import check_detector_parity
from synhead_tools.learning.onnx.declaration_file import declares_detector, read_declaration
from tests.learning.detection.random_detectors import picture, random_network, write_detector
from tests.learning.tiny_onnx import channel_means, written


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = write_detector(tmp_path_factory.mktemp("detector") / "model", random_network(mesh_rank=3))
    detector = load_detector(folder)
    return detector, export_detector(detector, folder.parent / "a.onnx", licence="CC0", threads=None)


@pytest.mark.parametrize("options", [{"longest_px": 150}, {"longest_px": 96, "border": 0.5}, {"longest_px": None}])
def test_the_exported_detector_is_used_as_the_checkpoint_is(exported, options):
    own, done = exported
    pictures = [picture(size, number) for number, size in enumerate([(60, 80), (200, 90), (60, 80), (60, 80)])]
    limits = {"score_threshold": 0.5, "nms_iou": 0.3, "close_up_score": None, "batch_size": 2}
    expected = own.detect(pictures, **limits, **options)
    for name in (done.onnx_path, done.toml_path):
        for mine, found in zip(expected, load_detector(name).detect(pictures, **limits, **options), strict=True):
            np.testing.assert_allclose(found.scores, mine.scores, atol=1e-5)
            np.testing.assert_allclose(found.boxes_xyxy, mine.boxes_xyxy, atol=2e-3, rtol=1e-5)
            np.testing.assert_allclose(found.points5, mine.points5, atol=2e-3, rtol=1e-5)
            np.testing.assert_allclose(found.mesh, mine.mesh, atol=2e-3, rtol=1e-5)
    assert max(map(len, expected)) > 3


def test_files_say_what_they_are(exported):
    _, done = exported
    model = onnx.load(done.onnx_path)
    told = {entry.key.removeprefix("synhead."): entry.value for entry in model.metadata_props}
    assert told["kind"] == "face detector"
    assert told["licence"] == "CC0"
    assert told["training_data"] == "nothing"
    assert is_onnx_detector(done.onnx_path)
    assert declares_detector(done.toml_path)
    with pytest.raises(CheckpointError, match="declares a face detector.*synhead detect"):
        read_declaration(done.toml_path)
    assert done.parity.largest_px < 1e-3
    assert done.parity.largest_score < 1e-5
    assert done.parity.answers > 2000
    assert done.bytes == done.onnx_path.stat().st_size


def test_the_same_checkpoint_makes_the_same_files_and_nothing_is_overwritten(exported, tmp_path):
    detector, done = exported
    again = export_detector(detector, tmp_path / "a.onnx", licence="CC0", threads=None)
    assert again.onnx_path.read_bytes() == done.onnx_path.read_bytes()
    assert again.toml_path.read_bytes() == done.toml_path.read_bytes()
    with pytest.raises(OutputExistsError, match="--overwrite"):
        export_detector(detector, tmp_path / "a.onnx")
    with pytest.raises(CheckpointError, match="ONNX model already"):
        export_detector(load_detector(again.onnx_path), tmp_path / "b.onnx")
    with pytest.raises(CheckpointError, match="something.onnx"):
        export_detector(detector, tmp_path / "b.pt")


@pytest.mark.parametrize("place", ["second.boxes.levels.0.bias", "points.levels.0.bias", "mesh.basis.bias"])
def test_a_small_difference_stops_the_export(exported, place):
    """A hundredth of an anchor's size in one number of one output."""
    detector, done = exported
    network = random_network(mesh_rank=3)
    with torch.no_grad():
        dict(network.named_parameters())[place][0] += 0.01
    with pytest.raises(CheckpointError, match="differs from the checkpoint by up to"):
        check_detector_parity(OnnxDetector.load(done.onnx_path), Detector(network))
    assert check_detector_parity(OnnxDetector.load(done.onnx_path), detector).largest_px < 1e-3


def test_weights_that_are_no_numbers_are_not_exported(exported, tmp_path):
    network = random_network(mesh_rank=3)
    network.points.levels[0].bias.data[0] = float("nan")
    with pytest.raises(CheckpointError, match="differs"):
        export_detector(Detector(network), tmp_path / "a.onnx", threads=None)
    assert list(tmp_path.iterdir()) == []


def test_other_models_and_damaged_ones_are_refused(exported, tmp_path):
    estimator = written(tmp_path, model=channel_means(np.eye(3))) / "model.onnx"
    with pytest.raises(CheckpointError, match="no face detector that synhead has exported"):
        load_detector(estimator)
    for data in (b"", exported[1].onnx_path.read_bytes()[:-50]):
        (tmp_path / "cut.onnx").write_bytes(data)
        with pytest.raises(CheckpointError):
            load_detector(tmp_path / "cut.onnx")
    with pytest.raises(CheckpointError, match="none.onnx"):
        load_detector(tmp_path / "none.onnx")
