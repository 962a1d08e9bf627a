import pytest
import torch

from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.model import PoseNetwork


@pytest.fixture
def network():
    torch.manual_seed(0)
    return PoseNetwork(width=4)


def _domains(n=8):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n, 3, 32, 32, generator=generator), torch.randn(n, 3, 32, 32, generator=generator) * 3 + 2


def _running(network):
    return network.backbone.bn1.running_mean.clone()


def _updated(network, pictures, start):
    """Running mean of the first BatchNorm after one batch of `pictures`, by hand."""
    return 0.9 * start + 0.1 * network.backbone.conv1(pictures).mean(dim=(0, 2, 3))


def test_frozen_uses_and_keeps_the_running_statistics(network):
    source, target = _domains()
    expected = network.eval().features(source)
    passes = DomainPasses(network, "frozen")
    features, _ = passes.pair(source, target)
    torch.testing.assert_close(features, expected)
    assert not _running(passes.finish()).any()


@pytest.mark.parametrize("mode", ["source", "separate", "joint"])
def test_whose_statistics_the_finished_network_holds(network, mode):
    source, target = _domains()
    seen = {"source": source, "separate": target, "joint": torch.cat([source, target])}[mode]
    expected = _updated(network, seen, _running(network))
    passes = DomainPasses(network, mode)
    passes.pair(source, target)
    torch.testing.assert_close(_running(passes.finish()), expected, rtol=1e-4, atol=1e-5)
    assert passes.test_time_statistics == {
        "source": "source", "separate": "target", "joint": "source and target together"
    }[mode]  # fmt: skip


@pytest.mark.parametrize("mode", ["source", "separate", "joint"])
def test_a_run_that_never_saw_target_keeps_source_statistics(network, mode):
    source, _ = _domains()
    expected = _updated(network, source, _running(network))
    passes = DomainPasses(network, mode)
    passes.source(source)
    torch.testing.assert_close(_running(passes.finish()), expected, rtol=1e-4, atol=1e-5)
    assert passes.test_time_statistics == "source"


def test_separate_passes_do_not_mix_their_statistics(network):
    source, target = _domains()
    passes = DomainPasses(network, "separate")
    for _ in range(3):
        passes.pair(source, target)
    only_source = DomainPasses(PoseNetwork(width=4), "source")
    only_source.network.load_state_dict({**network.state_dict(), "backbone.bn1.running_mean": torch.zeros(4)})
    for _ in range(3):
        only_source.source(source)
    torch.testing.assert_close(_running(passes.network), _running(only_source.network))


@pytest.mark.slow
def test_a_compiled_backbone_gives_the_same_features():
    torch.manual_seed(0)
    network, pictures = PoseNetwork(width=4), torch.randn(2, 3, 32, 32)
    plain = DomainPasses(network, "frozen").source(pictures)
    compiled = DomainPasses(network, "frozen", compile_mode="default").source(pictures)
    torch.testing.assert_close(compiled, plain, rtol=1e-4, atol=1e-5)
