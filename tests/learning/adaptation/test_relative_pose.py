from dataclasses import replace

import numpy as np
import pytest
import torch

from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import euler_from_rotmat
from synhead_tools.learning.adaptation.relative_pose import RelativePose
from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.model import build_network
from synhead_tools.learning.pictures.augment_geometry import CropJitter, no_jitter
from synhead_tools.learning.pictures.batches import SourceBatch, TargetBatch
from synhead_tools.learning.pictures.data import read_crops, read_labelled_crops
from synhead_tools.learning.pose_heads.label_scale import LabelScale
from synhead_tools.learning.predict import predict_crop_rotmat
from synhead_tools.learning.trainer import train

SCALE = LabelScale((0.0, 0.0, 0.0), (20.0, 30.0, 10.0))


def _method(config, **changes):
    config = replace(config, method="relative-pose", regression_loss="l1", **changes)
    passes = DomainPasses(build_network(config), "frozen")
    return RelativePose(config, passes.network.backbone.n_features), passes


def _pictures(n, seed=0):
    return torch.randn(n, 3, 32, 32, generator=torch.Generator().manual_seed(seed))


def _answer_always(network, triple_deg):
    with torch.no_grad():
        network.pose_head.weight.zero_()
        network.pose_head.bias.copy_(SCALE.normalise(torch.tensor([triple_deg]))[0])


def _number(tensor):
    return float(tensor.detach())


def _losses(method, passes, jitter, progress=1.0):
    n = len(jitter.scale)
    source = SourceBatch(_pictures(n, 1), torch.zeros(n, 3))
    return method.losses(passes, source, TargetBatch(_pictures(n), jitter, _pictures(n, 2)), progress)


def test_the_loss_of_a_network_that_always_answers_the_same(small_config):
    """The teacher cannot tell left from right, so midway between both it answers (p, 0, 0); turned by t: (p, 0, t)."""
    method, passes = _method(small_config, consistency_weight=0.5)
    _answer_always(passes.network, (5.0, 12.0, -4.0))
    method.begin(passes, SCALE)
    turn, mirror = torch.tensor([10.0, -3.0]), torch.tensor([1.0, -1.0])
    losses = _losses(method, passes, replace(no_jitter(2), turn_deg=turn, mirror=mirror))
    by_hand = np.mean([[0, 12 / 30, 14 / 10], [0, 12 / 30, 1 / 10]])
    assert _number(losses["consistency"]) == pytest.approx(by_hand, rel=1e-5)
    rise = 2 / (1 + np.exp(-10.0)) - 1
    assert _number(losses["consistency_weight"]) == pytest.approx(0.5 * rise)
    assert _number(losses["total"]) == pytest.approx(_number(losses["regression"]) + 0.5 * rise * by_hand, rel=1e-5)


@pytest.mark.parametrize(("turn", "mirror"), [(0.0, 1.0), (25.0, 1.0), (0.0, -1.0), (-17.0, -1.0)])
def test_what_is_wanted_is_the_teachers_rotation_moved_as_the_picture_was(small_config, turn, mirror):
    """A picture that equals its mirror image: no averaging, so rotations can be moved as matrices."""
    method, passes = _method(small_config)
    with torch.no_grad():
        passes.network.pose_head.weight.normal_(0, 0.1, generator=torch.Generator().manual_seed(0))
    method.begin(passes, SCALE)
    plain = _pictures(4, 2)
    plain = plain + plain.flip(-1)
    jitter = CropJitter(*(torch.full((4,), value) for value in (1.0, 0.0, 0.0, turn, mirror)))
    head = passes.network.pose_head
    with torch.no_grad():
        answers = head(passes.network.features(plain))
        head.weight.zero_(), head.bias.zero_()  # the network now answers (0, 0, 0); the teacher does as before
    losses = method.losses(passes, SourceBatch(plain, torch.zeros(4, 3)), TargetBatch(plain, jitter, plain), 1.0)
    rotmat = head.rotmat(answers * torch.tensor([1.0, 0.0, 0.0]), SCALE)  # yaw and roll cancel with their mirrors
    t, flip = np.radians(turn), np.diag([mirror, 1.0, 1.0])
    turned = np.array([[np.cos(t), np.sin(t), 0], [-np.sin(t), np.cos(t), 0], [0, 0, 1]])  # y points down
    wanted = euler_from_rotmat(turned @ flip @ rotmat @ flip, "biwi+") / np.array(SCALE.std_deg)
    assert _number(losses["consistency"]) == pytest.approx(np.abs(wanted).mean(), rel=1e-4)


def test_the_teacher_is_the_running_mean_of_the_weights_and_learns_nothing_itself(small_config):
    method, passes = _method(small_config, teacher_decay=0.8)
    method.begin(passes, SCALE)
    before = {name: value.clone() for name, value in method.state().items()}
    with torch.no_grad():
        for parameter in passes.network.parameters():
            parameter.add_(1.0)
        passes.network.backbone.bn1.running_mean.add_(3.0)
    for _ in range(3):
        method.after_step(passes)
    after = method.state()
    for name, _ in passes.network.named_parameters():
        torch.testing.assert_close(after[name], before[name] + 1 - 0.8**3, rtol=1e-5, atol=1e-5)
    mean = "backbone.bn1.running_mean"
    torch.testing.assert_close(after[mean], before[mean] + 3)
    _losses(method, passes, no_jitter(2))["total"].backward()
    assert all(value.grad is None for value in method.state().values())
    assert passes.network.backbone.conv1.weight.grad.abs().sum() > 0


def test_decay_zero_is_the_network_itself(small_config):
    method, passes = _method(small_config, teacher_decay=0.0)
    method.begin(passes, SCALE)
    with torch.no_grad():
        passes.network.pose_head.bias.add_(2.0)
    method.after_step(passes)
    assert all(torch.equal(value, method.state()[name]) for name, value in passes.network.state_dict().items())


def test_without_its_weight_and_with_all_neighbours_it_is_source_only(toy_source, toy_target, small_config):
    source, target = read_labelled_crops(toy_source, 48), read_crops(toy_target, 48)
    config = replace(small_config, n_neighbours=10**6, consistency_weight=0.0)
    runs = [train(replace(config, method=name), source, target) for name in ("relative-pose", "source-only")]
    states = [run.network.state_dict() for run in runs]
    assert all(torch.equal(states[0][name], value) for name, value in states[1].items())


@pytest.mark.parametrize("head", ["euler", "rot6d"])
def test_answers_for_target_pictures_and_their_mirror_images_come_to_agree(toy_source, toy_target, small_config, head):
    source, target = read_labelled_crops(toy_source, 48), read_crops(toy_target, 48)
    config = replace(
        small_config, head=head, flip_probability=0.0, stage1_steps=40, stage2_steps=40, learning_rate=3e-3,
        stage2_learning_rate=2e-3, n_neighbours=10**6, teacher_decay=0.9,
    )  # fmt: skip
    stage1 = train(replace(config, stage2_steps=0), source)
    apart = {}
    for name in ("relative-pose", "source-only"):
        run = train(replace(config, method=name, consistency_weight=10.0), source, target, stage1=stage1)
        one, both = (
            predict_crop_rotmat(run.network, target, run.record.label_scale, 32, 1.5, flip_average=flip)
            for flip in (False, True)
        )
        apart[name] = geodesic_distance_deg(one, both).mean()
    assert apart["relative-pose"] < 0.8 * apart["source-only"]
