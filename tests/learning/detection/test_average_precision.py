import numpy as np
import pytest

from synhead_tools.learning.detection.average_precision import (
    IOU_STEPS,
    average_precision,
    iou_plus_one,
    mean_average_precision,
)
from synhead_tools.learning.detection.detections import Detections

A, B, FAR = [0, 0, 99, 99], [200, 0, 299, 99], [500, 500, 599, 599]


def found(*rows):
    rows = np.array(rows, float).reshape(-1, 5)
    return Detections(rows[:, :4], rows[:, 4], np.zeros((len(rows), 5, 2)))


def box(*rows):
    return np.array(rows, float).reshape(-1, 4)


def half(box, share):
    """A box whose IoU with `box`, pixels of both edges counted, is `share`."""
    return [box[0], box[1], box[2], box[1] + 100 * share - 1]


def test_by_hand():
    """Right at 0.9, wrong at 0.6, right at 0.3: precision 1, 1/2 and 2/3 at recall 1/2, 1/2 and 1."""
    answers = [found([*A, 0.9], [*FAR, 0.6], [*B, 0.3])]
    assert average_precision(answers, [box(A, B)]) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_a_second_hit_counts_against():
    answers = [found([*A, 0.9], [*A, 0.8], [*B, 0.1])]
    assert average_precision(answers, [box(A, B)]) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_what_hits_a_face_outside_of_the_subset_counts_neither_way():
    faces, answers = [box(A, B)], [found([*B, 0.9], [*A, 0.8], [*B, 0.7])]
    assert average_precision(answers, faces, [np.array([True, False])]) == 1
    assert average_precision(answers, faces, [np.array([True, True])]) == 1
    assert average_precision(
        [found([*FAR, 0.9], [*A, 0.5], [*B, 0.4])], faces, [np.array([True, False])]
    ) == pytest.approx(0.5)


def test_each_detection_belongs_to_its_best_face_alone():
    """Two faces side by side: a detection of both at IoU 0.5 or more goes to the better, and the other stays missed."""
    faces = [box([0, 0, 99, 99], [0, 0, 99, 79])]
    answers = [found([0, 0, 99, 99, 0.9], [0, 0, 99, 95, 0.8])]
    assert average_precision(answers, faces) == pytest.approx(0.5)


def test_iou_counts_the_pixels_of_both_edges():
    np.testing.assert_allclose(
        iou_plus_one(box([0, 0, 9, 9]), box([0, 0, 9, 4], [10, 0, 12, 9], [9, 9, 9, 9])), [[0.5, 0, 0.01]]
    )


def test_a_hit_is_one_from_half_on_including_half():
    assert average_precision([found([*half(A, 0.5), 0.9])], [box(A)]) == 1
    assert average_precision([found([*half(A, 0.49), 0.9])], [box(A)]) == 0


def test_scores_are_stretched_over_the_whole_set():
    """Scores of 0.5000 and 0.5001 would be one of a thousand thresholds; stretched they are the ends of all."""
    right_first = [found([*A, 0.5001], [*FAR, 0.5])]
    assert average_precision(right_first, [box(A)]) == 1
    wrong_first = [found([*A, 0.5], [*FAR, 0.5001])]
    assert average_precision(wrong_first, [box(A)]) == 0.5
    two = [found([*A, 0.5001]), found([*FAR, 0.5])]
    assert average_precision(two, [box(A), box(B)]) == pytest.approx(0.5)


def test_pictures_without_faces():
    answers, faces = [found([*A, 0.5]), found([*FAR, 0.9])], [box(A), box()]
    assert average_precision(answers, faces) == 0.5
    assert average_precision(answers, faces, count_empty_pictures=False) == 1
    assert np.isnan(average_precision([found()], [box()]))
    assert average_precision([found()], [box(A)]) == 0


def test_the_mean_over_ten_thresholds():
    assert IOU_STEPS == (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
    assert mean_average_precision([found([*half(A, 0.73), 0.9])], [box(A)]) == pytest.approx(0.5)


def slow(answers, faces, counted, iou_threshold):
    """The evaluation as it is told, threshold by threshold and detection by detection."""
    every = np.concatenate([a.scores for a in answers])
    low, high = min(1, every.min()), max(0, every.max())
    curve = []
    for t in range(1000):
        threshold = 1 - (t + 1) / 1000
        proposals = recalled = 0
        for answer, boxes, keep in zip(answers, faces, counted, strict=True):
            order = sorted(range(len(answer)), key=lambda i: -answer.scores[i])
            seen = set()
            for i in order:
                if (answer.scores[i] - low) / (high - low) < threshold:
                    break
                overlap = iou_plus_one(answer.boxes_xyxy[i : i + 1], boxes)[0]
                best = int(overlap.argmax())
                if overlap[best] >= iou_threshold and not keep[best]:
                    continue
                proposals += 1
                if overlap[best] >= iou_threshold and best not in seen:
                    seen.add(best)
                    recalled += 1
        curve.append((recalled / sum(k.sum() for k in counted), recalled / proposals if proposals else 0))
    area, before = 0.0, 0.0
    for i, (recall, _) in enumerate(curve):
        area += (recall - before) * max(p for _, p in curve[i:])
        before = recall
    return area


@pytest.mark.parametrize("seed", range(2))
def test_random_sets_agree_with_the_slow_way(seed):
    rng = np.random.default_rng(seed)
    answers, faces, counted = [], [], []
    for _ in range(6):
        corner = rng.uniform(0, 200, (rng.integers(1, 6), 2))
        boxes = np.concatenate([corner, corner + rng.uniform(20, 80, corner.shape)], axis=1)
        rows = [
            [*(boxes[rng.integers(len(boxes))] + rng.normal(0, 6, 4)), rng.uniform()] for _ in range(rng.integers(1, 9))
        ]
        answers.append(found(*rows))
        faces.append(boxes)
        counted.append(rng.uniform(size=len(boxes)) < 0.7)
    for iou in (0.5, 0.75):
        assert average_precision(answers, faces, counted, iou) == pytest.approx(slow(answers, faces, counted, iou))
