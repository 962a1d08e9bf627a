import dataclasses

import numpy as np
import pytest

from synhead_tools.errors import PlanError, SynheadError
from synhead_tools.formats.sample import COLUMNS
from synhead_tools.heads.library import load_head
from synhead_tools.heads.recipe import GLASSES
from synhead_tools.rendering.looks.law import Picture
from synhead_tools.rendering.looks.light_columns import LIGHT_NAMES, lighting_of, lighting_values
from synhead_tools.rendering.looks.linear_picture import blurred, noisy, recoloured
from synhead_tools.rendering.looks.table import LIGHTS, LOOKS, light_law, parse_looks
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.scene import DirectionalLight, Lighting

ROTMATS = np.tile(np.eye(3), (4, 1, 1))
DRAWS = 300


def draws(look, count=DRAWS):
    rows = [look.draw(np.random.default_rng(seed)) for seed in range(count)]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


@pytest.mark.parametrize("name", LOOKS)
def test_each_look_draws_its_columns_in_the_schemas_types(name):
    (look,) = parse_looks([name])
    assert look.name == name
    drawn = look.draw(np.random.default_rng(0))
    assert tuple(drawn) == look.columns
    for column, value in drawn.items():
        assert np.asarray(value).dtype == np.dtype(COLUMNS[column].dtype)
        assert np.shape(value) == COLUMNS[column].shape_tail
    again = look.draw(np.random.default_rng(0))
    other = look.draw(np.random.default_rng(1))
    assert all(np.array_equal(drawn[column], again[column]) for column in drawn)
    assert any(not np.array_equal(drawn[column], other[column]) for column in drawn)


def test_looks_work_in_the_order_of_the_table():
    names = tuple(LOOKS)
    assert tuple(look.name for look in parse_looks(reversed(names))) == names
    assert parse_looks(["occluder:0.25"])[0].amount == 0.25


@pytest.mark.parametrize(
    "bad", [["beard"], ["tint", "tint:0.5"], ["tint:x"], ["glasses:1.5"], ["sensor:-1"], ["tint:nan"]]
)
def test_bad_looks_are_refused_in_one_line(bad):
    with pytest.raises(SynheadError) as caught:
        parse_looks(bad)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("law", LIGHTS)
def test_light_laws_repeat_and_pass_through_columns(law):
    (one, values), (two, _) = (light_law(law)(np.random.default_rng(5)) for _ in range(2))
    assert one == two
    assert set(values) <= set(COLUMNS)
    columns = lighting_values(one)
    for name in LIGHT_NAMES:
        assert columns[name].shape == COLUMNS[name].shape_tail
        assert columns[name].dtype == np.dtype(COLUMNS[name].dtype)
    assert lighting_of(columns) == one
    if law != "studio":
        assert light_law(law)(np.random.default_rng(6))[0] != one


@pytest.mark.parametrize("text", ["moon", "studio:1", "random:x", "sh:2", "environment:/no/such/folder"])
def test_bad_lighting_is_refused(text):
    with pytest.raises(SynheadError):
        light_law(text)


def test_more_lights_than_columns_hold_are_refused():
    lights = tuple(DirectionalLight((0, 0, -1), (0.1, 0.1, 0.1)) for _ in range(5))
    with pytest.raises(PlanError, match="at most 4"):
        lighting_values(Lighting(lights, (0, 0, 0), (0, 0, 0)))


def test_soft_light_is_within_its_ranges():
    for seed in range(100):
        lighting, _ = light_law("sh")(np.random.default_rng(seed))
        (key,) = lighting.lights
        assert 0.1 * 0.5 < max(key.colour) < 0.75 * 1.5
        assert key.direction[1] < np.sin(np.radians(10.1))
        everywhere = lighting.sh()[0] * np.sqrt(1 / (4 * np.pi))
        assert (everywhere > 0.1).all()
        assert (everywhere < 1.6).all()


def test_one_look_changes_no_other_and_not_the_light():
    """Every stream is its own: whatever else is on, each value of a sample stays the same."""
    every = ("tint", "glasses", "occluder", "infrared:0", "sensor")
    options = {"lighting": "sh", "expressions": "random", "offset_jitter": 0.1, "seed": 3}
    whole = RenderPlan(("a",), ROTMATS, looks=every, **options).sample(2)
    plain = RenderPlan(("a",), ROTMATS, **options).sample(2)
    np.testing.assert_array_equal(whole.translation_m, plain.translation_m)
    np.testing.assert_array_equal(whole.expression, plain.expression)
    assert whole.lighting == plain.lighting
    for name in every:
        alone = RenderPlan(("a",), ROTMATS, looks=(name,), seed=3).sample(2)
        for column in parse_looks([name])[0].columns:
            np.testing.assert_array_equal(alone.values[column], whole.values[column])


def test_nothing_is_drawn_by_default():
    assert RenderPlan(("a",), ROTMATS).sample(0).values == {}


def test_tints_keep_their_ranges():
    drawn = draws(parse_looks(["tint"])[0])
    logs = np.log(drawn["skin_tint"].astype(float))
    assert np.abs(logs[:, 1]).max() <= 0.32 + 1e-6
    assert np.abs(logs[:, 0] - logs[:, 1]).max() <= 0.08 + 1e-6
    assert logs[:, 1].std() > 0.1
    assert np.log(drawn["hair_tint"]).std() > logs.std()
    assert (draws(parse_looks(["tint:0"])[0], 5)["skin_tint"] == 1).all()


def test_amounts_are_shares_of_frames():
    for name, column, off in (("glasses", "glasses", b""), ("occluder", "occluder", b"")):
        for amount in (0.0, 0.3, 1.0):
            drawn = draws(parse_looks([f"{name}:{amount}"])[0])[column]
            assert np.mean(drawn != off) == pytest.approx(amount, abs=0.08)
    assert draws(parse_looks(["infrared:0.3"])[0])["infrared"][:, 0].mean() == pytest.approx(0.3, abs=0.08)
    styles = set(draws(parse_looks(["glasses:1"])[0])["glasses"].tolist())
    assert styles == {style.encode() for style in GLASSES}


def test_sensor_and_infrared_keep_their_ranges():
    sensor = draws(parse_looks(["sensor"])[0])["sensor"]
    assert 2**-0.71 < sensor[:, 1].min() < sensor[:, 1].max() < 2**0.71
    assert (sensor[:, 3:] >= 0).all()
    assert (sensor[:, 3:] <= np.float32([0.04, 0.008, 1.2])).all()
    infrared = draws(parse_looks(["infrared"])[0])["infrared"]
    assert (infrared[:, 1] >= 0.65).all()
    assert (infrared[:, 1] <= 1.25).all()
    assert (np.abs(infrared[:, 4:]) <= np.tan(np.radians(8)) + 1e-6).all()


def picture_of(image, alpha=None, composed=False):
    alpha = np.full(image.shape[:2], 255, np.uint8) if alpha is None else alpha
    height, width = alpha.shape
    depth = np.ones(alpha.shape, np.float32)
    return Picture(image, alpha, depth, np.array([width / 2, height / 2]), 1.0, 7, composed)


def test_changing_nothing_gives_the_same_picture():
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = np.repeat(levels[..., None], 3, axis=2)
    assert (recoloured(picture_of(image), lambda linear: linear) == image).all()
    for alpha in (1, 40, 128, 254):
        faded = (image.astype(int) * alpha // 255).astype(np.uint8)
        cover = np.full((16, 16), alpha, np.uint8)
        same = recoloured(picture_of(faded, cover), lambda linear: linear)
        assert np.abs(same.astype(int) - faded).max() <= 1
        assert (same <= alpha).all()


def test_twice_the_light_is_a_stop():
    image = np.full((4, 4, 3), 100, np.uint8)  # 0.1274 linear
    brighter = recoloured(picture_of(image), lambda linear: linear * np.float32(2))
    assert (brighter == 138).all()  # 0.2549 linear
    half = np.full((4, 4), 128, np.uint8)
    assert np.abs(recoloured(picture_of(image // 2, half), lambda n: n * np.float32(2)).astype(int) - 69).max() <= 1


def test_noise_has_the_variance_it_says_and_belongs_to_the_seed():
    light = np.full((200, 200, 3), 0.25, np.float32)
    grain = noisy(light, np.float32(0.04), np.float32(0.01), 3, "sensor") - light
    assert grain.std() == pytest.approx(np.sqrt(0.04**2 * 0.25 + 0.01**2), rel=0.02)
    assert abs(grain.mean()) < 2e-4
    again = noisy(light, np.float32(0.04), np.float32(0.01), 3, "sensor")
    assert (again == grain + light).all() or np.allclose(again, grain + light)
    for seed, name in ((4, "sensor"), (3, "infrared")):
        assert (noisy(light, np.float32(0.04), np.float32(0.01), seed, name) != again).any()


def test_blur_keeps_the_sum_and_spreads_as_it_says():
    image = np.zeros((41, 41, 3), np.uint8)
    image[20, 20] = 255
    spread = blurred(picture_of(image, image[..., 0]), 1.5)
    assert (spread.image[..., 0] == spread.alpha).all(), "alpha is blurred alike"
    weight = spread.alpha.astype(float)
    grid = np.arange(41) - 20
    assert np.sqrt((weight.sum(0) * grid**2).sum() / weight.sum()) == pytest.approx(1.5, rel=0.12)
    flat = picture_of(np.full((9, 9, 3), 77, np.uint8))
    assert (blurred(flat, 2.0).image == 77).all()
    assert blurred(flat, 0.1) is flat


def test_a_head_with_glasses_of_its_own_gets_no_others():
    (look,) = parse_looks(["glasses:1"])
    values = look.draw(np.random.default_rng(0))
    bare = load_head("m03")
    assert look.for_head(values, bare)["glasses"] == values["glasses"] != b""
    wearing = dataclasses.replace(bare, recipe=dataclasses.replace(bare.recipe, glasses="round"))
    imported = dataclasses.replace(bare, recipe=None)
    for head in (wearing, imported):
        assert look.for_head(values, head)["glasses"].item() == b""
        assert look.wardrobe(head) == ()
