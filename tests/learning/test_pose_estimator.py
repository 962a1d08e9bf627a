from dataclasses import replace

import numpy as np
import pytest

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.checkpoint import save_checkpoint
from synhead_tools.learning.load_estimator import load_estimator
from synhead_tools.learning.pictures.data import read_crops, read_labelled_crops
from synhead_tools.learning.pose_estimator import DESCRIPTION_KEYS, PoseEstimator
from synhead_tools.learning.predict import Estimator
from synhead_tools.learning.trainer import train


@pytest.fixture(scope="module")
def checkpoints(toy_source, toy_target, small_config):
    source, target = read_labelled_crops(toy_source, 48), read_crops(toy_target, 48)
    changes = ({}, {"seed": 1}, {"learning_rate": 0.1}, {"init_weights": None, "log_every": 2}, {"method": "dann"})
    config = replace(small_config, stage1_steps=1, stage2_steps=1)
    return [train(replace(config, **change), source, target) for change in changes]


def test_a_checkpoint_is_a_pose_estimator_that_says_all_keys(checkpoints):
    estimator = Estimator(checkpoints[0])
    assert isinstance(estimator, PoseEstimator)
    assert tuple(estimator.describe()) == DESCRIPTION_KEYS
    assert (estimator.crop_px, estimator.crop_margin, estimator.ray_frame) == (48, 1.5, True)
    assert estimator.describe()["target_images_used_for_training"] == "no"


def test_a_recipe_is_all_settings_but_the_seed(checkpoints):
    told = [Estimator(checkpoint).describe() for checkpoint in checkpoints]
    recipes = [each["recipe"] for each in told]
    assert recipes[0] == recipes[1] == recipes[3]
    assert len({recipes[0], recipes[2], recipes[4]}) == 3
    same = {key for key in DESCRIPTION_KEYS if told[0][key] == told[1][key]}
    assert set(DESCRIPTION_KEYS) - same == {"seed"}


def test_pictures_in_memory_are_cut_as_those_of_a_dataset(checkpoints, toy_target):
    estimator = Estimator(checkpoints[0])
    crops = estimator.crop_pictures(
        list(toy_target.read("image")), toy_target.read("face_box_xyxy"), intrinsics=toy_target.read("intrinsics")
    )
    read = estimator.read_crops(toy_target)
    np.testing.assert_array_equal(crops.pictures.numpy(), read.pictures.numpy())
    np.testing.assert_allclose(estimator.predict(crops), estimator.predict(read), atol=1e-6)


def test_what_is_on_disk_is_loaded(checkpoints, toy_target, tmp_path):
    folder = save_checkpoint(tmp_path / "small", checkpoints[0])
    crops = Estimator(checkpoints[0]).read_crops(toy_target)
    np.testing.assert_array_equal(load_estimator(folder).predict(crops), Estimator(checkpoints[0]).predict(crops))


def test_a_name_of_nothing_is_refused():
    with pytest.raises(CheckpointError, match="no-such-model"):
        load_estimator("no-such-model")
