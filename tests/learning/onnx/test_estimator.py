import numpy as np
import pytest
from onnx import helper

from synhead_tools.errors import CheckpointError, TrainingError
from synhead_tools.geometry.euler import euler_from_rotmat, rotmat_from_euler
from synhead_tools.geometry.mean_rotation import mean_rotmat
from synhead_tools.geometry.rays import from_ray_frame
from synhead_tools.learning.load_estimator import load_estimator
from synhead_tools.learning.onnx.declaration_file import declaration_to_toml
from synhead_tools.learning.onnx.estimator import OnnxEstimator
from synhead_tools.learning.pictures.data import read_crops
from synhead_tools.learning.pose_estimator import DESCRIPTION_KEYS, PoseEstimator
from tests.learning.tiny_onnx import build, channel_means, declared, written

COLOUR = np.array([200, 90, 30], np.uint8)


def _flat(colour=COLOUR, n=1):
    """Pictures of one colour, and face boxes in them."""
    return [np.broadcast_to(colour, (40, 50, 3)).astype(np.uint8)] * n, np.array([[10.0, 10, 30, 30]] * n)


def _angles(estimator, pictures, boxes, **options):
    return euler_from_rotmat(estimator.predict(estimator.crop_pictures(pictures, boxes), **options), "biwi+")


@pytest.mark.parametrize("channels", ["RGB", "BGR"])
def test_channels_are_standardised_in_the_order_in_which_they_go_in(tmp_path, channels):
    folder = written(tmp_path, a=channel_means(np.eye(3)))
    values = {"channels": channels, "scale": 0.5, "mean": (10.0, 20.0, 30.0), "std": (2.0, 4.0, 5.0)}
    estimator = OnnxEstimator(declared("a", **values), folder)
    colour = COLOUR if channels == "RGB" else COLOUR[::-1]
    by_hand = (0.5 * colour - [10, 20, 30]) / [2, 4, 5]
    np.testing.assert_allclose(_angles(estimator, *_flat())[0], by_hand, atol=1e-4)


def test_pictures_go_in_channels_last_where_declared(tmp_path):
    folder = written(tmp_path, a=channel_means(np.eye(3) / 10, axes=(1, 2), shape=["n", 8, 8, 3]))
    estimator = OnnxEstimator(declared("a", layout="NHWC"), folder)
    np.testing.assert_allclose(_angles(estimator, *_flat())[0], COLOUR / 10, atol=1e-4)


def test_the_crop_is_where_the_rule_says(tmp_path):
    # red counts the columns and green the rows, so their means over a crop are its middle (less half a pixel)
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[..., 0], picture[..., 1] = np.arange(160), np.arange(120)[:, None]
    box = np.array([[60.0, 40, 80, 80]])
    folder = written(tmp_path, a=channel_means(np.diag([0.5, 0.5, 0.5])))

    def middle(**values):
        return 2 * _angles(OnnxEstimator(declared("a", **values), folder), [picture], box)[0, :2] + 0.5

    np.testing.assert_allclose(middle(), [70, 60], atol=0.1)
    np.testing.assert_allclose(middle(crop_scale=1.5), [70, 60], atol=0.1)
    np.testing.assert_allclose(middle(crop_shift=(0.25, -0.1)), [80, 56], atol=0.1)  # of the longer side, 40
    np.testing.assert_allclose(middle(crop_shift=(0.25, -0.1), crop_shape="stretched"), [75, 56], atol=0.1)


def test_a_stretched_crop_takes_the_whole_box_and_no_more(tmp_path):
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[40:80, 60:80] = 200
    folder = written(tmp_path, a=channel_means(np.eye(3) / 10))
    box = np.array([[60.0, 40, 80, 80]])
    square, stretched = (
        _angles(OnnxEstimator(declared("a", crop_shape=shape), folder), [picture], box)[0]
        for shape in ("square", "stretched")
    )
    np.testing.assert_allclose(square, 10, atol=0.3)  # half of it is background
    np.testing.assert_allclose(stretched, 20, atol=1.3)  # but for the filter at the rim


def test_several_files_are_averaged_as_declared(tmp_path):
    first, second = np.array([10.0, 60, 5]), np.array([-20.0, -40, 30])
    folder = written(tmp_path, a=channel_means(np.zeros((3, 3)), first), b=channel_means(np.zeros((3, 3)), second))
    outputs, rotations = (
        _angles(OnnxEstimator(declared("a", "b", average=average), folder), *_flat(n=3))
        for average in ("outputs", "rotations")
    )
    np.testing.assert_allclose(outputs, [(first + second) / 2] * 3, atol=1e-4)
    both = mean_rotmat(rotmat_from_euler(np.stack([first, second]), "biwi+"))
    np.testing.assert_allclose(rotations, [euler_from_rotmat(both, "biwi+")] * 3, atol=1e-4)
    assert np.abs(outputs - rotations).max() > 1


@pytest.mark.parametrize("batch", [1, 4])
def test_a_fixed_batch_is_filled_up(tmp_path, batch):
    folder = written(tmp_path, a=channel_means(np.eye(3) / 10, batch=batch))
    estimator = OnnxEstimator(declared("a"), folder)
    colours = np.random.default_rng(0).integers(0, 255, (6, 3)).astype(np.uint8)
    pictures = [_flat(colour)[0][0] for colour in colours]
    np.testing.assert_allclose(_angles(estimator, pictures, _flat(n=6)[1]), colours / 10, atol=1e-4)


def test_flip_average_of_a_mirrored_picture_is_the_mirrored_answer(tmp_path):
    # yaw from left half minus right half, pitch and roll constant
    halves = np.concatenate([np.full((3, 8, 4), 1 / 96), np.full((3, 8, 4), -1 / 96)], axis=2).astype(np.float32)
    nodes = [
        helper.make_node("Mul", ["x", "h"], ["d"]),
        helper.make_node("ReduceSum", ["d", "axes"], ["s"], keepdims=0),
        helper.make_node("Unsqueeze", ["s", "one"], ["u"]),
        helper.make_node("Mul", ["u", "yaw"], ["z"]),
        helper.make_node("Add", ["z", "rest"], ["y"]),
    ]
    constants = {
        "h": halves, "axes": np.array([1, 2, 3]), "one": np.array([1]), "yaw": np.array([[0, 1, 0]], np.float32),
        "rest": np.array([[10, 0, 5]], np.float32),
    }  # fmt: skip
    estimator = OnnxEstimator(declared("a"), written(tmp_path, a=build(nodes, constants)))
    picture = np.random.default_rng(0).integers(0, 255, (40, 40, 3)).astype(np.uint8)
    box = np.array([[5.0, 5, 35, 35]])
    first = _angles(estimator, [picture], box, flip_average=True)[0]
    second = _angles(estimator, [picture[:, ::-1]], box, flip_average=True)[0]
    np.testing.assert_allclose(second, first * [1, -1, -1], atol=1e-4)
    assert abs(first[2]) < 1e-4  # roll 5 of both, of which one is mirrored
    assert abs(_angles(estimator, [picture], box)[0, 2] - 5) < 1e-4


def test_answers_against_the_ray_are_turned_to_the_camera(tmp_path, toy_target):
    folder = written(tmp_path, a=channel_means(np.eye(3) / 20))
    camera, ray = (OnnxEstimator(declared("a", frame=frame), folder) for frame in ("camera", "ray"))
    crops = ray.read_crops(toy_target)
    plain = camera.predict(crops)
    np.testing.assert_array_equal(ray.predict(crops), from_ray_frame(plain, crops.ray_rotmat))
    np.testing.assert_array_equal(ray.predict(crops, ray_rule=False), plain)
    assert ray.applies_ray_rule(crops)
    assert not camera.applies_ray_rule(crops)


def test_transparent_pictures_stand_before_mid_grey(tmp_path, toy_source):
    folder = written(tmp_path, a=channel_means(np.eye(3) / 10))
    estimator = OnnxEstimator(declared("a", crop_scale=2.0), folder)
    crops = estimator.read_crops(toy_source)
    stored = crops.pictures.numpy().astype(float)
    over_grey = stored[..., :3] + (255 - stored[..., 3:]) / 2
    angles = euler_from_rotmat(estimator.predict(crops), "biwi+")
    np.testing.assert_allclose(angles, over_grey.mean(axis=(1, 2)) / 10, atol=1e-3)


def test_it_is_a_pose_estimator_that_says_what_is_known(tmp_path):
    folder = written(tmp_path, a=channel_means(np.eye(3)))
    values = {"crop_scale": 1.2, "licence": "MIT", "training": {"training_data": "300W-LP", "seed": 4}}
    estimator = OnnxEstimator(declared("a", **values), folder)
    assert isinstance(estimator, PoseEstimator)
    told = estimator.describe()
    assert tuple(told) == DESCRIPTION_KEYS
    assert (told["model"], told["seed"], told["training_data"], told["licence"]) == ("tiny", 4, "300W-LP", "MIT")
    assert told["crop"] == "face box x 1.2, square"
    assert told["method"] is None
    assert (estimator.crop_px, estimator.crop_margin, estimator.ray_frame) == (8, 1.2, False)


def test_a_model_is_found_by_its_toml_or_beside_it(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    written(folder, a=channel_means(np.eye(3)))
    toml = tmp_path / "a.toml"
    toml.write_text(declaration_to_toml(declared("a")))
    assert load_estimator(toml, onnx_folder=folder).crop_px == 8
    with pytest.raises(
        CheckpointError, match="a.onnx is missing; put it beside the declaration of tiny, or .* --onnx-folder"
    ):
        load_estimator(toml)
    with pytest.raises(CheckpointError, match="a.toml is missing"):
        load_estimator(folder / "a.onnx")
    toml.rename(folder / "a.toml")
    assert load_estimator(folder / "a.onnx").crop_px == 8
    (folder / "a.toml").write_text(declaration_to_toml(declared("b")))
    with pytest.raises(CheckpointError, match="does not declare a.onnx"):
        load_estimator(folder / "a.onnx")


@pytest.mark.parametrize(
    ("model", "values", "message"),
    [
        (channel_means(np.eye(3)), {"size_px": 16}, r"shape \?x3x8x8, its TOML file says \?x3x16x16; mend"),
        (channel_means(np.eye(3)), {"layout": "NHWC"}, r"shape \?x3x8x8, its TOML file says \?x8x8x3"),
        (build([helper.make_node("Identity", ["x"], ["y"])], shape=["n", 3]), {}, r"takes pictures of shape \?x3,"),
    ],
)
def test_another_input_than_declared_is_named(tmp_path, model, values, message):
    with pytest.raises(CheckpointError, match=message):
        OnnxEstimator(declared("a", **values), written(tmp_path, a=model))


def test_another_output_than_declared_is_named(tmp_path, toy_target):
    folder = written(tmp_path, a=channel_means(np.ones((3, 66))))
    estimator = OnnxEstimator(declared("a"), folder)
    with pytest.raises(CheckpointError, match=r"a.onnx answers with 66 numbers per picture, euler are 3"):
        estimator.predict(estimator.read_crops(toy_target))
    with pytest.raises(TrainingError, match="crops are 12 px wide"):
        estimator.predict(read_crops(toy_target, 12))
