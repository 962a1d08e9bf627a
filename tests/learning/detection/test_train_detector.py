import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from synhead_tools.errors import CheckpointError, OutputExistsError, TrainingError
from synhead_tools.learning.detection.checkpoint import load_detector_checkpoint, save_detector_checkpoint
from synhead_tools.learning.detection.config import DetectionLossConfig, DetectorConfig
from synhead_tools.learning.detection.detect import Detector
from synhead_tools.learning.detection.evaluate_detector import evaluate_detector
from synhead_tools.learning.detection.train import train_retinaface
from synhead_tools.learning.detection.train_config import DetectorTraining
from synhead_tools.learning.detection.train_loop import DetectorPlan, initial_network, train_detector

LITTLE = DetectorConfig(
    backbone="mobilenet0.25", backbone_width=4, channels=24, slope=0.1, deformable=False, finest_stride=16, mesh_rank=6
)
LOSSES = DetectionLossConfig(force_best=True, regression_iou=0.5, mesh_weight=1.0)


def plan(**changes):
    settings = {
        "input_px": 64,
        "batch_size": 4, "steps": 90, "optimiser": "adamw", "learning_rate": 0.01,
        "weight_decay": 0.0, "schedule": "warmup-cosine", "crop_least": 1.0, "augmentation": 0.0,
        "flip_probability": 0.0, "precision": "float32",
    }  # fmt: skip
    return DetectorPlan(LITTLE, LOSSES, DetectorTraining(**{**settings, **changes}))


@pytest.fixture(scope="module")
def trained(four_scenes, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "model"
    train_retinaface(four_scenes, out, plan())
    return out


def test_a_little_network_learns_four_pictures(trained, four_scenes):
    detector = Detector.load(trained)
    report = evaluate_detector(detector, four_scenes, regions=True)
    assert report.scores["ap50"] > 0.95
    assert report.scores["points5_nme"] < 0.12
    assert report.scores["landmarks68_nme"] < 0.12
    assert report.scores["pose_geodesic_deg"] < 16
    assert report.parts["region IoU"]["nose"] > 0.25
    assert report.protocol["faces"] == 4
    assert json.loads(report.to_json())["scores"]["recall50"] > 0.7
    answers = detector.detect([scene.image for scene in four_scenes], longest_px=None, score_threshold=0.3)
    assert len(answers[2]) == 0
    assert answers[2].records() == []
    right, left = answers[0].points5[0, :2]
    assert right[0] < left[0]


def test_answers_do_not_depend_on_batches_or_company(trained, four_scenes):
    detector = Detector.load(trained)
    images = [four_scenes[0].image, np.zeros((30, 50, 3), np.uint8), four_scenes[3].image]
    together = detector.detect(images, longest_px=None)
    alone = [detector.detect([image], longest_px=None, batch_size=1)[0] for image in images]
    for a, b in zip(together, alone, strict=True):
        np.testing.assert_allclose(a.boxes_xyxy, b.boxes_xyxy, atol=1e-3)
        np.testing.assert_allclose(a.mesh, b.mesh, atol=1e-3)


def test_a_larger_picture_of_the_same_is_answered_in_its_own_pixels(trained, four_scenes):
    detector = Detector.load(trained)
    twice = np.kron(four_scenes[0].image, np.ones((2, 2, 1), np.uint8))
    (small,), (large,) = (
        detector.detect([image], longest_px=64, score_threshold=0.3) for image in (four_scenes[0].image, twice)
    )
    nearest = np.abs(large.boxes_xyxy - 2 * small.boxes_xyxy[0]).max(axis=1).argmin()
    np.testing.assert_allclose(large.boxes_xyxy[nearest], 2 * small.boxes_xyxy[0], atol=12)
    np.testing.assert_allclose(large.mesh[nearest], 2 * small.mesh[0], atol=20)
    boxes = detector.find_faces(twice)
    assert boxes.ndim == 2
    assert boxes.shape[1] == 4


def test_settings_of_detect_are_checked(trained):
    detector = Detector.load(trained)
    assert detector.detect([]) == []
    for options in ({"longest_px": 3}, {"score_threshold": 2}, {"nms_iou": -1}, {"border": float("nan")}):
        with pytest.raises(TrainingError, match=next(iter(options))):
            detector.detect([np.zeros((8, 8, 3), np.uint8)], **options)


def test_the_same_run_gives_the_same_bytes_also_after_a_break(four_scenes, tmp_path):
    settings = {"steps": 6, "batch_size": 2, "crop_least": 0.5, "augmentation": 1.0, "flip_probability": 0.5}
    short = plan(**settings)
    whole = tmp_path / "whole"
    train_retinaface(four_scenes, whole, short, state_every=3)

    class StopError(Exception):
        pass

    def stop(entry):
        raise StopError

    broken = tmp_path / "broken"
    every_3 = plan(**settings, log_every=3)
    with pytest.raises(StopError):  # at the first log line, after three steps and before their state is kept
        train_retinaface(four_scenes, broken, every_3, state_every=1, log=stop)
    assert (broken / "resume.safetensors").exists()
    with pytest.raises(OutputExistsError, match="--resume"):
        train_retinaface(four_scenes, broken, every_3)
    with pytest.raises(TrainingError, match="learning_rate = "):
        train_retinaface(four_scenes, broken, plan(**settings, log_every=3, learning_rate=0.5), resume=True)
    with pytest.raises(TrainingError, match="pictures"):
        train_retinaface(four_scenes[:2], broken, every_3, resume=True)
    train_retinaface(four_scenes, broken, every_3, resume=True)
    assert (broken / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert not (broken / "resume.safetensors").exists()
    again = train_retinaface(four_scenes, broken, every_3, resume=True)  # finished: left as it is
    assert again.record.steps == 6


def test_a_detector_goes_on_from_another(trained, four_scenes, tmp_path):
    still = plan(steps=1, learning_rate=0.0)
    train_retinaface(four_scenes, tmp_path / "more", still, initial_weights=str(trained))
    before, after = (load_detector_checkpoint(folder).network for folder in (trained, tmp_path / "more"))
    for name, parameter in before.named_parameters():
        assert torch.equal(parameter, after.get_parameter(name))
    wider = replace(still, network=replace(LITTLE, channels=32))
    with pytest.raises(CheckpointError, match="has shape"):
        train_retinaface(four_scenes, tmp_path / "wider", wider, initial_weights=str(trained))


def test_whoever_watches_sees_the_network_at_every_state_and_changes_nothing(four_scenes, tmp_path):
    seen = []

    def watch(step, network):
        seen.append((step, network.points.levels[0].weight.detach().clone()))

    short = plan(steps=4, batch_size=2)
    trained = train_retinaface(four_scenes, tmp_path / "watched", short, state_every=2, watch=watch)
    assert [step for step, _ in seen] == [0, 2, 4]
    assert not torch.equal(seen[0][1], seen[1][1])
    assert torch.equal(seen[2][1], trained.network.points.levels[0].weight)
    train_retinaface(four_scenes, tmp_path / "alone", short, state_every=2)
    files = (tmp_path / name / "model.safetensors" for name in ("watched", "alone"))
    assert len({file.read_bytes() for file in files}) == 1


def test_checkpoints_say_what_they_are(trained, tmp_path):
    checkpoint = load_detector_checkpoint(trained / "model.json")
    assert checkpoint.record.network == LITTLE
    assert checkpoint.record.losses == LOSSES.to_dict()
    assert checkpoint.record.data == {"pictures": 4}
    with pytest.raises(OutputExistsError):
        save_detector_checkpoint(trained, checkpoint)
    half = save_detector_checkpoint(tmp_path / "half", checkpoint, precision="float16")
    ratio = (half / "model.safetensors").stat().st_size / (trained / "model.safetensors").stat().st_size
    assert 0.45 < ratio < 0.7
    a, b = checkpoint.network, load_detector_checkpoint(half).network
    x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(a(x).points, b(x).points, rtol=0.1, atol=0.05)


def _edit(folder, **changes):
    path = folder / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda f: (f / "model.json").write_text("{"), "not JSON"),
        (lambda f: (f / "model.json").write_text("[]"), "not the record"),
        (lambda f: _edit(f, format="synhead estimator"), "not the record"),
        (lambda f: _edit(f, format_version=9), "format version 9"),
        (lambda f: _edit(f, network={"backbone": "vgg"}), "unknown detector backbone"),
        (lambda f: _edit(f, network={"channels": 1024, "mesh_vertices": 100_000}), "of different networks"),
        (lambda f: _edit(f, image_mean=[0, 0, 0]), "image_mean"),
        (lambda f: _edit(f, steps="x"), "steps"),
        (lambda f: (f / "model.safetensors").write_bytes(b"x"), "not the file that"),
        (lambda f: (f / "model.safetensors").unlink(), "no weights file"),
    ],
)
def test_damaged_checkpoints_are_refused_in_one_line(trained, tmp_path, damage, complaint):
    folder = save_detector_checkpoint(tmp_path / "copy", load_detector_checkpoint(trained))
    damage(folder)
    with pytest.raises(CheckpointError, match=complaint) as caught:
        load_detector_checkpoint(folder)
    assert "\n" not in str(caught.value)


def test_an_estimators_folder_is_no_detector(trained):
    from synhead_tools.learning.checkpoint import load_checkpoint

    with pytest.raises(CheckpointError, match="not the record of a synhead estimator"):
        load_checkpoint(trained)


def test_a_loss_that_is_not_finite_ends_the_run(four_scenes):
    network = initial_network(plan())
    with torch.no_grad():
        network.fpn.lateral[0][0].weight[0] = torch.inf
    with pytest.raises(TrainingError, match="at detector step 1 of 90; lower the learning rate"):
        train_detector(plan(log_every=2), four_scenes, network=network)


def test_the_published_schedule():
    settings = DetectorTraining(steps=80, learning_rate=1e-2)
    rates = [settings.learning_rate * settings.rate_factor(epoch) for epoch in (0, 5, 54, 55, 67, 68, 79)]
    np.testing.assert_allclose(rates, [1e-3, 1e-2, 1e-2, 1e-3, 1e-3, 1e-4, 1e-4])


def test_no_pictures_no_training():
    with pytest.raises(TrainingError, match="no pictures"):
        train_detector(plan(steps=1), [])
