from dataclasses import replace

import numpy as np
import pytest
import torch

from synhead_tools.errors import TrainingError
from synhead_tools.learning.pictures.batches import SourceStream, TargetStream
from synhead_tools.learning.pictures.data import read_crops, read_labelled_crops
from synhead_tools.learning.pictures.placement import HostPictures, choose_placement, free_host_bytes
from synhead_tools.learning.pose_heads.label_scale import LabelScale
from synhead_tools.learning.run_folder import crops_digest
from synhead_tools.learning.train_estimator import train_estimator

ELSEWHERE = ("host", "streamed")


@pytest.fixture(scope="module")
def resident(toy_source):
    return read_labelled_crops(toy_source, 48)


@pytest.fixture(params=ELSEWHERE)
def elsewhere(toy_source, request, tmp_path):
    return read_labelled_crops(toy_source, 48, placement=request.param, scratch=tmp_path)


def _stream(crops, config, weights=None):
    return SourceStream(crops, LabelScale((0, 0, 0), (10, 10, 10)), config, "stage2", weights)


def _same(first, second):
    return torch.equal(first.pictures, second.pictures) and torch.equal(first.wanted, second.wanted)


def test_pictures_elsewhere_are_the_same_pictures(resident, elsewhere):
    assert isinstance(elsewhere.pictures, HostPictures)
    assert not isinstance(resident.pictures, HostPictures)
    assert elsewhere.pictures.shape == resident.pictures.shape
    assert (elsewhere.crop_px, elsewhere.device, elsewhere.has_alpha) == (48, resident.device, True)
    for rows in (slice(3, 40), torch.tensor([5, 5, 0, 159])):
        assert torch.equal(elsewhere.pictures[rows], resident.pictures[rows])
    assert crops_digest(elsewhere) == crops_digest(resident)


def test_batches_are_the_same_wherever_the_pictures_lie(resident, elsewhere, small_config):
    """Over epochs, with other weights on the way, and from a state taken while batches were being fetched ahead."""
    streams = [_stream(crops, small_config) for crops in (resident, elsewhere)]
    for _ in range(14):
        assert _same(*(stream.next() for stream in streams))
    weights = torch.rand(len(resident), generator=torch.Generator().manual_seed(0)).double()
    for stream in streams:
        stream.set_weights(weights)
    for _ in range(3):
        assert _same(*(stream.next() for stream in streams))
    states = [stream.state() for stream in streams]
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    ahead = [stream.next() for stream in streams]
    fresh = _stream(elsewhere, small_config, weights)
    fresh.load_state(states[1])
    assert _same(fresh.next(), ahead[0])


@pytest.mark.parametrize("placement", ELSEWHERE)
def test_target_batches_too(toy_target, small_config, placement, tmp_path):
    both = [read_crops(toy_target, 48, placement=p, scratch=tmp_path) for p in ("device", placement)]
    streams = [TargetStream(crops, small_config, "stage2") for crops in both]
    for _ in range(5):
        assert torch.equal(*(stream.next().pictures for stream in streams))


def test_a_streamed_run_ends_with_the_same_bytes(toy_source, toy_target, small_config, tmp_path):
    config = replace(small_config, method="padaco", weights_every=2)
    for placement in ("device", "streamed"):
        train_estimator(toy_source, tmp_path / placement, config, target=toy_target, placement=placement)
    for name in ("model.safetensors", "model.json", "run.json"):
        assert (tmp_path / "device" / name).read_bytes() == (tmp_path / "streamed" / name).read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["device", "streamed"]  # the crops' file leaves no trace


def test_what_fits_is_resident_and_what_does_not_is_streamed():
    cpu = torch.device("cpu")
    assert choose_placement(1000, cpu) == "device"
    assert choose_placement(10 * free_host_bytes(), cpu) == "streamed"
    assert choose_placement(2**30 + 1, cpu, device_gib=1.0) == "streamed"
    assert choose_placement(2**30, cpu, device_gib=1.0) == "device"
    assert choose_placement(10**18, cpu, "device") == "device"
    with pytest.raises(TrainingError, match="'disk' must be one of"):
        choose_placement(1, cpu, "disk")


def test_a_disk_without_room_is_named(toy_source, tmp_path):
    with pytest.raises(TrainingError, match="no room for .*--scratch") as caught:
        read_crops(toy_source, 48, placement="streamed", scratch=tmp_path / "missing")
    assert "\n" not in str(caught.value)


def test_free_memory_is_a_sensible_number():
    assert 2**20 < free_host_bytes() <= np.iinfo(np.int64).max
