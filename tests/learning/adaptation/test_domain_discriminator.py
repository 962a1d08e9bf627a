import math

import pytest
import torch
from torch import nn

from synhead_tools.learning.adaptation.domain_discriminator import DomainDiscriminator, build_discriminator, domain_loss
from synhead_tools.learning.config import TrainConfig


def test_layout_is_the_published_one():
    layers = [m for m in DomainDiscriminator(512) if isinstance(m, nn.Linear)]
    assert [(m.in_features, m.out_features) for m in layers] == [(512, 1024), (1024, 1024), (1024, 1)]
    assert sum(isinstance(m, nn.Dropout) for m in DomainDiscriminator(512)) == 2


@pytest.mark.parametrize(
    ("name", "linear", "norms"),
    [("pada", [(64, 32), (32, 32), (32, 1)], 0), ("batch-norm", [(64, 32), (32, 32), (32, 1)], 2),
     ("small", [(64, 100), (100, 1)], 1)],
)  # fmt: skip
def test_published_layouts(name, linear, norms):
    network = build_discriminator(TrainConfig(discriminator=name, discriminator_width=32), 64)
    assert [(m.in_features, m.out_features) for m in network if isinstance(m, nn.Linear)] == linear
    assert sum(isinstance(m, nn.BatchNorm1d) for m in network) == norms


def test_padas_initial_weights():
    torch.manual_seed(0)
    network = build_discriminator(TrainConfig(discriminator="pada"), 512)
    layers = [m for m in network if isinstance(m, nn.Linear)]
    assert [round(float(m.weight.detach().std()), 2) for m in layers] == [0.01, 0.01, 0.3]
    assert all((m.bias == 0).all() for m in layers)


def test_weights_of_the_source_multiply_its_samples_losses():
    source, target = torch.tensor([[2.0], [-1.0]]), torch.tensor([[0.5]])
    weighted, accuracy = domain_loss(source, target, torch.tensor([2.0, 0.0]))
    alone, _ = domain_loss(source[:1], target)
    assert float(weighted) == pytest.approx(float(alone))
    assert float(accuracy) == pytest.approx(0.25)


def test_loss_is_balanced_cross_entropy_with_source_as_one():
    source, target = torch.tensor([[2.0], [-1.0]]), torch.tensor([[0.5], [-3.0], [-0.1]])
    loss, accuracy = domain_loss(source, target)

    def p(x):
        return 1 / (1 + math.exp(-x))

    by_hand = -(math.log(p(2)) + math.log(p(-1))) / 4
    by_hand -= sum(math.log(1 - p(x)) for x in (0.5, -3.0, -0.1)) / 6
    assert float(loss) == pytest.approx(by_hand, rel=1e-6)
    assert float(accuracy) == pytest.approx((1 / 2 + 2 / 3) / 2)
