import pytest
import safetensors.torch
import torch
from torch import nn

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.backbones.resnet import (
    BasicBlock,
    Bottleneck,
    load_imagenet_weights,
    resnet18,
    resnet34,
    resnet50,
)


def test_resnet18_has_torchvisions_keys_and_size():
    network = resnet18()
    keys = list(network.state_dict())
    assert len(keys) == 122
    assert sum(p.numel() for p in network.parameters()) == 11_689_512
    assert keys[0] == "conv1.weight"
    assert keys[-1] == "fc.bias"
    assert {"layer1.0.bn1.num_batches_tracked", "layer2.0.downsample.0.weight", "layer4.1.bn2.running_var"} <= set(keys)
    assert "layer1.0.downsample.0.weight" not in keys


def test_resnet34_has_the_published_size():
    assert sum(p.numel() for p in resnet34().parameters()) == 21_797_672


def test_resnet50_has_torchvisions_keys_and_size():
    network = resnet50()
    state = network.state_dict()
    assert len(state) == 320
    assert sum(p.numel() for p in network.parameters()) == 25_557_032
    assert state["layer1.0.downsample.0.weight"].shape == (256, 64, 1, 1)
    assert state["layer4.2.conv3.weight"].shape == (2048, 512, 1, 1)
    assert "layer4.1.downsample.0.weight" not in state
    assert [name for name, _ in network.layer1[0].named_children()][:6] == [
        "conv1",
        "bn1",
        "conv2",
        "bn2",
        "conv3",
        "bn3",
    ]
    assert resnet50(width=8, n_classes=None).features(torch.zeros(2, 3, 32, 32)).shape == (2, 256)


def test_the_middle_convolution_of_a_bottleneck_strides():
    block = Bottleneck(8, 4, stride=2)
    assert [c.stride[0] for c in (block.conv1, block.conv2, block.conv3, block.downsample[0])] == [1, 2, 1, 2]


def test_basic_block_is_relu_of_branch_plus_shortcut():
    torch.manual_seed(0)
    block = BasicBlock(4, 6, stride=2).eval()
    for norm in (m for m in block.modules() if isinstance(m, nn.BatchNorm2d)):
        nn.init.normal_(norm.running_mean)
        nn.init.uniform_(norm.running_var, 0.5, 2)
    x = torch.randn(2, 4, 8, 8)

    def normed(y, norm):
        column = [v.view(1, -1, 1, 1) for v in (norm.running_mean, norm.running_var, norm.weight, norm.bias)]
        return (y - column[0]) / torch.sqrt(column[1] + norm.eps) * column[2] + column[3]

    branch = normed(nn.functional.conv2d(x, block.conv1.weight, None, 2, 1), block.bn1).clamp(min=0)
    branch = normed(nn.functional.conv2d(branch, block.conv2.weight, None, 1, 1), block.bn2)
    shortcut = normed(nn.functional.conv2d(x, block.downsample[0].weight, None, 2), block.downsample[1])
    torch.testing.assert_close(block(x), (branch + shortcut).clamp(min=0))


def test_narrow_network_has_eight_times_its_width_as_features():
    assert resnet18(width=16, n_classes=None).features(torch.zeros(2, 3, 32, 32)).shape == (2, 128)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda t: t.pop("bn1.weight"), "lacks 'bn1.weight'"),
        (lambda t: t.update(extra=torch.zeros(1)), "unknown 'extra'"),
        (lambda t: t.update({"bn1.weight": torch.zeros(3)}), "shape"),
        (lambda t: t["bn1.bias"].fill_(float("nan")), "not finite"),
    ],
)
def test_weights_of_another_network_are_refused(tmp_path, change, complaint):
    tensors = {key: value.clone() for key, value in resnet18(width=8).state_dict().items()}
    change(tensors)
    safetensors.torch.save_file(tensors, tmp_path / "w.safetensors")
    with pytest.raises(CheckpointError, match=complaint):
        load_imagenet_weights(resnet18(width=8, n_classes=None), tmp_path / "w.safetensors")


def test_half_precision_weights_are_cast_and_the_classifier_dropped(tmp_path):
    torch.manual_seed(1)
    donor = resnet18(width=8, n_classes=5)
    half = {key: v.half() if v.is_floating_point() else v for key, v in donor.state_dict().items()}
    torch.save(half, tmp_path / "w.pth")
    network = resnet18(width=8, n_classes=None)
    load_imagenet_weights(network, tmp_path / "w.pth")
    assert network.conv1.weight.dtype == torch.float32
    torch.testing.assert_close(network.layer3[0].conv1.weight, donor.layer3[0].conv1.weight, rtol=1e-3, atol=1e-4)


def test_weights_file_that_holds_code_is_refused(tmp_path):
    torch.save(resnet18(width=4), tmp_path / "w.pth")
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_imagenet_weights(resnet18(width=4), tmp_path / "w.pth")


@pytest.mark.real
def test_published_imagenet_weights_load_strictly(real_data):
    network = resnet18()
    before = network.layer4[1].conv2.weight.clone()
    load_imagenet_weights(network, real_data / "weights" / "resnet18_imagenet_fp16.safetensors")
    assert not torch.equal(network.layer4[1].conv2.weight, before)
    scores = network.eval()(torch.zeros(1, 3, 64, 64))
    assert torch.isfinite(scores).all()
    assert scores.shape == (1, 1000)
