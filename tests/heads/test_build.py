import numpy as np
import pytest

from synhead_tools.errors import HeadError
from synhead_tools.heads.assets import EYEBALLS, load_geometry
from synhead_tools.heads.build import build_head, morphed_vertices
from synhead_tools.heads.bust import bust_topology
from synhead_tools.heads.eyeballs import eye_centres, place_eyeballs
from synhead_tools.heads.library import load_head, load_recipe
from synhead_tools.heads.proxies import proxy_mesh
from synhead_tools.heads.recipe import NO_HAIR, parse_recipe
from synhead_tools.heads.regions import Region

MIRROR_68 = [
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
]  # fmt: skip


def distance_to_triangles_m(point, vertices, triangles, steps=12):
    """Distance from a point to a surface, by dense barycentric samples of the triangles near it."""
    corners = vertices[triangles]
    near = corners[np.argsort(np.linalg.norm(corners.mean(axis=1) - point, axis=1))[:24]]
    u, v = (axis.ravel() / steps for axis in np.meshgrid(np.arange(steps + 1), np.arange(steps + 1)))
    weights = np.stack([u, v, 1 - u - v], axis=1)[u + v <= 1]
    return np.linalg.norm(np.einsum("sk,tkx->tsx", weights, near) - point, axis=-1).min()


def test_the_origin_is_midway_between_the_eyeballs(head):
    vertices = morphed_vertices(load_recipe(head.name))
    middle_dm = np.mean(eye_centres(vertices), axis=0)
    placed = head.part("eyes").vertices_m * [10, -10, -10]  # decimetres, y up
    unplaced = proxy_mesh(EYEBALLS, place_eyeballs(vertices, vertices))[0]
    assert np.allclose(unplaced - placed, middle_dm, atol=1e-5)  # 1e-6 m
    points = head.landmarks68_m * [10, -10, -10] + middle_dm
    control = bust_topology().subdivide @ vertices
    assert np.allclose(points, control[load_geometry().landmark_vertices], atol=1e-9)


def test_sizes_are_human(head):
    right, left, nose, mouth_right, mouth_left = head.points5_m
    assert 0.055 < left[0] - right[0] < 0.070
    skin = head.part("skin").vertices_m
    above = skin[skin[:, 1] < 0]
    assert 0.12 < np.ptp(above[:, 0]) < 0.19  # width at the ears and above
    assert 0.07 < -skin[:, 1].min() < 0.15  # eyes to crown
    chin = head.landmarks68_m[8]
    assert 0.08 < chin[1] < 0.14
    assert 0.03 < mouth_left[0] - mouth_right[0] < 0.075
    assert nose[2] == head.landmarks68_m[:, 2].min()


def test_landmarks_lie_on_the_skin_and_pupils_on_the_eyeballs(head):
    skin, eyes = head.part("skin"), head.part("eyes")
    for point in head.landmarks68_m:
        assert np.linalg.norm(skin.vertices_m - point, axis=1).min() < 5e-4
    for pupil in head.points5_m[:2]:
        assert distance_to_triangles_m(pupil, eyes.vertices_m, eyes.triangles) < 5e-4
        assert -0.017 < pupil[2] < -0.009  # in front of the centre by nearly the eyeball's radius


def test_landmarks_are_in_ibug_order(head):
    points = head.landmarks68_m
    assert points[0, 0] < 0 < points[16, 0]  # subject's right first
    assert (np.diff(points[:17, 0]) > 0).mean() > 0.9
    assert (np.diff(points[17:27, 0]) > 0).all()
    assert (np.diff(points[27:31, 1]) > 0).all()
    assert points[36, 0] < points[39, 0] < 0 < points[42, 0] < points[45, 0]
    assert points[48, 0] < points[51, 0] < points[54, 0]
    mirrored = points[MIRROR_68] * [-1, 1, 1]
    assert np.linalg.norm(mirrored - points, axis=1).max() < 0.008  # nearly symmetric people
    brows, eyes, mouth = points[17:27, 1].mean(), points[36:48, 1].mean(), points[48:, 1].mean()
    assert brows < eyes < points[30, 1] < mouth < points[8, 1]


def test_meshes_are_sound(head):
    for part in head.parts:
        count = len(part.vertices_m)
        assert part.vertices_m.dtype == part.normals.dtype == part.uv.dtype == np.float32
        assert part.triangles.dtype == np.int32
        assert part.triangle_region.dtype == part.texture.dtype == np.uint8
        assert part.normals.shape == (count, 3)
        assert part.uv.shape == (count, 2)
        assert part.texture.ndim == 3
        assert part.texture.shape[2] == 4
        assert 0 <= part.triangles.min() <= part.triangles.max() < count
        assert part.triangle_region.shape == (len(part.triangles),)
        assert 0 <= part.uv.min() <= part.uv.max() <= 1
        assert np.isfinite(part.vertices_m).all()
        assert np.allclose(np.linalg.norm(part.normals, axis=1), 1, atol=1e-4)
        assert part.alpha_mode in ("opaque", "cutout")


@pytest.mark.parametrize("name", ["skin", "eyes"])
def test_winding_agrees_with_the_normals_and_both_point_outward(head, name):
    part = head.part(name)
    # but for the fan to the last vertex, which closes the skin inside of the cloth
    triangles = part.triangles[(part.triangles != len(part.vertices_m) - 1).all(axis=1)]
    a, b, c = np.moveaxis(part.vertices_m[triangles].astype(float), 1, 0)
    face = np.cross(b - a, c - a)
    agree = np.einsum("ij,ij->i", face, part.normals[triangles].mean(axis=1)) > 0
    assert np.average(agree, weights=np.linalg.norm(face, axis=1)) > 0.99  # lids fold
    sides = [part.vertices_m[:, 0] > 0, part.vertices_m[:, 0] <= 0] if name == "eyes" else [np.ones(len(part.uv), bool)]
    for side in sides:
        outward = part.vertices_m[side] - part.vertices_m[side].mean(axis=0)
        share = (np.einsum("ij,ij->i", outward, part.normals[side]) > 0).mean()
        assert share > 0.7  # ears, nostrils and mouth fold back


def test_regions_of_every_head(head):
    present = set(np.concatenate([part.triangle_region for part in head.parts]).tolist())
    wanted = {Region.SKIN, Region.NECK, Region.EYE, Region.BROW, Region.LASH, Region.LIP, Region.NOSE, Region.EAR,
              Region.EYELID, Region.MOUTH_INSIDE, Region.EYE_SOCKET, Region.CLOTH}  # fmt: skip
    if load_recipe(head.name).hair != NO_HAIR:
        wanted |= {Region.HAIR}
    assert present == set(map(int, wanted))


def test_the_eyes_look_straight_ahead(head):
    right, left = head.points5_m[:2]
    centre_x = (left[0] - right[0]) / 2  # the origin is midway: the pupils must lie straight before the centres
    vertices = morphed_vertices(load_recipe(head.name))
    centres = np.array(eye_centres(vertices)) * 0.1
    assert centre_x == pytest.approx(np.linalg.norm(centres[1] - centres[0]) / 2, abs=3e-4)
    for pupil in (right, left):
        assert abs(pupil[1]) < 3e-4


def test_a_gaze_turns_the_eyeballs():
    gaze = '\n[expression]\n"eyeLookDownLeft" = 1\n"eyeLookDownRight" = 1\n'
    looking = parse_recipe(load_recipe("f01").to_toml() + gaze)
    moved = build_head(looking).points5_m - load_head("f01").points5_m
    assert (moved[:2, 1] > 0.001).all()


def test_the_lips_are_closed(head):
    upper, lower = head.landmarks68_m[[61, 62, 63]], head.landmarks68_m[[67, 66, 65]]
    assert np.linalg.norm(upper - lower, axis=1).max() < 0.004


def test_same_recipe_same_bytes():
    recipe = parse_recipe(load_recipe("m04").to_toml())
    again, cached = build_head(recipe, "m04"), load_head("m04")
    assert again.recipe_sha256 == cached.recipe_sha256 == recipe.sha256()
    for one, other in zip(again.parts, cached.parts, strict=True):
        for field in ("vertices_m", "normals", "uv", "triangles", "triangle_region", "texture"):
            assert getattr(one, field).tobytes() == getattr(other, field).tobytes()
    assert again.landmarks68_m.tobytes() == cached.landmarks68_m.tobytes()


def test_people_differ():
    shapes = [load_head(name).landmarks68_m for name in ("f01", "f02", "m01", "demo/d01")]
    for i, one in enumerate(shapes):
        for other in shapes[:i]:
            assert np.linalg.norm(one - other, axis=1).mean() > 0.002


def test_an_expression_opens_the_mouth():
    recipe = load_recipe("f01")
    opened = parse_recipe(recipe.to_toml() + '\n[expression]\n"jawOpen" = 0.8\n')
    points = build_head(opened).landmarks68_m
    assert points[66, 1] - points[62, 1] > 0.01
    assert np.allclose(points[27:31], load_head("f01").landmarks68_m[27:31], atol=1e-3)


def test_unknown_heads_are_named():
    with pytest.raises(HeadError, match="f99.*known: f01"):
        load_head("f99")
    with pytest.raises(HeadError, match="nothing.toml"):
        load_head("nothing.toml")
