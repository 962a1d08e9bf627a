import json

import numpy as np
import pytest

from synhead_tools.errors import PlanError
from synhead_tools.rendering.scene import (
    Camera,
    DirectionalLight,
    Lighting,
    random_lighting,
    sh_basis,
    studio_lighting,
)

INTRINSICS = [[300.0, 0, 64], [0, 310, 48], [0, 0, 1]]


def test_camera_round_trip():
    camera = Camera(128, 96, INTRINSICS)
    again = Camera.from_dict(json.loads(json.dumps(camera.to_dict())))
    assert again == camera
    assert hash(again) == hash(camera)
    assert again != Camera(128, 97, INTRINSICS)


def test_camera_keeps_its_own_intrinsics():
    matrix = np.array(INTRINSICS)
    camera = Camera(128, 96, matrix)
    matrix[0, 0] = 1
    assert camera.intrinsics[0, 0] == 300
    with pytest.raises(ValueError, match="read-only"):
        camera.intrinsics[0, 0] = 1


@pytest.mark.parametrize("size", [0, -1, 1.5, 10**6])
def test_camera_refuses_sizes(size):
    with pytest.raises(PlanError, match="width_px"):
        Camera(size, 10, INTRINSICS)


@pytest.mark.parametrize(
    "matrix",
    [np.eye(2), [[-1, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 0], [0, 1, 1]], np.full((3, 3), np.nan)],
)
def test_camera_refuses_intrinsics(matrix):
    with pytest.raises(PlanError, match="intrinsics"):
        Camera(10, 10, matrix)


def test_light_direction_is_normalised():
    light = DirectionalLight((0, -3, -4), (1, 1, 1))
    np.testing.assert_allclose(light.direction, (0, -0.6, -0.8))
    with pytest.raises(PlanError, match="direction"):
        DirectionalLight((0, 0, 0), (1, 1, 1))
    with pytest.raises(PlanError, match="colour"):
        DirectionalLight((0, 0, 1), (1, -1, 1))


@pytest.mark.parametrize("law", [lambda rng: studio_lighting(), random_lighting])
def test_laws_repeat_and_round_trip(law):
    one, two = (law(np.random.default_rng(5)) for _ in range(2))
    assert one == two
    assert Lighting.from_dict(json.loads(json.dumps(one.to_dict()))) == one


def test_random_lighting_varies():
    lightings = {random_lighting(np.random.default_rng(seed)) for seed in range(20)}
    assert len(lightings) == 20


def test_studio_is_neutral_and_comes_from_the_front():
    studio = studio_lighting()
    colours = studio.colours()
    np.testing.assert_array_equal(colours, colours[:, :1].repeat(3, axis=1))
    key = studio.lights[int(colours.sum(axis=1).argmax())]
    assert key.direction[2] < 0, "the key light must be on the camera's side"
    assert key.direction[1] < 0, "and above it"


def test_the_spherical_harmonics_are_orthonormal():
    """Their products, summed over an even grid of the sphere, are those of an orthonormal basis."""
    steps = 2000
    height = np.linspace(-1, 1, steps + 1)[:-1] + 1 / steps
    azimuth = np.arange(64) * 2 * np.pi / 64
    ring = np.sqrt(1 - height**2)
    x, y = ring[:, None] * np.cos(azimuth), ring[:, None] * np.sin(azimuth)
    basis = sh_basis(np.stack([x, y, np.broadcast_to(height[:, None], x.shape)], axis=-1)).reshape(-1, 9)
    np.testing.assert_allclose(basis.T @ basis * 4 * np.pi / len(basis), np.eye(9), atol=1e-5)


def test_a_lighting_with_spherical_harmonics_survives_json():
    light = Lighting((), (0, 0, 0), (0, 0, 0), tuple((0.1 * k, 0.2, -0.05 * k) for k in range(9)))
    assert Lighting.from_dict(json.loads(json.dumps(light.to_dict()))) == light
    with pytest.raises(PlanError, match="nine linear RGB"):
        Lighting((), (0, 0, 0), (0, 0, 0), ((1, 1, 1),))
