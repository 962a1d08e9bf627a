from dataclasses import replace

import numpy as np
import pytest

from synhead_tools.errors import HeadError
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.build import build_head, morphed_vertices, to_head_frame
from synhead_tools.heads.expression_basis import displacement_matrices, expressed
from synhead_tools.heads.expressions import ARKIT_NAMES, coefficient_vector, express
from synhead_tools.heads.eyeballs import eye_centres
from synhead_tools.heads.library import load_head, load_recipe
from synhead_tools.heads.morph import expression_names
from synhead_tools.heads.pose_neck import bend_neck

# as Apple's page on ARFaceAnchor.BlendShapeLocation lists them
APPLES_PAGE = """
eyeBlinkLeft eyeLookDownLeft eyeLookInLeft eyeLookOutLeft eyeLookUpLeft eyeSquintLeft eyeWideLeft
eyeBlinkRight eyeLookDownRight eyeLookInRight eyeLookOutRight eyeLookUpRight eyeSquintRight eyeWideRight
jawForward jawLeft jawRight jawOpen
mouthClose mouthFunnel mouthPucker mouthLeft mouthRight mouthSmileLeft mouthSmileRight mouthFrownLeft mouthFrownRight
mouthDimpleLeft mouthDimpleRight mouthStretchLeft mouthStretchRight mouthRollLower mouthRollUpper mouthShrugLower
mouthShrugUpper mouthPressLeft mouthPressRight mouthLowerDownLeft mouthLowerDownRight mouthUpperUpLeft mouthUpperUpRight
browDownLeft browDownRight browInnerUp browOuterUpLeft browOuterUpRight
cheekPuff cheekSquintLeft cheekSquintRight noseSneerLeft noseSneerRight
tongueOut
"""
LIDS = {"Left": ((43, 44), (47, 46)), "Right": ((37, 38), (41, 40))}


def some_coefficients(seed):
    rng = np.random.default_rng(seed)
    return rng.random(len(ARKIT_NAMES)) * (rng.random(len(ARKIT_NAMES)) < 0.4)


def with_expression(recipe, coefficients):
    pairs = zip(ARKIT_NAMES, coefficients, strict=True)
    return replace(recipe, expression=tuple((name, float(c)) for name, c in pairs if c and name != "tongueOut"))


def test_names_are_apples_in_apples_order_and_the_data_have_all_but_the_tongue():
    assert list(ARKIT_NAMES) == APPLES_PAGE.split()
    assert set(ARKIT_NAMES) - set(expression_names()) == {"tongueOut"}


@pytest.mark.parametrize("name", ["m04", "dressed"])
def test_expressing_a_head_is_building_it_with_that_expression(name):
    recipe = load_recipe("f02" if name == "dressed" else name)
    if name == "dressed":
        recipe = replace(recipe, glasses="round", headgear="beanie")
    head, coefficients = build_head(recipe), some_coefficients(1)
    moved, built = express(head, coefficients), build_head(with_expression(recipe, coefficients))
    assert [part.name for part in moved.parts] == [part.name for part in built.parts]
    for ours, theirs in zip(moved.parts, built.parts, strict=True):
        apart = np.abs(ours.vertices_m - theirs.vertices_m).max(axis=1)
        if ours.name == "hair":  # pressed under a hat or over a collar: it is moved as it lies, not pressed anew
            assert np.quantile(apart, 0.98) < 5e-5
        else:
            assert apart.max() < (2e-5 if name == "dressed" else 2e-8), ours.name
        assert np.abs(ours.normals - theirs.normals).max() < 1e-6
        assert np.array_equal(ours.triangles, theirs.triangles)
    for points in ("points5_m", "landmarks68_m", "face_mesh_m"):
        assert np.allclose(getattr(moved, points), getattr(built, points), atol=1e-12)
    assert np.abs(moved.part("skin").vertices_m - head.part("skin").vertices_m).max() > 0.002


def test_no_expression_changes_nothing_and_the_recipes_own_is_replaced():
    head = load_head("f01")
    same = express(head, np.zeros(52))
    for part, other in zip(head.parts, same.parts, strict=True):
        assert np.array_equal(part.vertices_m, other.vertices_m)
        assert part.texture is other.texture
    smiling = build_head(with_expression(load_recipe("f01"), coefficient_vector({"mouthSmileLeft": 1})))
    blinking = express(smiling, {"eyeBlinkLeft": 1})
    assert np.allclose(blinking.landmarks68_m, express(head, {"eyeBlinkLeft": 1}).landmarks68_m, atol=1e-12)
    assert (
        np.abs(blinking.part("skin").vertices_m - express(head, {"eyeBlinkLeft": 1}).part("skin").vertices_m).max()
        < 1e-7
    )


def test_left_is_the_subjects_left():
    head = load_head("f01")
    rest, x = head.part("skin").vertices_m, head.part("skin").vertices_m[:, 0]
    for name in ARKIT_NAMES:
        if not name.endswith(("Left", "Right")) or name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
            continue
        moved = np.linalg.norm(express(head, {name: 1}).part("skin").vertices_m - rest, axis=1)
        share = moved[x > 0].sum() / moved.sum()
        assert (share > 0.6) if name.endswith("Left") else (share < 0.4), name
    for name, sign in (("jawLeft", 1), ("jawRight", -1), ("mouthLeft", 1), ("mouthRight", -1)):
        lips = express(head, {name: 1}).landmarks68_m[48:] - head.landmarks68_m[48:]
        assert lips[:, 0].mean() * sign > 0.002, name


@pytest.mark.parametrize(
    ("name", "eye", "axis", "sign"),
    [
        ("eyeLookInLeft", 1, 0, -1), ("eyeLookOutLeft", 1, 0, 1), ("eyeLookInRight", 0, 0, 1),
        ("eyeLookOutRight", 0, 0, -1), ("eyeLookUpLeft", 1, 1, -1), ("eyeLookDownRight", 0, 1, 1),
    ],
)  # fmt: skip
def test_eyeballs_turn_about_their_centres_and_stay_round(name, eye, axis, sign):
    head = load_head("f01")
    looking = express(head, {name: 1})
    moved = looking.points5_m - head.points5_m
    assert moved[eye, axis] * sign > 0.0015
    assert np.allclose(moved[1 - eye], 0, atol=1e-12)
    before, after = (h.part("eyes").vertices_m.astype(float) for h in (head, looking))
    side = (before[:, 0] > 0) == bool(eye)
    assert np.array_equal(before[~side], after[~side])
    # rigid, about a centre that stays: all distances from it and from each other do
    neutral = morphed_vertices(load_recipe("f01"))
    centres = np.array(eye_centres(neutral))
    centre = to_head_frame(centres, centres.mean(axis=0))[eye]
    for origin in (lambda ball: centre, lambda ball: ball[side][0]):
        spread = [np.linalg.norm(ball[side] - origin(ball), axis=1) for ball in (before, after)]
        assert np.allclose(*spread, atol=1e-7)


def test_a_full_blink_closes_the_eyes_of_everybody(head):
    shut = express(head, {"eyeBlinkLeft": 1, "eyeBlinkRight": 1}).landmarks68_m
    half = express(head, {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5}).landmarks68_m
    for upper, lower in LIDS.values():
        gaps = [(points[list(lower), 1] - points[list(upper), 1]).mean() for points in (head.landmarks68_m, half, shut)]
        assert gaps[0] > 0.006
        assert gaps[1] == pytest.approx(gaps[0] / 2, abs=2e-4)
        assert abs(gaps[2]) < 4e-4


def test_one_eye_closes_alone():
    head = load_head("m02")
    moved = np.abs(express(head, {"eyeBlinkRight": 1}).landmarks68_m - head.landmarks68_m).max(axis=1)
    assert moved[[37, 38]].min() > 0.004
    assert moved[42:48].max() < 0.0005


def test_brows_follow_brow_shapes_and_not_the_lids():
    head = load_head("m04")
    assert np.array_equal(express(head, {"eyeBlinkLeft": 1}).part("brows").vertices_m, head.part("brows").vertices_m)
    raised = express(head, {"browInnerUp": 1}).part("brows").vertices_m - head.part("brows").vertices_m
    assert raised[:, 1].min() < -0.002
    lashes = express(head, {"eyeBlinkLeft": 1}).part("lashes").vertices_m - head.part("lashes").vertices_m
    assert lashes[:, 1].max() > 0.004


def test_an_open_jaw_with_closed_lips():
    head = load_head("f03")
    gap = [
        np.linalg.norm(points[[61, 62, 63]] - points[[67, 66, 65]], axis=1).max()
        for points in (express(head, c).landmarks68_m for c in ({"jawOpen": 0.6}, {"jawOpen": 0.6, "mouthClose": 0.6}))
    ]
    assert gap[0] > 0.012
    assert gap[1] < 0.004


def test_what_is_worn_and_the_pose_label_stay():
    recipe = replace(load_recipe("f01"), glasses="round")
    head = build_head(recipe)
    moved = express(head, {"jawOpen": 1, "eyeLookInLeft": 1, "cheekPuff": 1})
    for name in ("glasses", "cloth"):
        assert moved.part(name) is head.part(name)
    # the origin is the neutral head's: the bridge of the nose does not move with the gaze
    assert np.allclose(moved.landmarks68_m[27], head.landmarks68_m[27], atol=5e-4)
    assert moved.rest is head


def test_a_bent_neck_keeps_the_expression_and_an_expression_keeps_the_bend():
    head, rotmat = load_head("m01"), rotmat_from_euler((10.0, 50.0, 5.0), "biwi+")
    expression = express(head, {"mouthSmileLeft": 1, "eyeBlinkRight": 1})
    both = bend_neck(expression, rotmat)
    assert both.rest is head
    skin, bend = both.part("skin").vertices_m, head.part("skin").bend
    assert np.array_equal(skin[bend == 0], expression.part("skin").vertices_m[bend == 0])
    assert np.abs(skin - bend_neck(head, rotmat).part("skin").vertices_m)[bend == 1].max() < 1e-6
    assert np.array_equal(both.landmarks68_m, expression.landmarks68_m)


def test_displacements_are_the_datas_and_add_up():
    rng = np.random.default_rng(3)
    neutral = rng.normal(size=(displacement_matrices()[0].shape[1], 3))
    coefficients = some_coefficients(5)
    coefficients[[ARKIT_NAMES.index("eyeBlinkLeft"), ARKIT_NAMES.index("eyeBlinkRight")]] = 0
    dense = np.stack([matrix.toarray() for matrix in displacement_matrices()], axis=-1)
    assert np.allclose(expressed(neutral, coefficients), neutral + np.einsum("k,kvx->vx", coefficients, dense))
    assert not dense[ARKIT_NAMES.index("tongueOut")].any()


@pytest.mark.parametrize(
    ("coefficients", "message"),
    [
        ({"eyeBlinkLft": 1}, "eyeBlinkLft"),
        ({"jawOpen": 1.2}, "jawOpen = 1.2 must be from 0 to 1"),
        ({"jawOpen": -0.1}, "jawOpen"),
        ({"jawOpen": float("nan")}, "jawOpen"),
        (np.zeros(51), "shape"),
        ("jawOpen", "numbers"),
        ([[1], [2, 3]], "numbers"),
    ],
)
def test_wrong_coefficients_are_named(coefficients, message):
    with pytest.raises(HeadError, match=message):
        express(load_head("f01"), coefficients)


def test_heads_that_cannot_be_moved_say_why():
    head = load_head("f01")
    with pytest.raises(HeadError, match="recipe"):
        express(replace(head, recipe=None), np.zeros(52))
    cut = replace(head.parts[0], vertices_m=head.parts[0].vertices_m[:-3])
    with pytest.raises(HeadError, match="skin"):
        express(replace(head, parts=(cut, *head.parts[1:])), np.zeros(52))
