from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from synhead_tools.formats.sample import HIDDEN, VISIBLE
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.build import build_head
from synhead_tools.heads.expressions import express
from synhead_tools.heads.library import load_recipe
from synhead_tools.heads.recipe import GLASSES, HEADGEARS, NOTHING
from synhead_tools.heads.regions import Region
from synhead_tools.heads.sampling import sample_recipe
from synhead_tools.rendering.annotate import point_columns, point_visibility
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.scene import Camera, studio_lighting

CAMERA = Camera(256, 256, [[1400, 0, 128], [0, 1400, 124], [0, 0, 1]])
FAR = np.array([0, 0, 1.2])
# a broad nose and full cheeks, a slight woman, an old man, a preset with deep eyes
FACES = [replace(sample_recipe(7, index, 0, 0), expression=(), cloth=NOTHING) for index in (5, 33, 43)]
FACES.append(replace(load_recipe("m01"), cloth=NOTHING))
WEARERS = [(face, glasses) for face in range(len(FACES)) for glasses in GLASSES]
_built = {}


def head_of(recipe):
    if recipe not in _built:
        head = build_head(recipe)
        skin = replace(head.parts[0], texture=np.ascontiguousarray(head.parts[0].texture[::8, ::8]))
        _built[recipe] = replace(head, parts=(skin, *head.parts[1:]))
    return _built[recipe]


@pytest.fixture(scope="module")
def backend():
    renderer = open_backend("cpu")
    yield renderer
    renderer.close()


def seen(backend, head, yaw_deg=0.0, pitch_deg=0.0):
    """A frame, its pose, and the visibility of points5 in it."""
    rotmat = rotmat_from_euler((pitch_deg, yaw_deg, 0), "biwi+")
    frame = backend.render(head, rotmat, FAR, CAMERA, studio_lighting())
    points = point_columns(head, rotmat[None], FAR[None], CAMERA.intrinsics[None])["points5"][0]
    return frame, rotmat, points, point_visibility(points, frame.depth_m)


def outside_m(points, part):
    """Signed distance from a surface: to its nearest vertex, along that vertex's normal."""
    distance, nearest = cKDTree(part.vertices_m).query(points)
    side = ((points - part.vertices_m[nearest]) * part.normals[nearest]).sum(axis=1)
    return np.where(side < 0, side, distance)


@pytest.mark.parametrize(("face", "glasses"), WEARERS)
def test_glasses_fit(face, glasses):
    head = head_of(replace(FACES[face], glasses=glasses))
    frame, lenses, skin = (head.part(name) for name in ("glasses", "lenses", "skin"))
    before_the_ears = frame.vertices_m[frame.vertices_m[:, 2] < 0.045]
    assert outside_m(before_the_ears, skin).min() > -0.001
    eyes = head.points5_m[:2]
    for part in ("lashes", "eyes"):
        behind = head.part(part).vertices_m
        tree = cKDTree(lenses.vertices_m[:, :2])
        distance, nearest = tree.query(behind[:, :2])
        under = distance < 0.006
        assert (behind[under, 2] > lenses.vertices_m[nearest[under], 2] + 0.0003).all()
    for side, eye in ((-1, eyes[0]), (1, eyes[1])):
        lens = lenses.vertices_m[lenses.vertices_m[:, 0] * side > 0]
        low, high = lens.min(axis=0), lens.max(axis=0)
        assert (low[:2] < eye[:2]).all()  # the pupil lies behind the glass
        assert (eye[:2] < high[:2]).all()
        assert 0.004 < eye[2] - low[2] < 0.030  # before it, but not on the tip of the nose
    ears = skin.vertices_m[np.unique(skin.triangles[skin.triangle_region == Region.EAR])]
    ends = frame.vertices_m[frame.vertices_m[:, 2] > np.percentile(frame.vertices_m[:, 2], 98)]
    assert cKDTree(ears).query(ends)[0].max() < 0.03
    assert np.abs(frame.vertices_m[:, 0].max() + frame.vertices_m[:, 0].min()) < 0.008


@pytest.mark.parametrize("glasses", GLASSES)
def test_frames_are_closed_tubes_that_face_outward(glasses):
    frame = head_of(replace(FACES[0], glasses=glasses)).part("glasses")
    places = np.unique(np.round(frame.vertices_m * 1e7).astype(int), axis=0, return_inverse=True)[1].ravel()
    directed = Counter(map(tuple, np.stack([places[frame.triangles], places[np.roll(frame.triangles, -1, 1)]], -1)
                           .reshape(-1, 2).tolist()))  # fmt: skip
    assert all(directed[b, a] == uses for (a, b), uses in directed.items())
    a, b, c = np.moveaxis(frame.vertices_m[frame.triangles].astype(float), 1, 0)
    assert (np.cross(b - a, c - a) * frame.normals[frame.triangles].sum(axis=1)).sum(axis=1).mean() > 0
    assert np.einsum("ij,ij->i", a, np.cross(b, c)).sum() > 0


def test_what_is_worn_has_its_region_and_moves_with_the_head_alone():
    head = head_of(replace(FACES[0], glasses="round", headgear="cap"))
    for name, region in (("glasses", 14), ("lenses", 14), ("headgear", 15)):
        part = head.part(name)
        assert set(part.triangle_region.tolist()) == {region}
        assert part.bend is None or not part.bend.any()
        assert np.isfinite(part.vertices_m).all()
        assert np.allclose(np.linalg.norm(part.normals, axis=1), 1, atol=1e-4)
    plain = head_of(FACES[0])
    assert plain.part("glasses") is None
    assert plain.part("headgear") is None
    assert np.array_equal(plain.landmarks68_m, head.landmarks68_m)
    assert np.array_equal(plain.part("brows").vertices_m, head.part("brows").vertices_m)


def test_glasses_stay_rigid_under_expressions():
    head = head_of(replace(FACES[0], glasses="round", headgear="beanie"))
    moved = express(head, {"jawOpen": 0.6, "browInnerUp": 1.0, "mouthSmileLeft": 0.5})
    for name in ("glasses", "lenses", "headgear"):
        assert moved.part(name).vertices_m.tobytes() == head.part(name).vertices_m.tobytes()


def test_one_sees_through_clear_lenses_and_not_through_dark_ones(backend):
    for glasses in GLASSES:
        frame, _, points, visible = seen(backend, head_of(replace(FACES[1], glasses=glasses)))
        assert (visible[:2] == (HIDDEN if glasses == "sunglasses" else VISIBLE)).all()
        x, y = points[:2, :2].astype(int).T
        assert (frame.region[y, x] == (Region.GLASSES if glasses == "sunglasses" else Region.EYE)).all()
        assert (frame.region == Region.GLASSES).any()


@pytest.mark.parametrize("headgear", HEADGEARS)
@pytest.mark.parametrize("face", [0, 1, 2])
def test_no_headgear_hides_the_eyes_from_in_front(backend, face, headgear):
    for hair in ("long01", "bob01_fringe"):
        frame, _, points, visible = seen(backend, head_of(replace(FACES[face], headgear=headgear, hair=hair)))
        assert (visible == VISIBLE).all()
        rows = np.flatnonzero((frame.region == Region.HEADGEAR).any(axis=1))
        assert rows[0] < points[:2, 1].min() - 40  # it is on the head, not on the nose


@pytest.mark.parametrize("headgear", HEADGEARS)
@pytest.mark.parametrize(("face", "hair"), [(0, "afro01"), (1, "long01"), (2, "short02"), (3, "bob01_fringe")])
def test_nothing_pokes_through(backend, face, headgear, hair):
    head = head_of(replace(FACES[face], headgear=headgear, hair=hair))
    shell = head.part("headgear").vertices_m
    brows = head.landmarks68_m[17:27, 1].min()
    for yaw, pitch in ((0, 0), (60, 10), (120, 0), (180, 0), (-120, -20), (-60, 30), (0, 60)):
        frame, rotmat, *_ = seen(backend, head, yaw, pitch)
        rows, columns = np.nonzero((frame.alpha > 0) & ~np.isin(frame.region, (0, Region.HEADGEAR)))
        ray = np.stack([(columns + 0.5 - 128) / 1400, (rows + 0.5 - 124) / 1400, np.ones(len(rows))], axis=1)
        points = (ray * frame.depth_m[rows, columns, None] - FAR) @ rotmat
        high = points[points[:, 1] < min(brows - 0.036, shell[:, 1].max())]
        assert len(high) <= 4, (yaw, pitch)  # single pixels on the rim


def test_a_headscarf_leaves_no_hair_and_covers_the_ears(backend):
    head = head_of(replace(FACES[1], headgear="headscarf", hair="long01"))
    assert head.part("hair") is None
    for yaw in (0, 40, 90, 180):
        frame, *_ = seen(backend, head, yaw)
        assert not np.isin(frame.region, (Region.HAIR, Region.EAR)).any()


def test_headgear_of_the_same_recipe_has_the_same_bytes():
    recipe = replace(FACES[1], headgear="headscarf", glasses="aviator")
    one, other = build_head(recipe), build_head(recipe)
    for name in ("glasses", "lenses", "headgear"):
        for field in ("vertices_m", "normals", "uv", "triangles", "texture"):
            assert getattr(one.part(name), field).tobytes() == getattr(other.part(name), field).tobytes()
