import numpy as np
import pytest

from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.close_ups import SIDE_PX, close_up, with_close_ups
from synhead_tools.learning.detection.detections import Detections, rotations_of_meshes
from synhead_tools.learning.detection.face_detector import FaceDetector
from synhead_tools.learning.detection.letterbox import FILL

EYES, NOSE, MOUTH = 1, 0, 2  # channels of the spots that stand for them


def drawn(centre, size, shape=(300, 400)):
    """A face of five spots, and where they are, (5, 2): eyes, nose and mouth corners as subjects have them."""
    offsets = np.array([[-0.25, -0.2], [0.3, -0.2], [0.1, 0.05], [-0.2, 0.3], [0.15, 0.3]])
    points = np.asarray(centre, float) + offsets * size
    picture = np.zeros((*shape, 3), np.uint8)
    radius = size / 16
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    for (x, y), channel in zip(points, (EYES, EYES, NOSE, MOUTH, MOUTH), strict=True):
        inside = np.clip(radius + 0.5 - np.hypot(columns - x, rows - y), 0, 1)
        picture[..., channel] = np.maximum(picture[..., channel], (255 * inside).astype(np.uint8))
    return picture, points


def spots(picture):
    """The five points of a picture like `drawn`, or None: pixels' centres weighted by how bright they are."""
    weights = np.where((picture == FILL).all(axis=-1, keepdims=True), 0, picture).astype(float)
    weights[weights < 60] = 0
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]] + 0.5

    def middle(weight):
        return np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()

    found = []
    for channel in (EYES, NOSE, MOUTH):
        weight = weights[..., channel]
        if not weight.any():
            return None
        halves = [weight] if channel == NOSE else [weight * (columns < middle(weight)[0])]
        if channel != NOSE:
            halves.append(weight - halves[0])
        if not all(half.any() for half in halves):
            return None
        found += [middle(half) for half in halves]
    return np.array(found)


class Spots(FaceDetector):
    """Finds one such face; whole pictures are seen as badly as `blur` says, in px."""

    def __init__(self, blur=0.0):
        self.blur, self.shapes = blur, []

    def answer(self, inputs, score_threshold, nms_iou, vote_iou):
        self.shapes.append(inputs.shape)
        return [self.one(picture) for picture in inputs]

    def one(self, picture):
        points = spots(picture)
        if points is None:
            return Detections(np.empty((0, 4)), np.empty(0), np.empty((0, 5, 2)), None)
        size = (points[4, 1] - points[0, 1]) / 0.5
        corner = points[0] + 0.25 * size + [0, -0.3 * size + 0.2 * size] - [0.5 * size, 0.4 * size]
        box = np.concatenate([corner, corner + size])
        if picture.shape[:2] != (SIDE_PX, SIDE_PX):
            points = points + self.blur
        return Detections(box[None], np.array([0.9]), points[None], None)


@pytest.mark.parametrize(("centre", "size"), [((200, 150), 40), ((200, 150), 220), ((35, 40), 60), ((370, 260), 70)])
def test_points_come_from_the_close_up_wherever_the_face_is(centre, size):
    picture, points = drawn(centre, size)
    detector = Spots(blur=5.0)
    (seen,) = detector.detect([picture], longest_px=None, close_up_score=None)
    np.testing.assert_allclose(seen.points5[0], points + 5, atol=0.4)
    (found,) = detector.detect([picture], longest_px=None)
    np.testing.assert_allclose(found.points5[0], points, atol=0.01 * size + 0.1)
    np.testing.assert_array_equal(found.boxes_xyxy, seen.boxes_xyxy)
    np.testing.assert_array_equal(found.scores, seen.scores)
    assert detector.shapes[-3:] == [(1, 320, 448, 3)] + [(1, SIDE_PX, SIDE_PX, 3)] * 2  # with the mirror image


def test_a_close_up_has_its_box_in_the_middle_and_keeps_pixels_where_they_are():
    ramp = np.broadcast_to(np.arange(200, dtype=np.uint8)[None, :, None], (100, 200, 3))
    box = np.array([20.0, 30, 20 + 72, 30 + 72])
    place = close_up(box)
    canvas = place.cut(np.ascontiguousarray(ramp))
    assert canvas.shape == (SIDE_PX, SIDE_PX, 3)
    np.testing.assert_allclose(place.boxes_to_picture([28, 28, 100, 100]), box)
    assert place.scale == 1
    np.testing.assert_array_equal(canvas[40, 8:, 0], np.arange(120))  # from the picture's left edge on
    assert (canvas[:, :8] == FILL).all()
    assert (canvas[98:] == FILL).all()  # the picture has 100 rows, the first of which is the close-up's -2nd
    assert (close_up(box + 1000).cut(np.ascontiguousarray(ramp)) == FILL).all()


def look_of(scores, lefts_px=None, mesh=None):
    """Shows one face in the close-up of each of the given ones."""

    def look(inputs, least_score):
        lefts = lefts_px or [28.0] * len(inputs)
        boxes = [np.array([[left, 28, left + 72, 100]]) for left in lefts]
        return [
            Detections(box, np.array([score]), np.zeros((1, 5, 2)), mesh)
            for box, score in zip(boxes, scores, strict=True)
        ]

    return look


BOXES = np.array([[10.0, 10, 60, 60], [100, 100, 150, 150], [200, 200, 240, 240]])
BLACK = np.zeros((300, 400, 3), np.uint8)


@pytest.mark.parametrize(("left_px", "same"), [(28.0, True), (60.0, False), (100.0, False)])
def test_what_close_ups_do_not_show_is_dropped(left_px, same):
    """In the close-up the first face's box is from 28 to 100 px; IoU 1, 0.38 and 0. The second is shown."""
    found = Detections(BOXES[:2], np.array([0.9, 0.8]), np.ones((2, 5, 2)), np.ones((2, 6, 3)))
    kept = with_close_ups(found, BLACK, look_of([1, 1], [left_px, 28.0], np.zeros((1, 6, 3))))
    np.testing.assert_array_equal(kept.boxes_xyxy, BOXES[:2] if same else BOXES[1:2])
    assert kept.mesh.shape == (1 + same, 6, 3)
    assert (kept.points5 != 1).all()


@pytest.mark.parametrize(("score", "stays"), [(0.36, True), (0.34, False)])
def test_close_ups_have_to_be_sure_enough(score, stays):
    """What gets no close-up, as the third, stays."""
    found = Detections(BOXES, np.array([0.9, 0.8, 0.3]), np.ones((3, 5, 2)), np.ones((3, 6, 3)))
    kept = with_close_ups(found, BLACK, look_of([score, 0.9], mesh=np.zeros((1, 6, 3))), least_score=0.5)
    np.testing.assert_array_equal(kept.boxes_xyxy, BOXES if stays else BOXES[1:])


def test_a_detector_that_was_not_taught_such_sizes_keeps_all_it_found():
    found = Detections(BOXES, np.array([0.9, 0.8, 0.3]), np.ones((3, 5, 2)), np.ones((3, 6, 3)))
    look = look_of([0.2, 0.2, 0.2], mesh=np.zeros((1, 6, 3)))
    assert with_close_ups(found, BLACK, look) is found


def test_unsure_faces_and_boxes_without_area_get_none():
    picture, _ = drawn((200, 150), 60)
    boxes = np.array([[170.0, 120, 230, 180], [5, 5, 5, 9], [np.nan, 0, 1, 1], [0, 0, 9, 9]])
    found = Detections(boxes, np.array([0.9, 0.8, 0.7, 0.2]), np.zeros((4, 5, 2)))
    asked = []

    def look(inputs, least_score):
        asked.append(len(inputs))
        return [Spots().one(each) for each in inputs]

    with_close_ups(found, picture, look, least_score=0.5)
    assert asked == [1] * 2
    assert with_close_ups(found, picture, look, least_score=0.95) is found


def coloured_spots(picture):
    """Where the red, the green and the blue spot of a picture are, (3, 2)."""
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]] + 0.5
    weights = np.clip(picture.astype(float) - picture.astype(float).sum(axis=-1, keepdims=True) / 2, 0, None)
    return np.stack([[(axis * of).sum() / of.sum() for axis in (columns, rows)] for of in np.moveaxis(weights, -1, 0)])


@pytest.mark.parametrize("roll_deg", [0.0, 35.0, -80.0, 170.0])
@pytest.mark.parametrize("radius_px", [30.0, 110.0])
def test_the_second_close_up_is_upright_and_all_lands_where_it_is_in_the_picture(roll_deg, radius_px):
    """The detector reads off three spots how the picture was moved, and tells the true mesh as it then lies."""
    face = load_face_mesh()
    turn = np.deg2rad(roll_deg)
    rotmat = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1.0]])
    mesh = (face.mean_m - face.mean_m.mean(axis=0)) @ rotmat.T
    mesh *= radius_px / np.abs(mesh[:, :2]).max()
    mesh[:, :2] += (210, 160)
    spots = np.array([[-0.3, -0.2], [0.35, -0.1], [0.05, 0.4]]) * radius_px + (210, 160)
    rows, columns = np.mgrid[:320, :420] + 0.5
    distance = np.hypot(columns[..., None] - spots[:, 0], rows[..., None] - spots[:, 1])
    picture = (255 * np.clip(radius_px / 8 + 0.5 - distance, 0, 1)).astype(np.uint8)
    corners = np.concatenate([spots, np.ones((3, 1))], axis=1)
    rolls = []

    def look(inputs, least_score):
        answers = []
        for shown in inputs:
            moved = np.linalg.solve(corners, coloured_spots(shown))  # (3, 2): x, y, 1 of the picture to x, y
            flat = np.concatenate([mesh[:, :2], np.ones((len(mesh), 1))], axis=1) @ moved
            scale = np.sqrt(abs(np.linalg.det(moved[:2])))
            own = np.concatenate([flat, scale * mesh[:, 2:]], axis=1)
            if np.linalg.det(moved[:2]) < 0:
                own = own[face.mirror]
            axis = rotations_of_meshes(own[None])[0, :, 1]
            rolls.append(np.rad2deg(np.arctan2(-axis[0], axis[1])))
            box = np.concatenate([flat.min(axis=0), flat.max(axis=0)])
            answers.append(Detections(box[None], np.ones(1), own[None, face.points5, :2], own[None]))
        return answers

    box = np.concatenate([mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)])
    found = Detections(box[None], np.ones(1), np.zeros((1, 5, 2)), np.zeros((1, len(mesh), 3)))
    kept = with_close_ups(found, picture, look)
    np.testing.assert_allclose(rolls, [roll_deg, -roll_deg, 0, 0], atol=2.0)
    error_px = np.abs(kept.mesh[0] - mesh).max(axis=0)
    assert (error_px < 0.02 * radius_px).all(), error_px
    np.testing.assert_allclose(kept.points5[0], mesh[face.points5, :2], atol=0.02 * radius_px)
    np.testing.assert_array_equal(kept.boxes_xyxy, found.boxes_xyxy)


def looks_in_turn(scores, shifts_px):
    """Of the first close-up, its mirror image, the second and its mirror image: score and place of an upright face."""
    face = load_face_mesh()
    upright = (face.mean_m - face.mean_m.mean(axis=0)) * 72 / np.ptp(face.mean_m[:, 0])
    upright[:, :2] += 64
    calls = []

    def look(inputs, least_score):
        number = len(calls)
        calls.append(len(inputs))
        if scores[number] is None:
            return [Detections(np.empty((0, 4)), np.empty(0), np.empty((0, 5, 2)), np.empty((0, 1024, 3)))] * len(
                inputs
            )
        mesh = upright + [shifts_px[number], 0, 0]
        if number % 2:
            mesh = mesh[face.mirror] * [-1, 1, 1] + [SIDE_PX, 0, 0]
        box = np.concatenate([mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)])
        one = Detections(box[None], np.array([scores[number]]), mesh[None, face.points5, :2], mesh[None])
        return [one] * len(inputs)

    return look, calls, upright


ONE = Detections(np.array([[114.0, 114, 186, 186]]), np.ones(1), np.zeros((1, 5, 2)), np.zeros((1, 1024, 3)))
"""72 px: close-ups keep the scale, and begin at (86, 86)."""


def test_the_mean_of_all_four_looks_is_told():
    look, calls, upright = looks_in_turn([0.9, 0.8, 0.7, 0.6], [0.0, 3.0, 6.0, 7.0])
    kept = with_close_ups(ONE, BLACK, look)
    np.testing.assert_allclose(kept.mesh[0], upright + [86 + 4, 86, 0], atol=1e-9)
    assert calls == [1] * 4


@pytest.mark.parametrize(
    ("scores", "shifts_px", "shift_px", "stays"),
    [
        ([0.8, 0.8, None, None], [0, 2, 0, 0], 1, True),  # 0.4 in the mean
        ([0.6, 0.6, None, None], [0, 2, 0, 0], 1, False),  # 0.3
        ([0.8, 0.8, 0.9, 0.9], [0, 2, 60, 60], 1, True),  # the second one shows another face
        ([0.6, 0.6, 0.9, 0.9], [0, 2, 60, 60], 1, False),
        ([None, 0.9, 0.9, 0.9], [0, 2, 4, 3], 3, True),
    ],
)
def test_looks_that_show_nothing_or_another_face_count_against(scores, shifts_px, shift_px, stays):
    look, _, upright = looks_in_turn(scores, shifts_px)
    second = np.array([[10.0, 10, 30, 30]])
    other = Detections(second, np.array([0.4]), np.zeros((1, 5, 2)), np.zeros((1, 1024, 3)))
    both = Detections(*(np.concatenate([getattr(a, f) for a in (ONE, other)]) for f in (
        "boxes_xyxy", "scores", "points5", "mesh")))  # fmt: skip
    kept = with_close_ups(both, BLACK, look)
    if not stays:
        assert kept is both  # neither is confirmed
    else:
        np.testing.assert_allclose(kept.mesh[0], upright + [86 + shift_px, 86, 0], atol=1e-9)


def test_a_face_that_first_close_ups_do_not_show_gets_no_second_one():
    look, calls, _ = looks_in_turn([None, None], [0, 0])
    assert with_close_ups(ONE, BLACK, look) is ONE
    assert calls == [1, 1]


@pytest.mark.parametrize("mesh", [np.zeros((1, 1024, 3)), np.full((1, 1024, 3), np.nan)])
def test_meshes_that_are_none_are_no_fault(mesh):
    def look(inputs, least_score):
        return [Detections(np.array([[28.0, 28, 100, 100]]), np.ones(1), np.zeros((1, 5, 2)), mesh)] * len(inputs)

    assert len(with_close_ups(ONE, BLACK, look)) == 1


def test_a_mesh_of_another_topology_is_not_mirrored():
    def look(inputs, least_score):
        calls.append(len(inputs))
        middle = np.array([[28.0, 28, 100, 100]])
        return [Detections(middle, np.ones(1), np.zeros((1, 5, 2)), np.ones((1, 6, 3))) for _ in inputs]

    calls = []
    found = Detections(np.array([[0.0, 0, 72, 72]]), np.ones(1), np.zeros((1, 5, 2)), np.zeros((1, 6, 3)))
    kept = with_close_ups(found, np.zeros((90, 90, 3), np.uint8), look)
    assert calls == [1]
    assert kept.mesh[0, 0, 2] == 1


def test_a_large_picture_is_not_copied_for_each_face():
    """The same close-up as of the part that is needed, of a picture that only claims to be large."""
    part, _ = drawn((60, 60), 50, (120, 120))
    large = np.broadcast_to(np.zeros(3, np.uint8), (120, 40_000_000, 3))  # 14 GB, if anybody made them
    canvas = close_up((1000.0, 30, 1050, 80)).cut(large)
    assert (canvas[:100] == 0).all()
    one = close_up((30.5, 30, 81, 80)).cut(part)
    two = close_up((730.5, 530, 781, 580)).cut(np.pad(part, ((500, 500), (700, 700), (0, 0))))
    np.testing.assert_array_equal(one[8:-8, 8:-8], two[8:-8, 8:-8])


def test_two_that_turn_out_to_be_one_face_are_the_surer_one():
    """Boxes that overlap by a quarter; the close-ups of both show one and the same face between them."""
    picture, _ = drawn((200, 150), 100)
    true = Spots().one(picture).boxes_xyxy[0]
    shift = np.array([0.28, 0, 0.28, 0]) * 100
    boxes = np.stack([true + shift, true - shift, [10, 10, 40, 40]])
    found = Detections(boxes, np.array([0.8, 0.9, 0.2]), np.zeros((3, 5, 2)))

    def look(inputs, least_score):
        return [Spots().one(each) for each in inputs]

    kept = with_close_ups(found, picture, look, least_score=0.5)
    np.testing.assert_array_equal(kept.scores, [0.9, 0.2])
    alone = with_close_ups(Detections(boxes[:1], found.scores[:1], found.points5[:1]), picture, look)
    assert len(alone) == 1


def test_of_two_that_are_one_face_the_one_stays_that_is_where_the_face_is():
    picture, _ = drawn((200, 150), 100)
    true = Spots().one(picture).boxes_xyxy[0]
    boxes = np.stack([true + [33, 0, 33, 0], true - [3, 0, 3, 0]])
    found = Detections(boxes, np.array([0.99, 0.9]), np.zeros((2, 5, 2)))
    kept = with_close_ups(found, picture, lambda inputs, least_score: [Spots().one(each) for each in inputs])
    np.testing.assert_array_equal(kept.scores, [0.9])
