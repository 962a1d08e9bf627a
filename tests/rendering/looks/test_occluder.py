"""What is worn or held is a mesh: depth, regions, visibility and boxes follow. Looked at in pixels."""

import dataclasses

import numpy as np
import pytest

from synhead_tools.formats.sample import HIDDEN, VISIBLE
from synhead_tools.heads.library import load_head
from synhead_tools.heads.regions import FACE_REGIONS, Region
from synhead_tools.rendering.annotate import FaceAreas, annotate, frame_columns, point_columns, pose_columns
from synhead_tools.rendering.looks.occluder import HABITS
from synhead_tools.rendering.looks.table import parse_looks
from synhead_tools.rendering.looks.wardrobe import Wardrobe
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.scene import studio_lighting

POSE = (np.eye(3), np.array([0.0, 0.0, 1.0]))
CAMERA = RenderPlan(("any",), [np.eye(3)], size_px=96).camera()


@pytest.fixture(scope="module")
def head():
    return load_head("m03")


@pytest.fixture(scope="module")
def wardrobe():
    return Wardrobe(parse_looks(["tint", "glasses", "occluder"]))


def values_of(occluder=b"", glasses=b"", seed=0):
    drawn = {}
    for look in parse_looks(["tint:0", "glasses", "occluder"]):
        drawn |= look.draw(np.random.default_rng(seed))
    if occluder:
        (look,) = parse_looks(["occluder:1"])
        while drawn["occluder"].item() != occluder:
            seed += 1
            drawn |= look.draw(np.random.default_rng(seed))
    return drawn | {"occluder": np.array(occluder, "S16"), "glasses": np.array(glasses, "S16")}


def draw(cpu, shape):
    return cpu.render(shape, *POSE, CAMERA, studio_lighting())


def labels_of(cpu, head, shape, frame):
    areas = FaceAreas(cpu)
    pose = (POSE[0][None], POSE[1][None], CAMERA.intrinsics[None])
    one = {name: column[0] for name, column in {**pose_columns(*pose, "synhead"), **point_columns(head, *pose)}.items()}
    return frame_columns(frame, head, POSE, one, CAMERA, areas, shape)


def test_what_is_not_worn_changes_no_pixel(cpu, head, wardrobe):
    plain, bare = draw(cpu, head), draw(cpu, wardrobe.dress(head, values_of()))
    for name in ("image", "alpha", "region", "depth_m"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(bare, name))


@pytest.mark.parametrize("name", [habit.name for habit in HABITS])
def test_each_thing_is_seen_and_hides_what_is_behind_it(cpu, head, wardrobe, name):
    plain, frame = draw(cpu, head), draw(cpu, wardrobe.dress(head, values_of(name.encode())))
    there = frame.region == Region.OCCLUDER
    assert there.sum() > 60
    both = there & (plain.depth_m > 0)
    assert (frame.depth_m[both] < plain.depth_m[both] + 1e-6).all(), "it is nearer"
    assert (frame.alpha[there] > 0).all()
    elsewhere = ~there & (frame.alpha == plain.alpha) & (frame.region == plain.region)
    assert elsewhere.sum() > 0.5 * there.size
    labels, before = labels_of(cpu, head, head, frame), annotate(head, *POSE, CAMERA, plain, FaceAreas(cpu))
    lost = int(np.isin(plain.region, FACE_REGIONS).sum()) - int(np.isin(frame.region, FACE_REGIONS).sum())
    if lost > 50:
        assert labels["visible_fraction"] < before["visible_fraction"]
    hidden = (before["landmarks68_visibility"] == VISIBLE) & (labels["landmarks68_visibility"] == HIDDEN)
    for x, y in before["landmarks68"][hidden][:, :2]:
        assert there[max(int(y) - 1, 0) : int(y) + 2, max(int(x) - 1, 0) : int(x) + 2].any(), "by the thing alone"


def test_a_mask_hides_mouth_and_nose_and_no_eye(cpu, head, wardrobe):
    shape = wardrobe.dress(head, values_of(b"mask"))
    labels = labels_of(cpu, head, shape, draw(cpu, shape))
    assert labels["points5_visibility"].tolist() == [VISIBLE, VISIBLE, HIDDEN, HIDDEN, HIDDEN]
    assert (labels["landmarks68_visibility"][48:] == HIDDEN).all()
    eyes = labels_of(cpu, head, head, draw(cpu, head))["landmarks68_visibility"][36:48]
    np.testing.assert_array_equal(labels["landmarks68_visibility"][36:48], eyes)
    assert (eyes == VISIBLE).sum() >= 10  # a corner may lie behind a fold of its own lid


def test_a_mask_lies_outside_of_every_head():
    for name in ("f01", "m05"):
        head = load_head(name)
        (look,) = parse_looks(["occluder:1"])
        mask = next(part for part in look.wardrobe(head) if part.name == "mask")
        skin = head.part("skin").vertices_m.astype(float)
        inner = mask.vertices_m.astype(float).reshape(19, 29, 3)[1:-1, 1:-1].reshape(-1, 3)
        centre = np.array([0.0, inner[:, 1].mean(), 0.03])
        unit = (skin - centre) / np.linalg.norm(skin - centre, axis=1, keepdims=True)
        for vertex in inner[::5]:
            along = vertex - centre
            near = unit @ (along / np.linalg.norm(along)) > np.cos(np.radians(1.5))
            if near.any():
                assert np.linalg.norm(along) > np.linalg.norm(skin[near] - centre, axis=1).max() - 0.003


def test_things_are_not_in_the_heads_box(cpu, head, wardrobe):
    before = labels_of(cpu, head, head, draw(cpu, head))["head_box_xyxy"]
    for seed in range(3):
        shape = wardrobe.dress(head, values_of(b"hand", seed=10 * seed))
        box = labels_of(cpu, head, shape, draw(cpu, shape))["head_box_xyxy"]
        assert (box[:2] >= before[:2] - 1).all()
        assert (box[2:] <= before[2:] + 1).all()


def test_dark_glasses_are_put_on(cpu, head, wardrobe):
    plain, frame = draw(cpu, head), draw(cpu, wardrobe.dress(head, values_of(glasses=b"sunglasses")))
    assert (frame.region == Region.GLASSES).sum() > 40
    assert (plain.region == Region.GLASSES).sum() == 0
    x, y = (CAMERA.intrinsics[:2, :2] @ head.points5_m[0, :2]) + CAMERA.intrinsics[:2, 2]
    assert frame.region[int(y), int(x)] == Region.GLASSES


def test_tints_are_seen_on_their_parts_alone(cpu, head):
    wardrobe = Wardrobe(parse_looks(["tint"]))
    values = {"skin_tint": np.float32([0.5, 0.5, 0.5]), "hair_tint": np.float32([1, 1, 1])}
    plain, frame = draw(cpu, head), draw(cpu, wardrobe.dress(head, values))
    skin = (plain.region == Region.SKIN) & (plain.alpha == 255)
    cloth = (plain.region == Region.CLOTH) & (plain.alpha == 255)
    assert (frame.image[skin].astype(int).mean() / plain.image[skin].mean()) == pytest.approx(0.73, abs=0.06)
    assert np.abs(frame.image[cloth].astype(int) - plain.image[cloth]).mean() < 0.5
    np.testing.assert_array_equal(draw(cpu, head).image, plain.image, "the head itself is as it was")


def test_order_of_frames_does_not_matter(cpu, cpu_with, head, wardrobe):
    first, second = values_of(b"hand", b"round"), values_of(b"phone", b"aviator", seed=4)
    one = [draw(cpu, wardrobe.dress(head, v)).image for v in (first, second)]
    fresh, other = cpu_with(), Wardrobe(parse_looks(["tint", "glasses", "occluder"]))
    two = [draw(fresh, other.dress(head, v)).image for v in (second, first)]
    np.testing.assert_array_equal(one[0], two[1])
    np.testing.assert_array_equal(one[1], two[0])


def test_imported_heads_wear_masks_too(egg):
    (look,) = parse_looks(["occluder:1"])
    bare = dataclasses.replace(egg, landmarks68_m=None, points5_m=None)
    for head in (egg, bare):
        assert {part.name for part in look.wardrobe(head)} == {habit.name for habit in HABITS}
