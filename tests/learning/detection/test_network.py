import numpy as np
import pytest
import torch
from torch import nn

from synhead_tools.errors import TrainingError, UnknownNameError
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.config import PRESETS, DetectorConfig, preset
from synhead_tools.learning.detection.context import ContextModule
from synhead_tools.learning.detection.deformable import DeformableConv2d
from synhead_tools.learning.detection.fpn import FeaturePyramid, _enlarged
from synhead_tools.learning.detection.network import DetectorNetwork
from synhead_tools.learning.detection.targets import decode_boxes

TINY = {"backbone": "mobilenet0.25", "backbone_width": 2, "channels": 8, "mesh_vertices": 6}
PARAMETERS = {"resnet50": 47_330_471, "resnet152": 81_966_247, "resnet18": 3_600_370, "mobilenet0.25": 1_014_562}


def count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_their_size(name):
    with torch.device("meta"):
        assert count(DetectorNetwork(preset(name)[0])) == PARAMETERS[name]


def test_sizes_of_the_published_parts_follow_from_their_layers():
    def conv(n_in, n_out, k):
        return n_in * n_out * k * k + 2 * n_out  # and BatchNorm

    plain = 5 * (conv(256, 128, 3) + conv(256, 64, 3) + 3 * conv(64, 64, 3))
    with torch.device("meta"):
        network = DetectorNetwork(DetectorConfig(deformable=False, mesh_vertices=0))
    assert count(network.first.context) == plain
    lateral = sum(conv(n, 256, 1) for n in (256, 512, 1024, 2048))
    assert count(network.fpn) == lateral + 3 * conv(256, 256, 3) + conv(2048, 256, 3)
    assert count(network.first.logits) + count(network.first.boxes) + count(network.points) == 257 * 3 * (2 + 4 + 10)
    assert count(network.body) == 23_508_032  # ResNet-50 without its classifier


@pytest.mark.parametrize("size", [(64, 64), (101, 67), (1, 1), (2, 130), (63, 65)])
@pytest.mark.parametrize(
    "changes", [{}, {"deformable": False, "finest_stride": 8}, {"cascade": False, "mesh_vertices": 0}]
)
def test_any_size_of_picture_gives_an_answer_for_every_anchor(size, changes):
    torch.manual_seed(0)
    config = DetectorConfig(**{**TINY, **changes})
    network = DetectorNetwork(config).eval()
    outputs = network(torch.randn(2, 3, *size))
    n = sum(3 * -(-size[0] // s) * -(-size[1] // s) for s in config.strides)
    assert outputs.anchors.shape == (n, 4)
    assert outputs.points.shape == (2, n, 10)
    assert len(outputs.heads) == 1 + config.cascade
    for head in outputs.heads:
        assert head.logits.shape == (2, n, 2)
        assert head.boxes.shape == (2, n, 4)
        assert torch.isfinite(head.boxes).all()
    if config.mesh_vertices:
        assert network.meshes(outputs, torch.tensor([0, 1]), torch.tensor([0, n - 1])).shape == (2, 6, 3)


def test_the_second_head_starts_from_what_the_first_moved():
    torch.manual_seed(0)
    network = DetectorNetwork(DetectorConfig(**TINY, deformable=False))
    nn.init.normal_(network.first.boxes.levels[0].bias)
    outputs = network(torch.randn(2, 3, 40, 64))
    first, second = outputs.heads
    torch.testing.assert_close(second.anchors, decode_boxes(first.boxes, outputs.anchors))
    assert not torch.equal(second.anchors[0], second.anchors[1])


@pytest.mark.parametrize("rank", [0, 5])
def test_the_mesh_branch_is_the_1x1_convolution_it_stands_for(rank):
    torch.manual_seed(0)
    network = DetectorNetwork(DetectorConfig(**TINY, deformable=False, mesh_rank=rank)).eval()
    branch = network.mesh
    nn.init.normal_(branch.bias)
    outputs = network(torch.randn(2, 3, 72, 40))
    answers = []
    for level in outputs.maps:
        each = [
            nn.functional.conv2d(level, w.T[:, :, None, None], b)
            for w, b in zip(branch.weight, branch.bias, strict=True)
        ]
        answers.append(torch.stack(each, dim=-1).permute(0, 2, 3, 4, 1).reshape(2, -1, branch.weight.shape[2]))
    dense = torch.cat(answers, dim=1)
    dense = dense if branch.basis is None else branch.basis(dense)
    picture, anchor = torch.meshgrid(torch.arange(2), torch.arange(dense.shape[1]), indexing="ij")
    found = network.meshes(outputs, picture.flatten(), anchor.flatten())
    torch.testing.assert_close(found, dense.reshape(-1, 6, 3), rtol=1e-4, atol=1e-5)


def test_an_untrained_mesh_is_the_mean_face_upright_in_its_anchor():
    network = DetectorNetwork(DetectorConfig(**{**TINY, "mesh_vertices": 1024, "mesh_rank": 4}))
    mesh, start = load_face_mesh(), network.mesh.basis.bias.detach().reshape(1024, 3).numpy()
    np.testing.assert_allclose((start[:, :2].min(axis=0) + start[:, :2].max(axis=0)) / 2, 0, atol=1e-6)
    assert np.ptp(start[:, :2], axis=0).max() == pytest.approx(1, abs=1e-6)
    assert start[mesh.points5[2], 2] == pytest.approx(0, abs=1e-7)
    right, left, nose, mouth, _ = start[mesh.points5]
    assert right[0] < 0 < left[0]  # the subject's right eye is on the left
    assert right[1] < nose[1] < mouth[1]


def test_deformable_layers_are_where_the_paper_has_them():
    with torch.device("meta"):
        network = DetectorNetwork(DetectorConfig(**TINY))
    layers = [name for name, module in network.named_modules() if isinstance(module, DeformableConv2d)]
    assert sum(name.startswith("fpn.merge") for name in layers) == 3
    assert sum(name.startswith("first.context.0.") for name in layers) == 6  # five of the branches and one after
    assert sum(name.startswith("second.context") for name in layers) == 30
    assert len(layers) == 63


def test_a_deformable_network_begins_as_the_plain_one():
    torch.manual_seed(0)
    plain, moving = FeaturePyramid((4, 8, 12, 16), 8), FeaturePyramid((4, 8, 12, 16), 8, deformable=True)
    moving.load_state_dict(plain.state_dict(), strict=False)
    stages = [torch.randn(2, n, 40 // 2**i, 24 // 2**i) for i, n in enumerate((4, 8, 12, 16))]
    for a, b in zip(plain(stages), moving(stages), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_what_is_added_from_above_is_the_merged_or_the_lateral_map():
    torch.manual_seed(0)
    merged, lateral = FeaturePyramid((4, 4, 4, 4), 8).eval(), FeaturePyramid((4, 4, 4, 4), 8, top_down="lateral").eval()
    lateral.load_state_dict(merged.state_dict())
    stages = [torch.randn(1, 4, 32 // 2**i, 32 // 2**i) for i in range(4)]
    far = [*stages[:3], stages[3] + 5]
    changes = [
        [not torch.equal(a, b) for a, b in zip(pyramid(stages), pyramid(far), strict=True)]
        for pyramid in (merged, lateral)
    ]
    assert changes == [[True] * 5, [False, False, True, True, True]]  # C5 reaches P2, or P4 alone


def test_the_context_module_sees_seven_pixels_and_keeps_the_shape():
    torch.manual_seed(0)
    module = ContextModule(8).eval()
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.ones_(layer.weight)
    x = torch.zeros(1, 8, 15, 15)
    x[0, :, 7, 7] = 1
    seen = module(x)[0]
    assert seen.shape == (8, 15, 15)
    reach = [int((seen[c] > 0).any(dim=0).sum()) for c in (0, 4, 6)]
    assert reach == [3, 5, 7]


def test_settings_are_checked():
    with pytest.raises(UnknownNameError, match="resnet9"):
        DetectorConfig(backbone="resnet9")
    with pytest.raises(TrainingError, match="did you mean 'cascade'"):
        preset("resnet50", cascad=True)
    for values in ({"channels": 10}, {"finest_stride": 5}, {"slope": "x"}, {"cascade": 1}, {"top_down": "up"},
                   {"channels": 64.0}, {"channels": True}):  # fmt: skip
        with pytest.raises(TrainingError, match=next(iter(values))):
            DetectorConfig(**values)
    config = preset("mobilenet0.25", cascade=False)[0]
    assert DetectorConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(("fine", "coarse"), [(6, 3), (7, 4), (1, 1), (161, 81), (2, 1)])
def test_coarser_levels_are_enlarged_by_repetition_and_cut(fine, coarse):
    x = torch.arange(float(coarse * coarse)).reshape(1, 1, coarse, coarse)
    twice = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)[:, :, :fine, :fine]
    assert torch.equal(_enlarged(x, torch.zeros(1, 1, fine, fine)), twice)
