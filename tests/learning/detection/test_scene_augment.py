from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from synhead_tools.errors import TrainingError
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.blank_pictures import blank_picture
from synhead_tools.learning.detection.letterbox import FILL
from synhead_tools.learning.detection.scene_augment import augmented, cut_square, mirrored
from synhead_tools.learning.detection.scene_batches import SceneBatches, as_faces
from synhead_tools.learning.detection.scene_sample import SceneSample, check_sample
from synhead_tools.learning.detection.train_config import DetectorTraining
from synhead_tools.learning.pictures.augment_colour import standardise

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


def test_a_face_that_becomes_too_small_is_ignored():
    assert cut_square(sample(), 0, 0, 96, 24, smallest_px=10.0).ignored.tolist() == [False]  # 42 px are 10.5 then
    assert cut_square(sample(), 0, 0, 96, 22, smallest_px=10.0).ignored.tolist() == [True]


def test_crops_by_face_give_all_sizes_evenly():
    picture = SceneSample(
        np.zeros((800, 800, 3), np.uint8), np.array([[380, 380, 420, 430]], np.float32), np.zeros(1, bool),
        np.full((1, 5, 2), 400, np.float32), np.full((1, 5), 2, np.uint8),
    )  # fmt: skip
    rng = np.random.default_rng(0)
    cuts = [augmented(picture, 256, 0.3, 0.5, rng, 1.0, 16.0) for _ in range(400)]
    heights = np.array([np.diff(cut.boxes_xyxy[0, 1::2])[0] for cut in cuts])
    wanted = 16 * 16 ** np.array([0.25, 0.5, 0.75])
    np.testing.assert_allclose(np.quantile(heights, [0.25, 0.5, 0.75]), wanted, rtol=0.15)
    assert heights.max() > 200
    assert sum(cut.ignored.any() for cut in cuts) < 5  # those of just 16 px
    without = [augmented(picture, 256, 0.3, 0.5, rng, 0.0, 16.0) for _ in range(100)]
    assert max(np.diff(cut.boxes_xyxy[0, 1::2])[0] for cut in without if len(cut)) < 60


def test_some_squares_reach_beyond_the_picture_and_are_plain_there():
    """A face that fills half of a white picture becomes less of the square only so."""
    before = sample()
    white = replace(before, image=np.full_like(before.image, 255))
    rng = np.random.default_rng(0)
    sizes = {"face_crops": 1.0, "smallest_px": 8.0, "face_crop_px": (30.0, 30.0)}
    for beyond in (0.0, 1.0):
        cuts = [augmented(white, 96, 0.3, 0.0, rng, **sizes, beyond=beyond) for _ in range(20)]
        sizes_px = [np.diff(cut.boxes_xyxy[0].reshape(2, 2), axis=0).max() for cut in cuts]
        np.testing.assert_allclose(np.median(sizes_px), 30 if beyond else 42, rtol=0.02)  # some are cut at the edge
        assert all((cut.image == FILL).all(axis=-1).any() == bool(beyond) for cut in cuts)
        for cut in cuts:
            x, y = cut.boxes_xyxy[0].reshape(2, 2).mean(axis=0).astype(int)
            assert (cut.image[y, x] == 255).all()
    half = [augmented(white, 96, 0.3, 0.0, rng, **sizes, beyond=0.5) for _ in range(100)]
    assert 30 < sum((cut.image == FILL).all(axis=-1).any() for cut in half) < 70


@pytest.mark.parametrize(("right_px", "ignored"), [(160, False), (180, True)])
def test_a_box_beyond_the_picture_is_cut_at_its_edge_and_ignored_if_its_centre_is_beyond(right_px, ignored):
    far = replace(sample(), boxes_xyxy=np.array([[22, 20, right_px, 62]], np.float32))
    cut = cut_square(far, -10, 0, 192, 96)
    np.testing.assert_allclose(cut.boxes_xyxy, [[16, 10, 53, 31]])
    assert cut.ignored.tolist() == [ignored]


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


def test_batches_reach_beyond_pictures_as_often_as_is_asked(four_scenes):
    plain = torch.tensor(FILL)[None, :, None, None] / 255
    for share in (0.0, 1.0):
        config = DetectorTraining(
            input_px=32, batch_size=4, steps=3, face_crops=1.0, face_crops_beyond=share, face_crop_least_px=9.0,
            face_crop_most_px=9.0, augmentation=0.0,
        )  # fmt: skip
        pictures = torch.cat([batch.pictures for batch in SceneBatches(four_scenes, config).from_step(0)])
        filled = ((pictures - standardise(plain)).abs() < 1e-3).all(dim=1).flatten(1).any(dim=1)
        assert bool(filled.any()) == bool(share)


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


def test_inputs_of_many_sizes_have_about_the_same_number_of_pixels():
    config = DetectorTraining(input_px=288, smallest_px=128, batch_size=5, steps=300)
    sides = [config.side_px(step) for step in range(300)]
    assert set(sides) == {128, 160, 192, 224, 256, 288}
    assert sides == [config.side_px(step) for step in range(300)]
    assert np.median(sides) == pytest.approx((128 * 288) ** 0.5, abs=32)
    pixels = [config.pictures_at(side) * side**2 for side in sides]
    assert max(pixels) / min(pixels) < 1.15
    short = DetectorTraining(input_px=96, smallest_px=32, batch_size=1, steps=6, face_crops=0.5)
    for step, batch in enumerate(SceneBatches([sample()] * 7, short, 1024).from_step(0)):
        side = short.side_px(step)
        assert batch.pictures.shape == (short.pictures_at(side), 3, side, side)
    with pytest.raises(TrainingError, match="smallest_px"):
        DetectorTraining(input_px=96, smallest_px=128)


def test_pictures_of_nothing_have_no_faces_and_differ():
    rng = np.random.default_rng(0)
    blanks = [blank_picture(48, rng) for _ in range(60)]
    for blank in blanks:
        assert check_sample(blank, "blank").image.shape == (48, 48, 3)
        assert len(blank) == 0
    spread = np.array([blank.image.std(axis=(0, 1)).max() for blank in blanks])
    assert (spread == 0).sum() > 10  # flat ones
    assert (spread > 50).sum() > 10
    config = DetectorTraining(input_px=64, batch_size=4, steps=20, blank_share=0.5, crop_least=1.0)
    faces = [len(of.boxes_xyxy) for batch in SceneBatches([sample()] * 3, config).from_step(0) for of in batch.faces]
    assert 0.3 < np.mean(faces) < 0.7


def test_faces_get_the_sizes_that_are_asked_for():
    """The longer side of the face's box, 42 px in the picture, within what the square can be."""
    rng, sizes = np.random.default_rng(0), []
    for _ in range(60):
        out = augmented(sample(), 128, 0.3, 0.5, rng, 1.0, 8.0, (56.0, 80.0))
        sizes.append(float(np.ptp(out.points5[0, :, 1])) / 23 * 42)  # boxes may be cut at an edge, points are not
    assert 56 <= min(sizes) < 60
    assert 76 < max(sizes) <= 80.1


def test_sizes_of_faces_are_checked_and_fit_the_input():
    with pytest.raises(TrainingError, match="face_crop_least_px = 90.0 must not exceed face_crop_most_px = 80.0"):
        DetectorTraining(face_crop_least_px=90.0, face_crop_most_px=80.0)
    config = DetectorTraining(face_crop_least_px=52.0, face_crop_most_px=100.0, smallest_face_px=18.0)
    assert [config.face_crop_px(side) for side in (128, 64, 32)] == [(52, 100), (52, 64), (32, 32)]
    assert DetectorTraining(smallest_face_px=18.0).face_crop_px(64) == (18, 64)
