import pytest
import torch

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.backbones.mobilenet import load_mobilenet_weights, mobilenet_025


def test_it_has_the_published_size_and_names():
    network = mobilenet_025()
    keys = set(network.state_dict())
    assert sum(p.numel() for p in network.parameters()) == 470_072
    assert sum(p.numel() for p in mobilenet_025(n_classes=None).parameters()) == 213_072
    # names of the published weights: a plain convolution, then depthwise (0, 1) and 1x1 (3, 4) pairs
    assert {"stage1.0.0.weight", "stage1.1.3.weight", "stage2.5.4.running_var", "stage3.1.1.bias", "fc.bias"} <= keys
    assert network.state_dict()["stage3.0.0.weight"].shape == (128, 1, 3, 3)
    assert network.state_dict()["stage3.0.3.weight"].shape == (256, 128, 1, 1)


def test_its_stages_have_strides_4_to_32_with_sides_rounded_up():
    maps = mobilenet_025().stages(torch.zeros(1, 3, 101, 67))
    assert [tuple(m.shape[1:]) for m in maps] == [(32, 26, 17), (64, 13, 9), (128, 7, 5), (256, 4, 3)]
    assert mobilenet_025().stage_channels == (32, 64, 128, 256)


@pytest.mark.parametrize("prefix", ["", "module.", "body.", "module.body."])
def test_weights_of_a_backbone_or_a_whole_detector_load(tmp_path, prefix):
    torch.manual_seed(0)
    donor = mobilenet_025()
    state = {prefix + key: value for key, value in donor.state_dict().items()}
    if "body" in prefix:
        state = {key: value for key, value in state.items() if ".fc." not in key}
        state[prefix.replace("body.", "") + "ssh1.conv3X3.0.weight"] = torch.zeros(3)
    torch.save(state, tmp_path / "w.pth")
    network = mobilenet_025(n_classes=None)
    load_mobilenet_weights(network, tmp_path / "w.pth")
    x = torch.randn(1, 3, 32, 32)
    assert torch.equal(network.eval().features(x), donor.eval().features(x))


def test_weights_of_another_width_are_refused(tmp_path):
    torch.save(mobilenet_025(width=16).state_dict(), tmp_path / "w.pth")
    with pytest.raises(CheckpointError, match="shape"):
        load_mobilenet_weights(mobilenet_025(), tmp_path / "w.pth")
