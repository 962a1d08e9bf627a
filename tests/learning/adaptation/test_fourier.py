from dataclasses import replace

import pytest
import torch

from synhead_tools.learning.adaptation.fourier import Fourier
from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.model import build_network
from synhead_tools.learning.pictures.augment_colour import standardise
from synhead_tools.learning.pictures.augment_geometry import no_jitter
from synhead_tools.learning.pictures.batches import SourceBatch, TargetBatch
from synhead_tools.learning.pictures.data import read_crops, read_labelled_crops
from synhead_tools.learning.trainer import train


class Recorder:
    """Network passes that keep what they were shown."""

    def __init__(self, config):
        self.network = build_network(config)
        self._passes = DomainPasses(self.network, "frozen")

    def source(self, pictures):
        self.shown = pictures
        return self._passes.source(pictures)


@pytest.mark.parametrize("greatest", [0.5, 1.0])
def test_each_picture_takes_brightness_from_its_own_target_picture(small_config, greatest):
    """Flat pictures: all that there is of them is their mean, which moves by the share that was drawn."""
    passes = Recorder(small_config)
    method = Fourier(replace(small_config, fourier_share=greatest), 64)
    level = torch.linspace(0.1, 0.9, 200).view(-1, 1, 1, 1)
    dark, light = (standardise(each.expand(200, 3, 32, 32)) for each in (torch.zeros(200, 1, 1, 1), level))
    torch.manual_seed(0)
    losses = method.losses(passes, SourceBatch(dark, torch.zeros(200, 3)), TargetBatch(light, no_jitter(200)), 0.0)
    share = (passes.shown - dark)[:, 0, 5, 7] / (light - dark)[:, 0, 5, 7]
    assert share.min() >= 0
    assert share.max() <= greatest + 1e-3
    assert 0.4 * greatest < share.mean() < 0.6 * greatest
    assert torch.equal(losses["total"], losses["regression"])


def test_without_its_share_and_with_all_neighbours_it_is_source_only(toy_source, toy_target, small_config):
    source, target = read_labelled_crops(toy_source, 48), read_crops(toy_target, 48)
    config = replace(small_config, n_neighbours=10**6, fourier_share=0.0)
    runs = [train(replace(config, method=name), source, target) for name in ("fourier", "source-only")]
    states = [run.network.state_dict() for run in runs]
    assert all(torch.equal(states[0][name], value) for name, value in states[1].items())


def test_target_pictures_change_what_is_learnt(toy_source, toy_target, small_config):
    source, target = read_labelled_crops(toy_source, 48), read_crops(toy_target, 48)
    config = replace(small_config, method="fourier", n_neighbours=10**6)
    inverted = replace(target, pictures=255 - target.pictures)
    runs = [train(config, source, each).network.state_dict()["pose_head.weight"] for each in (target, inverted)]
    assert not torch.equal(*runs)
