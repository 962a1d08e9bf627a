import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import TrainingError
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.scene_augment import augmented, cut_square, mirrored
from synhead_tools.learning.detection.scene_batches import SceneBatches, as_faces
from synhead_tools.learning.detection.scene_sample import SceneSample, check_sample
from synhead_tools.learning.detection.train_config import DetectorTraining

MESH = load_face_mesh()


def dots(points, side=96):
    """A picture with a white dot at each point."""
    image = np.zeros((side, side, 3), np.uint8)
    for x, y in points:
        image[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2] = 255
    return image


def sample():
    points = np.array([[30.5, 30.5], [50.5, 31.5], [40.5, 42.5], [33.5, 52.5], [48.5, 53.5]], np.float32)
    mesh = np.random.default_rng(0).uniform(20, 60, (1, 1024, 3)).astype(np.float32)
    return SceneSample(
        dots(points), np.array([[22, 20, 58, 62]], np.float32), np.zeros(1, bool), points[None],
        np.array([[2, 1, 2, 2, 2]], np.uint8), mesh,
    )  # fmt: skip


def brightness(image, x, y):
    return int(np.asarray(Image.fromarray(image).convert("L"))[int(y), int(x)])


@pytest.mark.parametrize("seed", range(6))
def test_points_stay_on_their_dots(seed):
    out = augmented(sample(), 192, 0.5, 0.5, np.random.default_rng(seed))
    assert out.image.shape == (192, 192, 3)
    for x, y in out.points5[0]:
        if 0 <= x < 192 and 0 <= y < 192:
            assert brightness(out.image, x, y) > 150


def test_a_cut_moves_and_scales_all_alike():
    before, cut = sample(), cut_square(sample(), 20, 10, 48, 96)
    np.testing.assert_allclose(cut.boxes_xyxy, [[4, 20, 76, 96]])  # the lower edge is cut
    np.testing.assert_allclose(cut.points5, (before.points5 - [20, 10]) * 2)
    np.testing.assert_allclose(cut.mesh, (before.mesh - [20, 10, 0]) * 2, rtol=1e-6)


def test_a_face_whose_centre_is_outside_is_ignored_and_one_far_away_is_gone():
    assert cut_square(sample(), 45, 10, 40, 64).ignored.tolist() == [True]
    assert len(cut_square(sample(), 60, 60, 30, 64)) == 0


def test_the_mirror_image_has_left_and_right_in_their_places():
    before, after = sample(), mirrored(sample())
    np.testing.assert_allclose(after.boxes_xyxy, [[96 - 58, 20, 96 - 22, 62]])
    right, left = after.points5[0, :2]
    assert right[0] < left[0]  # the subject's right eye is on the left again
    np.testing.assert_allclose(right, [96 - 50.5, 31.5])
    assert after.points5_visibility.tolist() == [[1, 2, 2, 2, 2]]
    assert np.array_equal(after.mesh[:, MESH.points5][:, 2, 1], before.mesh[:, MESH.points5][:, 2, 1])
    np.testing.assert_allclose(after.mesh[:, MESH.points5[0], 0], 96 - before.mesh[:, MESH.points5[1], 0])
    twice = mirrored(after)
    for name in ("image", "boxes_xyxy", "points5", "mesh"):
        np.testing.assert_allclose(getattr(twice, name), getattr(before, name), atol=1e-4)


def test_batches_follow_from_the_step_alone(four_scenes):
    config = DetectorTraining(input_px=32, batch_size=3, steps=6, seed=5)
    whole = list(SceneBatches(four_scenes, config, 1024, workers=2).from_step(0))
    rest = list(SceneBatches(four_scenes, config, 1024).from_step(4))
    assert len(whole) == 6
    assert len(rest) == 2
    for a, b in zip(whole[4:], rest, strict=True):
        assert (a.pictures == b.pictures).all()
        assert [len(f.boxes_xyxy) for f in a.faces] == [len(f.boxes_xyxy) for f in b.faces]
    assert not (whole[0].pictures == whole[1].pictures).all()


def test_every_picture_comes_once_in_an_epoch(four_scenes):
    shades = [SceneSample(np.full((40, 40, 3), 40 * k, np.uint8), *(getattr(four_scenes[2], name) for name in (
        "boxes_xyxy", "ignored", "points5", "points5_visibility"))) for k in range(4)]  # fmt: skip
    config = DetectorTraining(input_px=32, batch_size=2, steps=4, augmentation=0.0)
    means = [float(p.mean()) for b in SceneBatches(shades, config).from_step(0) for p in b.pictures]
    assert len({round(m, 3) for m in means[:4]}) == len({round(m, 3) for m in means[4:]}) == 4


def test_ignored_faces_are_set_apart_and_unknown_meshes_are_nan(four_scenes):
    two = four_scenes[1]
    marked = SceneSample(two.image, two.boxes_xyxy, np.array([True, False]), two.points5, two.points5_visibility)
    faces = as_faces(marked, 1024)
    assert (len(faces.boxes_xyxy), len(faces.ignored_xyxy)) == (1, 1)
    assert faces.mesh.isnan().all()
    with pytest.raises(TrainingError, match="1024 vertices, the network's 7"):
        as_faces(two, 7)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"boxes_xyxy": np.array([[5, 5, 5, 9]], np.float32)}, "box .* of face 0"),
        ({"boxes_xyxy": np.array([[np.nan, 5, 6, 9]], np.float32)}, "box"),
        ({"points5": np.zeros((1, 5, 3), np.float32)}, "points5 has shape"),
        ({"image": np.zeros((4, 4, 3))}, "image has shape"),
        ({"mesh": np.zeros((2, 9, 3))}, "mesh has shape"),
    ],
)
def test_malformed_samples_are_named(change, complaint):
    from dataclasses import replace

    with pytest.raises(TrainingError, match=f"scene 7: {complaint}"):
        check_sample(replace(sample(), **change), "scene 7")
