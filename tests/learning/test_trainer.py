from dataclasses import replace

import numpy as np
import pytest
import torch

from synhead_tools.errors import TrainingError
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.learning.adaptation import METHODS
from synhead_tools.learning.adaptation.source_only import SourceOnly
from synhead_tools.learning.model import build_network
from synhead_tools.learning.pictures.data import read_crops, read_labelled_crops
from synhead_tools.learning.pose_heads.label_scale import LabelScale
from synhead_tools.learning.predict import predict_crop_rotmat
from synhead_tools.learning.scores.metrics import mean_absolute_errors_deg
from synhead_tools.learning.stage import Stage, Watch
from synhead_tools.learning.trainer import train
from synhead_tools.learning.training_loop import StageRun


@pytest.fixture(scope="module")
def source(toy_source):
    return read_labelled_crops(toy_source, 48)


@pytest.fixture(scope="module")
def target(toy_target):
    return read_crops(toy_target, 48)


@pytest.fixture(scope="module")
def target_for(toy_target):
    """The target as a method may see it."""
    return lambda method, **rows: _reader(method)(toy_target, 48, **rows)


def _reader(method):
    return read_labelled_crops if METHODS.load(method).uses_target_labels else read_crops


def _same_weights(first, second):
    pairs = zip(first.network.state_dict().items(), second.network.state_dict().items(), strict=True)
    return all(key == other and torch.equal(a, b) for (key, a), (other, b) in pairs)


@pytest.mark.parametrize(("method", "head"), [*((method, "euler") for method in METHODS), ("padaco", "rot6d")])
def test_every_method_overfits_sixteen_samples(toy_source, target_for, small_config, method, head):
    """At least four times better on its training set than the mean predictor."""
    config = replace(
        small_config, method=method, head=head, backbone_width=16, pada_threshold_deg=90.0,
        stage1_steps=60, stage2_steps=25, learning_rate=3e-3,
        augmentation=0.0, flip_probability=0.0, turn_deg=0.0, crop_scale_jitter=0.0, crop_shift_jitter=0.0,
        random_background=False,
    )  # fmt: skip
    if method == "oracle":  # its sixteen are the target's, which stage 1 has not seen
        config = replace(config, stage2_steps=60, stage2_learning_rate=3e-3)
    few = read_labelled_crops(toy_source, 48, rows=np.arange(16))
    target = target_for(method, rows=np.arange(16))
    checkpoint = train(config, few, target)
    few = target if method == "oracle" else few
    answers = predict_crop_rotmat(checkpoint.network, few, checkpoint.record.label_scale, 32, 1.5)
    error = mean_absolute_errors_deg(answers, few.crop_rotmat).mean()
    triples = few.euler_deg.numpy()
    assert error < np.abs(triples - triples.mean(0)).mean() / 4


@pytest.mark.parametrize("method", METHODS)
def test_same_seed_same_weights_and_other_seed_other_weights(source, target_for, small_config, method):
    config, target = replace(small_config, method=method), target_for(method)
    first = train(config, source, target)
    torch.rand(7)  # the state of torch's global generator must not matter
    assert _same_weights(first, train(config, source, target))
    assert not _same_weights(first, train(replace(config, seed=1), source, target))


@pytest.mark.parametrize("bn_mode", ["frozen", "source"])
def test_padaco_with_all_neighbours_and_lambda_zero_is_source_only(source, target, small_config, bn_mode):
    lines = {"padaco": [], "source-only": []}
    config = replace(small_config, n_neighbours=10**6, lambda_max=0.0, bn_mode=bn_mode, log_every=1)
    results = [train(replace(config, method=m), source, target, log=log.append) for m, log in lines.items()]
    assert _same_weights(*results)
    steps = {m: [line for line in log if line["stage"] == "stage2"] for m, log in lines.items()}
    assert [x["regression"] for x in steps["padaco"]] == [x["total"] for x in steps["source-only"]]
    weights = next(line for line in lines["padaco"] if line["stage"] == "weights")
    assert weights["effective_sample_size"] == len(source)


def test_padaco_is_not_source_only_otherwise(source, target, small_config):
    runs = [train(replace(small_config, method=m, n_neighbours=3), source, target) for m in ("padaco", "source-only")]
    assert not _same_weights(*runs)
    assert runs[0].record.effective_sample_size < len(source) / 2


@pytest.mark.parametrize("method", ["dann", "padaco"])
def test_branching_from_a_saved_stage1_equals_running_through(source, target, small_config, method):
    config = replace(small_config, method=method)
    kept = []
    through = train(config, source, target, on_stage1=kept.append)
    before = {key: value.clone() for key, value in kept[0].network.state_dict().items()}
    assert _same_weights(through, train(config, source, target, stage1=kept[0]))
    after = kept[0].network.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_a_labelled_target_is_refused(source, small_config):
    with pytest.raises(TrainingError, match="must not carry labels"):
        train(replace(small_config, method="dann"), source, source)


def test_only_the_oracle_takes_target_labels_and_its_record_says_so(source, target, toy_target, small_config):
    assert [name for name in METHODS if METHODS.load(name).uses_target_labels] == ["oracle"]
    config = replace(small_config, method="oracle")
    with pytest.raises(TrainingError, match="must carry labels"):
        train(config, source, target)
    record = train(config, source, read_labelled_crops(toy_target, 48)).record
    assert record.target_labels_used
    assert record.method == "oracle"
    assert record.target["dataset"] == "toy target"
    assert not train(replace(config, method="dann"), source, target).record.target_labels_used


def test_pada_with_equal_weights_is_dann(source, target, small_config):
    """Every source sample at the same distance counts the same; then only the threshold's size is left of PADA."""
    config = replace(small_config, method="pada", pada_threshold_deg=180.0)
    same = replace_labels(source, np.repeat(source.crop_rotmat[:1], len(source), 0))
    stage1 = train(replace(small_config, stage2_steps=0), source)
    runs = [train(replace(config, method=m), same, target, stage1=stage1) for m in ("pada", "dann")]
    for mine, other in zip(*(run.network.state_dict().values() for run in runs), strict=True):
        torch.testing.assert_close(mine, other)
    assert runs[0].record.effective_sample_size == pytest.approx(len(source))


def replace_labels(crops, crop_rotmat):
    """The same pictures with other rotations as far as weights are made from them."""
    return replace(crops, crop_rotmat=crop_rotmat)


def test_pada_without_a_near_label_says_so(source, target, small_config):
    with pytest.raises(TrainingError, match="pada_threshold_deg = 0.001"):
        train(replace(small_config, method="pada", pada_threshold_deg=0.001), source, target)


@pytest.mark.parametrize(("method", "lines"), [("padaco", 3), ("pada", 3), ("dann", 0)])
def test_weights_can_be_made_again_on_the_way(source, target, small_config, method, lines):
    log = []
    config = replace(
        small_config, method=method, stage2_steps=5, weights_every=2, n_neighbours=3, stage2_learning_rate=0.01
    )
    again = train(replace(config, pada_threshold_deg=60.0), source, target, log=log.append)
    weights = [line for line in log if line["stage"] == "weights"]
    assert [line["step"] for line in weights] == [0, 2, 4][:lines]
    if lines:
        assert len({line["effective_sample_size"] for line in weights}) > 1
        assert again.record.effective_sample_size == pytest.approx(weights[-1]["effective_sample_size"], abs=0.01)


@pytest.mark.parametrize("discriminator", ["pada", "batch-norm", "small"])
def test_every_discriminator_can_be_trained(source, target, small_config, discriminator):
    log = []
    config = replace(small_config, method="dann", discriminator=discriminator, stage2_steps=25, lambda_max=0.0)
    train(replace(config, discriminator_lr_factor=100.0), source, target, log=log.append)
    domain = [line["domain"] for line in log if line["stage"] == "stage2"]
    assert np.mean(domain[-3:]) < 0.99 * domain[0]


def test_target_labels_cannot_change_the_result(source, small_config, toy_target):
    """The same pictures with other labels: the same weights to the last bit."""
    from tests.learning.conftest import ToySource

    config = replace(small_config, method="padaco")
    table = {name: toy_target.read(name) for name in toy_target.columns}
    table["rotmat"] = table["rotmat"][::-1]
    results = [train(config, source, read_crops(s, 48)) for s in (toy_target, ToySource(table, "toy target"))]
    assert _same_weights(*results)


def test_log_lines_say_what_happens(source, target, small_config):
    lines = []
    train(replace(small_config, method="padaco", stage2_steps=4, log_every=2), source, target, log=lines.append)
    stage2 = [line for line in lines if line["stage"] == "stage2"]
    assert [line["step"] for line in stage2] == [2, 4]
    for line in stage2:
        assert {"total", "regression", "domain", "lambda", "learning_rate", "images_per_s"} <= set(line)
        assert 0 <= line["discriminator_accuracy"] <= 1
        assert line["total"] == pytest.approx(line["regression"] + line["domain"], rel=1e-4)


def test_a_loss_that_is_not_finite_ends_the_run(source, small_config):
    stage1 = train(replace(small_config, stage2_steps=0), source)
    with torch.no_grad():
        stage1.network.pose_head.bias[1] = float("nan")
    with pytest.raises(TrainingError, match="loss is nan at stage2 step 1 of 3"):
        train(small_config, source, stage1=stage1)


def test_weights_that_are_spoilt_without_a_bad_loss_are_no_result(source, small_config):
    """As an arithmetic fault in the last step would, after which nobody looks at a loss again."""
    network = build_network(small_config)

    def spoil(entry):
        with torch.no_grad():
            network.backbone.conv1.weight[0] = float("inf") if entry["step"] == 3 else 0.0

    scale = LabelScale.of(source.euler_deg.numpy())
    stage = Stage("stage1", 3, 1e-3, SourceOnly(small_config, 64), "source", scale)
    run = StageRun(small_config, stage, network, source, None, None, Watch(log=spoil))
    with pytest.raises(TrainingError, match="conv1.weight holds values that are not finite after stage1 step 3 of 3"):
        run.run()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [({"method": "dann"}, "needs target"), ({"input_px": 64}, "needs 96 px")],
)
def test_data_that_do_not_fit_are_refused(source, small_config, changes, complaint):
    with pytest.raises(TrainingError, match=complaint):
        train(replace(small_config, **changes), source)


def test_a_stage1_of_another_network_is_refused(source, small_config):
    stage1 = train(replace(small_config, stage2_steps=0), source)
    with pytest.raises(TrainingError, match="backbone_width"):
        train(replace(small_config, backbone_width=16), source, stage1=stage1)


def test_a_finished_estimator_is_no_stage1(source, target, small_config):
    """It has seen target pictures, which the record of what branches from it would not say."""
    adapted = train(replace(small_config, method="dann"), source, target)
    with pytest.raises(TrainingError, match="the result of dann"):
        train(small_config, source, stage1=adapted)


def test_a_branch_says_what_its_stage1_was(source, target, small_config):
    stage1 = train(replace(small_config, stage1_steps=2, stage2_steps=0, learning_rate=0.003), source)
    record = train(replace(small_config, method="dann"), source, target, stage1=stage1).record
    assert record.steps == {"stage1": 2, "stage2": 3}
    assert (record.config["stage1_steps"], record.config["learning_rate"]) == (2, 0.003)
    assert record.config["method"] == "dann"


def test_training_improves_on_unseen_toys(source, target, toy_target, small_config):
    """A short run generalises: better than predicting the source mean on target pictures of another look."""
    config = replace(
        small_config, backbone_width=16, batch_size=32, stage1_steps=100, stage2_steps=0, learning_rate=2e-3
    )
    checkpoint = train(config, source)
    answers = predict_crop_rotmat(checkpoint.network, target, checkpoint.record.label_scale, 32, 1.5)
    true = read_labelled_crops(toy_target, 48).crop_rotmat
    constant = geodesic_distance_deg(source.crop_rotmat.mean(0)[None], true).mean()
    assert geodesic_distance_deg(answers, true).mean() < 0.75 * constant
