from dataclasses import replace

import numpy as np
import pytest
import torch

from synhead_tools.learning.adaptation.dare_gram import DareGram
from synhead_tools.learning.adaptation.gram_alignment import gram_losses
from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.model import build_network
from synhead_tools.learning.pictures.augment_geometry import no_jitter
from synhead_tools.learning.pictures.batches import SourceBatch, TargetBatch
from synhead_tools.learning.pictures.data import read_crops, read_labelled_crops
from synhead_tools.learning.trainer import train


def test_the_total_is_the_weighted_sum_of_its_parts_on_the_networks_features(small_config):
    config = replace(small_config, gram_angle_weight=0.3, gram_scale_weight=0.02, gram_share=0.95)
    passes = DomainPasses(build_network(config), "frozen")
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.randn(6, 3, 32, 32, generator=generator) for _ in range(2))
    losses = DareGram(config, 64).losses(
        passes, SourceBatch(first, torch.zeros(6, 3)), TargetBatch(second, no_jitter(6)), 0.5
    )
    losses = {name: value.detach() for name, value in losses.items()}
    with torch.no_grad():
        angle, scale = gram_losses(passes.network.features(first), passes.network.features(second), 0.95)
    torch.testing.assert_close(losses["gram_angle"], angle)
    torch.testing.assert_close(losses["gram_scale"], scale, rtol=1e-4, atol=1e-4)
    assert float(losses["total"]) == pytest.approx(float(losses["regression"] + 0.3 * angle + 0.02 * scale), rel=1e-5)


def test_without_its_weights_and_with_all_neighbours_it_is_source_only(toy_source, toy_target, small_config):
    source, target = read_labelled_crops(toy_source, 48), read_crops(toy_target, 48)
    config = replace(small_config, n_neighbours=10**6, gram_angle_weight=0.0, gram_scale_weight=0.0)
    runs = [train(replace(config, method=name), source, target) for name in ("dare-gram", "source-only")]
    states = [run.network.state_dict() for run in runs]
    assert all(torch.equal(states[0][name], value) for name, value in states[1].items())


def test_training_brings_the_inverse_gram_matrices_together(toy_source, toy_target, small_config):
    source, target = read_labelled_crops(toy_source, 48), read_crops(toy_target, 48)
    config = replace(
        small_config, method="dare-gram", stage1_steps=20, stage2_steps=40, stage2_learning_rate=2e-3,
        gram_angle_weight=1.0,
    )  # fmt: skip
    log = []
    train(config, source, target, log=log.append)
    angles = [line["gram_angle"] for line in log if line["stage"] == "stage2"]
    assert np.mean(angles[-10:]) < 0.8 * np.mean(angles[:5])
