import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import PlanError
from synhead_tools.rendering.looks.environment import EnvironmentMap, reduced, take_apart
from synhead_tools.rendering.looks.environment_files import file_map
from synhead_tools.rendering.looks.environment_formulas import FORMULAS, formula_map
from synhead_tools.rendering.looks.environment_light import LEVELS
from synhead_tools.rendering.looks.spherical_light import map_directions, project_map, solid_angles
from synhead_tools.rendering.looks.table import light_law
from synhead_tools.rendering.scene import Camera, Lighting, sh_basis

LUMA = np.array([0.2126, 0.7152, 0.0722])
CAMERA = Camera(64, 32, [[32, 0, 32], [0, 32, 16], [0, 0, 1]])


def reflected(lighting: Lighting, normal):
    """What a white matt surface reflects, linear."""
    normal = np.asarray(normal, float)
    soft = np.maximum(sh_basis(normal) @ lighting.sh().astype(float), 0)
    return soft + sum(max(np.dot(light.direction, normal), 0) * np.array(light.colour) for light in lighting.lights)


def true_irradiance(radiance, normal):
    """Over pi, by summing cosines over the whole map."""
    cosines = np.maximum(map_directions(*radiance.shape[:2]) @ normal, 0)
    return np.einsum("hwc,hw->c", radiance, cosines * solid_angles(*radiance.shape[:2])) / np.pi


def lamp_map(height=32, width=64, row=9, column=40):
    radiance = np.full((height, width, 3), 0.2)
    radiance[row - 1 : row + 2, column - 1 : column + 2] = (60.0, 50.0, 40.0)
    return radiance


def test_no_light_is_lost_or_counted_twice():
    for radiance in (lamp_map(), reduced(formula_map("office").radiance, 64, 128)):
        light = take_apart(radiance)
        whole = np.einsum("hwc,hw->c", radiance, np.broadcast_to(solid_angles(*radiance.shape[:2]), radiance.shape[:2]))
        soft = light.sh[0] * np.sqrt(4 * np.pi)
        np.testing.assert_allclose(soft + np.pi * light.colours.sum(axis=0), whole, rtol=1e-9)
        assert len(light.colours) >= 1


def test_the_lamp_is_found_where_it_is():
    light = take_apart(lamp_map())
    assert len(light.directions) == 1
    assert light.directions[0] @ map_directions(32, 64)[9, 40] > 0.9999
    assert light.colours[0, 0] > light.colours[0, 2], "in its colour"


def test_light_is_near_the_true_irradiance():
    """On surfaces of all directions; a lamp taken for a part of the soft light alone would be smeared over them."""
    radiance = lamp_map()
    parts = take_apart(radiance)
    whole = take_apart(radiance * 0 + radiance.mean())  # for scale
    normals = map_directions(6, 12).reshape(-1, 3)
    truth = np.array([true_irradiance(radiance, normal) for normal in normals]) @ LUMA
    error = np.abs(parts.reflected(normals) @ LUMA - truth)
    smeared = np.abs(np.maximum(sh_basis(normals) @ (project_map(radiance) * _diffuse()[:, None]), 0) @ LUMA - truth)
    assert error.max() < 0.02 * truth.max()
    assert smeared.max() > 3 * error.max()
    assert len(whole.directions) == 0


def _diffuse():
    return np.repeat([1.0, 2 / 3, 1 / 4], [1, 3, 5])


def test_a_uniform_map_lights_white_to_its_level():
    white = EnvironmentMap("white", np.ones((16, 32, 3), np.float32))
    for turn_deg in (0.0, 77.0):
        lighting = white.lighting(turn_deg, 1.0)
        assert not lighting.lights
        for normal in ((0, 0, -1), (1, 0, 0), (0, 0.6, 0.8)):
            np.testing.assert_allclose(reflected(lighting, normal), 1, atol=1e-6)


@pytest.mark.parametrize("name", FORMULAS)
def test_levels_are_kept_by_every_formula_and_turn(name):
    seen = formula_map(name)
    assert np.isfinite(seen.radiance).all()
    assert (seen.radiance >= 0).all()
    for turn_deg in (0.0, 90.0, -150.0):
        lighting = seen.lighting(turn_deg, 0.7)
        everywhere = np.mean([reflected(lighting, n) @ LUMA for n in map_directions(16, 32).reshape(-1, 3)[::7]])
        facing = reflected(lighting, (0, 0, -1)) @ LUMA
        assert 0.5 * facing + 0.5 * everywhere == pytest.approx(0.7, rel=0.25)
        assert len(lighting.lights) <= 3


def test_what_the_camera_sees_is_where_the_light_comes_from():
    seen = EnvironmentMap("lamp", lamp_map(row=15, column=32).astype(np.float32))
    for turn_deg, column in ((-30.0, 15), (0.0, 33), (30.0, 52)):
        columns = (seen.seen(CAMERA, turn_deg, 0.005) > 60).sum(axis=(0, 2))
        brightest = (columns * np.arange(64)).sum() / columns.sum()
        light = seen.lighting(turn_deg, 0.1).lights[0].direction
        assert abs(brightest - column) <= 2
        assert 32 + 32 * light[0] / light[2] == pytest.approx(brightest + 0.5, abs=3)


def test_seen_is_upright():
    sky = np.zeros((16, 32, 3), np.float32)
    sky[:8] = 1
    picture = EnvironmentMap("sky", sky).seen(CAMERA, 33.0, 0.5)
    assert (picture[:9] > 200).all()
    assert (picture[23:] == 0).all()


def test_reduction_keeps_light():
    radiance = np.random.default_rng(0).random((96, 192, 3))
    small = reduced(radiance, 24, 48)
    assert small.shape == (24, 48, 3)
    sums = [
        np.einsum("hwc,hw->c", m, np.broadcast_to(solid_angles(*m.shape[:2]), m.shape[:2])) for m in (radiance, small)
    ]
    np.testing.assert_allclose(*sums, rtol=1e-12)


def test_the_law_draws_maps_turns_and_levels():
    law = light_law("environment")
    drawn = [law(np.random.default_rng(seed)) for seed in range(60)]
    names = {values["environment"].item().decode() for _, values in drawn}
    assert names == set(FORMULAS)
    turns = np.array([values["environment_turn_deg"] for _, values in drawn])
    levels = np.array([values["environment_level"] for _, values in drawn])
    assert -180 <= turns.min() < -120
    assert 120 < turns.max() <= 180
    assert LEVELS[0] <= levels.min() < levels.max() <= LEVELS[1]
    assert law(np.random.default_rng(3))[0] == drawn[3][0]
    assert {light_law("environment:office")(np.random.default_rng(s))[1]["environment"].item() for s in range(5)} == {
        b"office"
    }


def test_folder_of_maps(tmp_path):
    Image.fromarray((lamp_map() * 100).clip(0, 255).astype(np.uint8)).save(tmp_path / "lamp.png")
    Image.new("RGB", (40, 20), (200, 180, 160)).save(tmp_path / "plain.jpg")
    law = light_law(f"environment:{tmp_path}")
    names = {law(np.random.default_rng(seed))[1]["environment"].item() for seed in range(20)}
    assert names == {b"lamp.png", b"plain.jpg"}
    Image.new("RGB", (40, 30), (9, 9, 9)).save(tmp_path / "square.png")
    Image.new("RGB", (40, 20)).save(tmp_path / "black.png")
    with pytest.raises(PlanError, match=r"square\.png is 40 x 30"):
        file_map(str(tmp_path), "square.png")
    with pytest.raises(PlanError, match=r"black\.png is black"):
        file_map(str(tmp_path), "black.png")


def test_folder_without_maps_is_refused(tmp_path):
    with pytest.raises(PlanError, match="holds no"):
        light_law(f"environment:{tmp_path}")
    with pytest.raises(PlanError, match="cannot be read"):
        light_law(f"environment:{tmp_path / 'nowhere'}")


@pytest.mark.parametrize(("level", "encoded"), [(1.0, 255), (0.5, 188)])
def test_a_uniform_white_map_lights_a_white_surface_to_its_level_in_pixels(cpu, shapes, level, encoded):
    corners = [(-0.2, -0.2, 0), (0.2, -0.2, 0), (0.2, 0.2, 0), (-0.2, 0.2, 0)]
    head = shapes.make_head(shapes.make_quad(corners, specular=0.0))
    white = EnvironmentMap("white", np.ones((16, 32, 3), np.float32))
    camera = Camera(24, 24, [[24, 0, 12], [0, 24, 12], [0, 0, 1]])
    tilt = np.array([[np.cos(0.7), 0, np.sin(0.7)], [0, 1, 0], [-np.sin(0.7), 0, np.cos(0.7)]])
    for rotmat in (np.eye(3), tilt):
        frame = cpu.render(head, rotmat, np.array([0, 0, 1.0]), camera, white.lighting(40.0, level))
        assert set(frame.image[frame.alpha == 255].ravel().tolist()) == {encoded}
