"""Shapes whose pictures can be computed: a head with a nose, a quad, a sphere, and cameras to see them with."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.manifest import Manifest, ShardEntry, write_manifest
from synhead_tools.formats.shards import write_shard
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.head import Head, Part
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.annotate import FaceAreas
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_shard import HeadShelf, ShardRenderer
from synhead_tools.rendering.scene import Camera, DirectionalLight, Lighting

RADII_M = np.array([0.075, 0.11, 0.095])


def head_surface(u, v):
    """Point of the test head: u from the back over the subject's right, front and left to the back, v from the top."""
    turn, down = (np.asarray(u) - 0.5) * 2 * np.pi, np.asarray(v) * np.pi
    unit = np.stack([np.sin(down) * np.sin(turn), -np.cos(down), -np.sin(down) * np.cos(turn)], -1)
    bump = 0.25 * np.exp(-((turn / 0.18) ** 2) - ((down - 1.75) / 0.22) ** 2)
    return unit * RADII_M * (1 + bump[..., None])


def grid_part(surface, rows, columns, name="skin", **options):
    """A part over the unit square of (u, v), with normals by differences and triangles seen from outside."""
    u, v = np.meshgrid(np.linspace(0, 1, columns + 1), np.linspace(0, 1, rows + 1))
    points, step = surface(u, v), 1e-4
    along_u = surface(u + step, v) - surface(u - step, v)
    along_v = surface(u, np.clip(v + step, 0, 1)) - surface(u, np.clip(v - step, 0, 1))
    normals = np.cross(along_v, along_u).reshape(-1, 3) * options.pop("outward", 1)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    flat = points.reshape(-1, 3)
    normals = np.where(
        lengths > 1e-12, normals / np.maximum(lengths, 1e-12), flat / np.linalg.norm(flat, axis=1)[:, None]
    )
    first = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).ravel()
    below = first + columns + 1
    triangles = np.concatenate([np.stack([first, below, first + 1], 1), np.stack([first + 1, below, below + 1], 1)])
    return make_part(name, flat, normals, np.stack([u, v], -1).reshape(-1, 2), triangles, **options)


def make_part(name, vertices, normals, uv, triangles, region=Region.SKIN, texture=None, **options):
    regions = np.broadcast_to(np.asarray(region, np.uint8), len(triangles)).copy()
    if texture is None:
        texture = np.full((4, 4, 4), 255, np.uint8)
    arrays = (np.asarray(vertices, np.float32), np.asarray(normals, np.float32), np.asarray(uv, np.float32))
    return Part(name, *arrays, np.asarray(triangles, np.int32), regions, texture, **options)


def make_head(*parts, name="shape", points5=None, landmarks=None):
    points5 = np.zeros((5, 3)) if points5 is None else np.asarray(points5, float)
    landmarks = np.zeros((68, 3)) if landmarks is None else np.asarray(landmarks, float)
    return Head(name, tuple(parts), points5, landmarks, "test", "0" * 64)


def make_quad(corners, name="quad", normal=(0, 0, -1), subdivide=1, **options):
    """A quad whose texture's top-left, top-right, bottom-right and bottom-left are at `corners`, head frame."""
    a, b, c, d = (np.asarray(corner, float) for corner in corners)

    def surface(u, v):
        u, v = np.asarray(u)[..., None], np.asarray(v)[..., None]
        return (a * (1 - u) + b * u) * (1 - v) + (d * (1 - u) + c * u) * v

    part = grid_part(surface, subdivide, subdivide, name, **options)
    return dataclasses.replace(part, normals=np.tile(np.float32(normal), (len(part.vertices_m), 1)))


def skin_texture():
    """Smooth colours with dark eyes and a red mouth, so that pictures are good to look at."""
    v, u = np.mgrid[0:256, 0:256] / 256
    picture = np.zeros((256, 256, 4), np.uint8)
    picture[..., 3] = 255
    picture[..., :3] = np.stack([200 + 20 * np.sin(9 * v), 150 + 20 * np.cos(7 * v), 120 + 0 * u], -1)
    for at in (0.43, 0.57):
        picture[np.hypot((u - at) * 1.6, v - 0.45) < 0.03, :3] = (40, 40, 60)
    picture[np.hypot((u - 0.5) * 0.5, v - 0.68) < 0.02, :3] = (170, 60, 60)
    return picture


def build_test_head():
    """An egg with a nose, face regions in front, hair behind, and a cutout card of hair over the forehead."""
    skin = grid_part(head_surface, 60, 80, texture=skin_texture())
    centre = skin.uv[skin.triangles].mean(axis=1)
    turn, down = (centre[:, 0] - 0.5) * 2 * np.pi, centre[:, 1] * np.pi
    front = (np.abs(turn) < 1.2) & (down > 1.0) & (down < 2.6)
    nose = (np.abs(turn) < 0.3) & (np.abs(down - 1.75) < 0.3)
    region = np.where(nose, Region.NOSE, np.where(front, Region.SKIN, Region.HAIR))
    skin = dataclasses.replace(skin, triangle_region=region.astype(np.uint8))
    card = np.zeros((32, 32, 4), np.uint8)
    card[..., :3] = (60, 40, 20)
    card[..., 3] = np.linspace(255, 0, 32).astype(np.uint8)[:, None]
    fringe = make_quad(
        [(-0.05, -0.12, -0.06), (0.05, -0.12, -0.06), (0.05, -0.06, -0.10), (-0.05, -0.06, -0.10)],
        "hair", region=Region.HAIR, texture=card, alpha_mode="cutout", two_sided=True,
    )  # fmt: skip
    u = np.array([0.43, 0.57, 0.5, 0.45, 0.55])
    points5 = head_surface(u, np.array([0.45, 0.45, 1.75 / np.pi, 0.68, 0.68]))
    jaw = np.linspace(0, np.pi, 17)
    landmarks = head_surface(np.full(68, 0.5), np.linspace(0.5, 0.6, 68))
    landmarks[:17] = head_surface(0.5 - 0.2 * np.cos(jaw), 0.52 + 0.25 * np.sin(jaw))
    landmarks[17:27] = head_surface(np.linspace(0.4, 0.6, 10), np.full(10, 0.42))
    landmarks[33] = head_surface(0.5, 0.6)
    return make_head(skin, fringe, name="egg", points5=points5, landmarks=landmarks)


@pytest.fixture(scope="session")
def egg():
    return build_test_head()


@pytest.fixture(scope="session")
def shapes():
    """The makers of this module."""
    return SimpleNamespace(make_head=make_head, make_part=make_part, make_quad=make_quad, grid_part=grid_part)


@pytest.fixture(scope="session")
def cpu():
    pytest.importorskip("numba", reason="the cpu backend needs numba")
    return open_backend("cpu")


@pytest.fixture(scope="session")
def cpu_with():
    pytest.importorskip("numba", reason="the cpu backend needs numba")
    return lambda **options: open_backend("cpu", **options)


LABELLED_POSES_DEG = [(0, 0, 0), (-25, 40, 10), (15, -65, -20), (30, 95, 5), (-10, 170, 30), (5, -20, 80)]


@pytest.fixture(scope="session")
def labelled_plan():
    """Two heads with expressions, off the centre, at several distances."""
    rotmats = rotmat_from_euler(np.array(LABELLED_POSES_DEG, float), "biwi+")
    return RenderPlan(
        ("f02", "m03"), rotmats, size_px=96, distance_jitter=0.15, offset_jitter=0.5, expressions="random",
        store_depth=True, seed=6, convention="biwi+",
    )  # fmt: skip


@pytest.fixture(scope="session")
def labelled(labelled_plan, cpu, tmp_path_factory):
    """The dataset of `labelled_plan`, one shard, opened."""
    shelf = HeadShelf(labelled_plan.heads, detail=labelled_plan.head_detail)
    renderer = ShardRenderer(labelled_plan, shelf, cpu, FaceAreas(cpu))
    folder, rows = tmp_path_factory.mktemp("labelled"), len(labelled_plan)
    digest = write_shard(folder / "0.h5", renderer.columns(0, rows), {"kind": "SynHead", "convention": "biwi+"})
    image = {"width": 96, "height": 96}
    write_manifest(folder, Manifest("SynHead", "biwi+", (ShardEntry("0.h5", rows, digest),), image=image))
    with open_dataset(folder) as dataset:
        yield dataset


@pytest.fixture(scope="session")
def make_camera():
    """Camera of `width` x `height` px that sees `span_m` metres across at a distance of 1 m."""

    def make(width=96, height=None, span_m=0.4, centre=None):
        height = height or width
        cx, cy = centre or (width / 2, height / 2)
        focal = width / span_m
        return Camera(width, height, [[focal, 0, cx], [0, focal, cy], [0, 0, 1]])

    return make


@pytest.fixture(scope="session")
def white_light():
    """Light that comes from everywhere: a white texture is drawn as 255, whatever its direction."""
    return Lighting((), (1, 1, 1), (1, 1, 1))


@pytest.fixture(scope="session")
def front_light():
    return Lighting((DirectionalLight((0, 0, -1), (0.8, 0.6, 0.4)),), (0.1, 0.1, 0.1), (0.1, 0.1, 0.1))
