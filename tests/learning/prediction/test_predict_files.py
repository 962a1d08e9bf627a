import csv
import io
import tracemalloc
from pathlib import Path, PurePath

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import PictureError
from synhead_tools.geometry.rays import from_ray_frame, ray_rotation
from synhead_tools.learning.load_estimator import load_estimator
from synhead_tools.learning.prediction.answer_files import CsvAnswers
from synhead_tools.learning.prediction.answers import AnswerStyle
from synhead_tools.learning.prediction.camera_choice import CameraChoice
from synhead_tools.learning.prediction.face_boxes import DetectedFaces, WholePicture
from synhead_tools.learning.prediction.input_list import InputFile, list_inputs
from synhead_tools.learning.prediction.predict_files import FilePredictor

CAMERA = CameraChoice(intrinsics_px=(80.0, 80.0, 32.0, 32.0))
STYLE = AnswerStyle(kinds=("rotmat",))


@pytest.fixture(scope="module")
def estimator(random_checkpoint):
    return load_estimator(random_checkpoint(head="rot6d"))


@pytest.fixture(scope="module")
def photos(toy_target, tmp_path_factory):
    """Eight pictures of one toy head each, and their boxes."""
    folder = tmp_path_factory.mktemp("photos")
    rows = np.arange(8)
    for row, picture in zip(rows, toy_target.read("image", rows), strict=True):
        Image.fromarray(picture).save(folder / f"{row}.png")
    return folder, toy_target.read("face_box_xyxy", rows).astype(float)


def _boxes_by_number(boxes):
    class Listed:
        description = "listed"

        def find(self, picture, path, frame_number):
            return boxes[[int(path.stem)]]

    return Listed()


def _run(estimator, inputs, boxes, total=None, **options):
    file = io.BytesIO()
    predictor = FilePredictor(estimator, boxes, CsvAnswers(file, STYLE, {}), **options)
    inputs = list(inputs)
    skipped = []
    counts = predictor.run(inputs, total or len(inputs), skipped=skipped.append)
    rows = list(csv.DictReader(io.StringIO(file.getvalue().decode())))
    rotmat = np.array([[[float(row[f"r{i}{j}"]) for j in range(3)] for i in range(3)] for row in rows])
    return rows, rotmat, counts, skipped


def test_answers_are_those_of_the_estimator_on_the_dataset(estimator, photos, toy_target):
    folder, boxes = photos
    expected = estimator.predict(estimator.read_crops(toy_target, rows=np.arange(8)), ray_rule=False)
    rows, rotmat, counts, _ = _run(estimator, list_inputs([folder]), _boxes_by_number(boxes))
    np.testing.assert_allclose(rotmat, expected, atol=1e-5)
    assert {row["rotation_frame"] for row in rows} == {"crop ray"}
    assert [Path(row["image"]).name for row in rows] == [f"{number}.png" for number in range(8)]
    assert (counts.pictures, counts.faces, counts.without_face, counts.n_failed) == (8, 8, 0, 0)


def test_with_a_camera_they_are_turned_into_its_frame(estimator, photos):
    folder, boxes = photos
    _, in_ray_frame, _, _ = _run(estimator, list_inputs([folder]), _boxes_by_number(boxes))
    rows, found, _, _ = _run(estimator, list_inputs([folder]), _boxes_by_number(boxes), camera=CAMERA)
    rays = ray_rotation((boxes[:, :2] + boxes[:, 2:]) / 2, CAMERA.intrinsics(64, 64))
    np.testing.assert_allclose(found, from_ray_frame(in_ray_frame, rays), atol=1e-6)
    assert np.abs(found - in_ray_frame).max() > 0.01
    assert {row["rotation_frame"] for row in rows} == {"camera"}


def test_an_estimator_of_the_camera_frame_says_so(random_checkpoint, photos):
    folder, boxes = photos
    plain = load_estimator(random_checkpoint(head="rot6d", ray_frame=False))
    rows, _, _, _ = _run(plain, list_inputs([folder]), _boxes_by_number(boxes))
    assert {row["rotation_frame"] for row in rows} == {"camera"}


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_batches_and_several_faces_do_not_matter(estimator, photos, batch_size):
    folder, boxes = photos

    def find(picture):
        return boxes[: (int(picture[40, 40, 0]) % 4)]

    rows, rotmat, counts, _ = _run(
        estimator, list_inputs([folder]), DetectedFaces(find), batch_size=batch_size, camera=CAMERA
    )
    expected = []
    for file in list_inputs([folder]):
        picture = np.asarray(Image.open(file.path))
        faces = find(picture)
        for number, box in enumerate(faces):
            crops = estimator.crop_pictures([picture], box[None], intrinsics=CAMERA.intrinsics(64, 64))
            expected.append((str(file.path), str(number), estimator.predict(crops)[0]))
    assert [(row["image"], row["face"]) for row in rows] == [entry[:2] for entry in expected]
    np.testing.assert_allclose(rotmat, [entry[2] for entry in expected], atol=2e-5)
    assert counts.without_face == 8 - len({entry[0] for entry in expected})
    assert counts.faces == len(expected)


def test_bad_inputs_are_passed_over_and_said(estimator, photos, tmp_path):
    folder, _ = photos
    (tmp_path / "broken.png").write_bytes((folder / "0.png").read_bytes()[:200])
    (tmp_path / "empty.jpg").write_bytes(b"")
    given = [folder / "0.png", tmp_path / "broken.png", folder / "1.png", tmp_path / "empty.jpg", tmp_path / "no.png"]
    rows, _, counts, skipped = _run(estimator, list_inputs(given), WholePicture())
    assert [Path(row["image"]).name for row in rows] == ["0.png", "1.png"]
    assert (counts.n_failed, counts.failed) == (3, skipped)
    for name, line in zip(("broken.png", "empty.jpg", "no.png"), skipped, strict=True):
        assert name in line
        assert "\n" not in line


def test_an_only_bad_input_and_nothing_but_bad_ones_are_errors(estimator, tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "b.png").write_bytes(b"")
    with pytest.raises(PictureError, match=r"a\.png is no picture"):
        _run(estimator, list_inputs([tmp_path / "a.png"]), WholePicture())
    with pytest.raises(PictureError, match="none of the 2 inputs"):
        _run(estimator, list_inputs([tmp_path]), WholePicture())


def test_a_huge_box_is_made_small_first_and_means_the_same(estimator, tmp_path):
    """The same scene at 64 px and at 6400 px, with the camera scaled along."""
    small = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    Image.fromarray(small).save(tmp_path / "0.png")
    Image.fromarray(small).resize((6400, 6400), Image.Resampling.BOX).save(tmp_path / "1.png", compress_level=1)
    answers = []
    for name, scale in (("0.png", 1), ("1.png", 100)):
        camera = CameraChoice(intrinsics_px=tuple(np.array([80.0, 80.0, 20.0, 24.0]) * scale))
        _, rotmat, _, _ = _run(estimator, list_inputs([tmp_path / name]), WholePicture(), camera=camera)
        answers.append(rotmat[0])
    assert np.abs(answers[0] - answers[1]).max() < 0.02


def test_a_box_at_the_far_end_of_a_wide_picture(estimator, tmp_path):
    """It reaches beyond what a crop may start from; the answer is that of the same box nearer by."""
    pattern = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(64, 0).repeat(64, 1)
    answers = []
    for name, left in (("near.png", 500), ("far.png", 15_872)):
        picture = np.zeros((512, left + 512, 3), np.uint8)
        picture[:, left:] = pattern
        Image.fromarray(picture).save(tmp_path / name, compress_level=1)
        boxes = DetectedFaces(lambda picture, left=left: np.array([[left + 10.0, 0, left + 522, 512]]))
        answers.append(_run(estimator, list_inputs([tmp_path / name]), boxes)[1][0])
    assert np.abs(answers[0] - answers[1]).max() < 0.05


class _Discard:
    def write(self, answers):
        pass

    def finish(self, counts):
        pass


def test_memory_does_not_grow_with_the_number_of_pictures(estimator, photos):
    path = photos[0] / "0.png"
    peaks = []
    for count in (60, 300):
        inputs = (InputFile(path, PurePath("0.png"), False) for _ in range(count))
        predictor = FilePredictor(estimator, WholePicture(), _Discard(), batch_size=8)
        tracemalloc.start()
        counts = predictor.run(inputs, count)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert counts.faces == count
    assert peaks[1] < peaks[0] + 50_000


def test_progress_counts_pictures_and_frames(estimator, photos, make_video, tmp_path):
    video = make_video(tmp_path / "v.mp4", 9)
    given = [photos[0] / "0.png", video, photos[0] / "1.png"]
    file, reports = io.BytesIO(), []
    style = AnswerStyle(with_frames=True)
    predictor = FilePredictor(estimator, WholePicture(), CsvAnswers(file, style, {}), every=2)
    predictor.run(list_inputs(given), 3, progress=lambda done, total: reports.append((done, total)))
    assert reports[0] == (1, 3)
    assert reports[-1] == (7, 7)
    rows = list(csv.DictReader(io.StringIO(file.getvalue().decode())))
    assert [row["frame_number"] for row in rows] == ["", "0", "2", "4", "6", "8", ""]
    assert [row["time_s"] for row in rows][1:4] == ["0.000000", "0.080000", "0.160000"]


def test_what_a_damaged_video_has_before_the_damage_is_kept(estimator, make_video, tmp_path):
    path = make_video(tmp_path / "v.mp4", 60)
    data = bytearray(path.read_bytes())
    start = data.find(b"mdat") + 4
    length = int.from_bytes(data[start - 8 : start - 4], "big") - 8
    data[start + length // 2 : start + length] = b"\xff" * (length - length // 2)
    path.write_bytes(data)
    rows, _, counts, skipped = _run(estimator, list_inputs([path]), WholePicture())
    assert 3 < len(rows) == counts.faces < 60
    (line,) = skipped
    assert "v.mp4 is damaged after" in line
    assert counts.n_failed == 1
