import numpy as np
import pytest
import torch

from synhead_tools.errors import TrainingError
from synhead_tools.geometry.rays import from_ray_frame
from synhead_tools.learning.pictures.data import DomainCrops, read_crops, read_labelled_crops
from synhead_tools.learning.predict import Estimator
from synhead_tools.learning.trainer import train


@pytest.fixture(scope="module")
def estimator(toy_source, small_config):
    return Estimator(train(small_config, read_labelled_crops(toy_source, small_config.crop_px)))


def test_answers_are_turned_from_the_ray_to_the_camera(estimator, toy_target):
    crops = estimator.read_crops(toy_target)
    in_ray_frame = estimator.predict(crops, ray_rule=False)
    np.testing.assert_array_equal(estimator.predict(crops), from_ray_frame(in_ray_frame, crops.ray_rotmat))
    assert np.abs(estimator.predict(crops) - in_ray_frame).max() > 0.01
    without = DomainCrops(crops.pictures, None, {})
    np.testing.assert_array_equal(estimator.predict(without), in_ray_frame)


def test_flip_average_of_a_mirrored_picture_is_the_mirrored_answer(estimator, toy_target):
    crops = estimator.read_crops(toy_target)
    mirrored = DomainCrops(crops.pictures.flip(2).contiguous(), None, {})
    mirror = np.diag([-1.0, 1.0, 1.0])
    first = estimator.predict(DomainCrops(crops.pictures, None, {}), flip_average=True)
    second = estimator.predict(mirrored, flip_average=True)
    np.testing.assert_allclose(second, mirror @ first @ mirror, atol=1e-5)


def test_batches_do_not_matter(estimator, toy_target):
    crops = estimator.read_crops(toy_target)
    one = DomainCrops(crops.pictures[:1], crops.ray_rotmat[:1], {})
    np.testing.assert_allclose(estimator.predict(crops)[:1], estimator.predict(one), atol=1e-5)


def test_crops_of_another_size_are_refused(estimator, toy_target):
    with pytest.raises(TrainingError, match="60 px"):
        estimator.predict(read_crops(toy_target, 60))


def test_prediction_leaves_the_network_alone(estimator, toy_target):
    before = {key: value.clone() for key, value in estimator.network.state_dict().items()}
    estimator.predict(estimator.read_crops(toy_target))
    assert all(torch.equal(before[key], value) for key, value in estimator.network.state_dict().items())
