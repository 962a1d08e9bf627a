from dataclasses import replace

import pytest
import torch

from synhead_tools.learning.adaptation.dann import Dann
from synhead_tools.learning.adaptation.domain_discriminator import domain_loss
from synhead_tools.learning.adaptation.method import regression_loss
from synhead_tools.learning.adaptation.schedules import reversal_scale
from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.model import build_network
from synhead_tools.learning.pictures.augment_geometry import no_jitter
from synhead_tools.learning.pictures.batches import SourceBatch, TargetBatch
from synhead_tools.learning.pictures.data import read_crops, read_labelled_crops
from synhead_tools.learning.trainer import train


def _gradients(loss, *modules):
    """Gradients of all parameters of modules; zeros where the loss does not depend on one."""
    parameters = [parameter for module in modules for parameter in module.parameters()]
    found = torch.autograd.grad(loss, parameters, allow_unused=True, retain_graph=True)
    return [torch.zeros_like(p) if g is None else g for g, p in zip(found, parameters, strict=True)]


@pytest.mark.parametrize("progress", [0.0, 0.13, 1.0])
def test_features_climb_the_discriminators_loss_lambda_times_and_the_discriminator_descends_it(small_config, progress):
    """d total = d regression - lambda d domain for the backbone, d domain for the discriminator, by plain autograd."""
    torch.manual_seed(0)
    config = replace(small_config, method="dann", lambda_max=0.7, discriminator_dropout=0.0)
    passes = DomainPasses(build_network(config), "frozen")
    method = Dann(config, passes.network.backbone.n_features)
    backbone, head = passes.network.backbone, passes.network.pose_head
    source = SourceBatch(torch.randn(6, 3, 32, 32), torch.randn(6, 3))
    target = TargetBatch(torch.randn(6, 3, 32, 32) + 0.5, no_jitter(6))
    losses = method.losses(passes, source, target, progress)

    features = passes.network.features(source.pictures), passes.network.features(target.pictures)
    regression = regression_loss(head(features[0]), source, config)
    domain, _ = domain_loss(*(method.discriminator(part) for part in features))
    scale = 0.7 * (2 / (1 + torch.exp(torch.tensor(-10.0 * progress))) - 1)
    assert float(losses["lambda"]) == pytest.approx(float(scale), abs=1e-6)
    plain = [_gradients(loss, backbone) for loss in (regression, domain)]
    assert max(float(g.abs().max()) for g in plain[1]) > 1e-4  # there is something to reverse
    for ours, of_regression, of_domain in zip(_gradients(losses["total"], backbone), *plain, strict=True):
        torch.testing.assert_close(ours, of_regression - scale * of_domain, rtol=1e-3, atol=1e-6)
    for name, module in (("discriminator", method.discriminator), ("pose head", head)):
        for ours, wanted in zip(
            _gradients(losses["total"], module), _gradients(regression + domain, module), strict=True
        ):
            torch.testing.assert_close(
                ours, wanted, rtol=1e-3, atol=1e-6, msg=lambda text, name=name: f"{name}: {text}"
            )


@pytest.mark.parametrize("method", ["dann", "pada", "padaco"])
def test_lambda_follows_its_schedule_over_the_stage(toy_source, toy_target, small_config, method):
    lines, config = [], replace(small_config, method=method, stage2_steps=6, lambda_max=0.3, pada_threshold_deg=90.0)
    train(config, read_labelled_crops(toy_source, 48), read_crops(toy_target, 48), log=lines.append)
    found = [line["lambda"] for line in lines if line["stage"] == "stage2"]
    assert found == pytest.approx([reversal_scale(step / 6, 0.3) for step in range(6)], rel=1e-5)
