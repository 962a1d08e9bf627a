import json

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.boxes import FACE_BOX_SIDE_M, face_box_xyxy

FEW = ("--uniform", 2, "--heads", "m03", "--backend", "cpu")


def rendered(run, folder, *options):
    result = run("render", folder, *FEW, *options)
    assert result.exit_code == 0, result.output
    return open_dataset(folder)


def test_everything_at_once_reaches_the_plan(run, tmp_path):
    with rendered(
        run, tmp_path / "set", "--size", "48x40", "--crop", "portrait", "--fov", 30, "--anywhere",
        "--distance-jitter", 0.1,
        "--lighting", "sh", "--look", "tint", "--look", "occluder:1", "--background", "gradient", "--seed", 3,
    ) as dataset:  # fmt: skip
        config = dataset.manifest.config
        assert dataset.read("image").shape == (2, 40, 48, 3)
        assert dataset.manifest.composed
        assert dataset.manifest.image == {"width": 48, "height": 40}
        assert config["looks"] == ["tint", "occluder:1"]
        assert config["place"] == "anywhere"
        assert {"skin_tint", "occluder", "light_sh"} <= set(dataset.columns)
        assert (dataset.read("occluder") != b"").all()
        intrinsics = dataset.read("intrinsics")[0]
    assert 2 * np.degrees(np.arctan(24 / intrinsics[0, 0])) == pytest.approx(30)
    box = face_box_xyxy(np.eye(3), np.array([0, 0, config["distance_m"]]), intrinsics)
    assert 48 / (box[2] - box[0]) == pytest.approx(2.4)


def test_intrinsics_of_a_file_are_scaled_to_the_pictures(run, tmp_path):
    camera = {"camera_matrix": [[500, 0, 319.5], [0, 510, 239.5], [0, 0, 1]], "image_width": 640, "image_height": 480}
    (tmp_path / "camera.json").write_text(json.dumps(camera))
    options = ("--size", "64x48", "--intrinsics", tmp_path / "camera.json", "--distance", 0.8)
    with rendered(run, tmp_path / "set", *options) as dataset:
        np.testing.assert_allclose(dataset.read("intrinsics")[0], [[50, 0, 32], [0, 51, 24], [0, 0, 1]])
        assert dataset.read("translation_m")[0, 2] == 0.8


def test_the_crop_sets_the_distance_of_a_given_camera(run, tmp_path):
    with rendered(run, tmp_path / "set", "--size", 32, "--intrinsics", "40,41,15,16", "--crop", 2) as dataset:
        assert dataset.read("translation_m")[0, 2] == pytest.approx(40 * FACE_BOX_SIDE_M * 2 / 32)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--size", "5"), "--size"),
        (("--size", "64x"), "--size"),
        (("--crop", "huge"), "biwi+"),
        (("--fov", "30", "--intrinsics", "1,1,1,1"), "one of them"),
        (("--intrinsics", "1,2,3"), "neither"),
        (("--anywhere", "--offset-jitter", "0.1"), "--offset-jitter"),
        (("--look", "beard"), "occluder"),
        (("--look", "tint:9"), "0 to 2"),
        (("--lighting", "disco"), "environment"),
        (("--background", "environment"), "lighting"),
        (("--background", "folder:/no/such"), "/no/such"),
    ],
)
def test_bad_options_are_one_line_and_touch_nothing(run, tmp_path, options, word):
    result = run("render", tmp_path / "out", *FEW, *options)
    assert result.exit_code in (1, 2)
    assert word in result.output + result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()
