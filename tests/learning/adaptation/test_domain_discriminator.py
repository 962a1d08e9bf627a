import math

import pytest
import torch
from torch import nn

from synhead_tools.learning.adaptation.domain_discriminator import DomainDiscriminator, domain_loss


def test_layout_is_the_published_one():
    layers = [m for m in DomainDiscriminator(512) if isinstance(m, nn.Linear)]
    assert [(m.in_features, m.out_features) for m in layers] == [(512, 1024), (1024, 1024), (1024, 1)]
    assert sum(isinstance(m, nn.Dropout) for m in DomainDiscriminator(512)) == 2


def test_loss_is_balanced_cross_entropy_with_source_as_one():
    source, target = torch.tensor([[2.0], [-1.0]]), torch.tensor([[0.5], [-3.0], [-0.1]])
    loss, accuracy = domain_loss(source, target)

    def p(x):
        return 1 / (1 + math.exp(-x))

    by_hand = -(math.log(p(2)) + math.log(p(-1))) / 4
    by_hand -= sum(math.log(1 - p(x)) for x in (0.5, -3.0, -0.1)) / 6
    assert float(loss) == pytest.approx(by_hand, rel=1e-6)
    assert float(accuracy) == pytest.approx((1 / 2 + 2 / 3) / 2)
