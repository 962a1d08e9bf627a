import hashlib
import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from synhead_tools.errors import HeadError
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.assets import meshes_dir
from synhead_tools.heads.expressions import express
from synhead_tools.heads.face_mesh import face_mesh_of, load_face_mesh
from synhead_tools.heads.library import load_head
from synhead_tools.heads.projected_mesh import project_face_mesh
from synhead_tools.heads.regions import Region

# Whoever trains with the mesh relies on its numbering: these never change. A mesh that is better gets another file.
TOPOLOGY_SHA256 = "820ce05d5fd85e73542164b932dc291530867bbbe00650755a155542361aa50b"
MEAN_SHA256 = "925c05360f4e960d768fc47879bbb48607407833cecc3703ae3ccabefc60a908"

MESH = load_face_mesh()


def digest(*arrays):
    return hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()


def base_mesh_module():
    path = Path(__file__).parents[2] / "maintainers" / "pack_heads" / "basemesh.py"
    spec = importlib.util.spec_from_file_location("basemesh", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def areas(points, triangles):
    a, b, c = np.moveaxis(points[triangles], 1, 0)
    u, v = b - a, c - a
    return (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2


def test_the_mesh_is_the_one_it_always_was():
    little = {name: getattr(MESH, name).astype("<i4") for name in ("hm08_vertices", "triangles", "mirror")}
    regions = (MESH.vertex_region.astype("<i4"), MESH.triangle_region.astype("<i4"))
    landmarks = (MESH.landmarks68.astype("<i4"), MESH.points5.astype("<i4"))
    uv = np.round(MESH.uv * 65535).astype("<i4")
    assert digest(*little.values(), *regions, *landmarks, uv) == TOPOLOGY_SHA256
    assert digest(np.round(MESH.mean_m * 1e6).astype("<i4")) == MEAN_SHA256


def test_it_is_one_disc_of_a_thousand_vertices():
    vertices, triangles = len(MESH.hm08_vertices), MESH.triangles
    assert (vertices, len(triangles)) == (1024, 1986)
    assert np.array_equal(np.unique(triangles), np.arange(vertices))
    sides = triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    directed = set(map(tuple, sides.tolist()))
    assert len(directed) == len(sides)  # no two triangles run along an edge the same way
    outline = {start: end for start, end in directed if (end, start) not in directed}
    edges = (len(sides) + len(outline)) // 2
    assert vertices - edges + len(triangles) == 1  # Euler's number of a disc
    at, walked = next(iter(outline)), 0
    start = at
    while walked == 0 or at != start:
        at, walked = outline[at], walked + 1
    assert walked == len(outline)  # one outline


def test_left_and_right_are_mirror_images():
    mirror, triangles = MESH.mirror, MESH.triangles
    assert np.array_equal(mirror[mirror], np.arange(len(mirror)))
    assert np.allclose(MESH.mean_m[mirror] * [-1, 1, 1], MESH.mean_m, atol=2e-6)

    def turned(rows):
        return {tuple(np.roll(row, -row.argmin()).tolist()) for row in rows}

    assert turned(mirror[triangles][:, ::-1]) == turned(triangles)
    assert np.array_equal(MESH.vertex_region[mirror], MESH.vertex_region)
    assert np.allclose(MESH.uv[mirror], [1, 0] + MESH.uv * [-1, 1], atol=3 / 65535)


def test_all_landmarks_are_vertices(head):
    points = face_mesh_of(head)
    assert points.shape == (1024, 3)
    assert np.allclose(points[MESH.landmarks68], head.landmarks68_m, atol=1e-12)
    assert np.allclose(points[MESH.points5], head.points5_m, atol=1e-12)


def test_numbers_are_those_of_makehumans_base_mesh():
    basemesh = base_mesh_module()
    assert MESH.hm08_vertices[MESH.landmarks68].tolist() == list(basemesh.LANDMARKS_68)
    assert (np.diff(MESH.hm08_vertices[:-2]) > 0).all()
    assert MESH.hm08_vertices[-2:].tolist() == [-1, -2]
    assert MESH.hm08_vertices.max() < 13380  # of the body, not of a helper


def test_it_lies_on_the_skin_and_faces_outwards(head):
    points, skin = face_mesh_of(head), head.part("skin").vertices_m
    assert cKDTree(skin).query(points[:-2])[0].max() < 1e-6
    a, b, c = np.moveaxis(points[MESH.triangles], 1, 0)
    normals = np.cross(b - a, c - a)
    seen = ~np.isin(MESH.triangle_region, (Region.LIP, Region.EYE, Region.EYELID, Region.NOSE))
    outward = a - [0, 0.03, 0.07]
    assert (np.einsum("ij,ij->i", normals, outward)[seen] > 0).mean() > 0.99


def test_it_reaches_from_hairline_to_chin_and_from_ear_to_ear():
    mean = MESH.mean_m
    nose = MESH.points5[2]
    assert mean[nose, 2] < mean[:, 2].min() + 5e-4
    assert mean[:, 1].min() < -0.06  # above the brows by as much as the nose is long
    assert mean[:, 1].max() > mean[MESH.landmarks68[8], 1]
    assert np.ptp(mean[:, 0]) > 0.135
    assert mean[:, 2].max() > 0.05
    assert np.allclose(mean[MESH.points5[:2], 1:].mean(axis=0)[0], 0, atol=5e-4)
    assert 0.055 < mean[MESH.points5[1], 0] - mean[MESH.points5[0], 0] < 0.066


def test_the_flat_picture_of_it_is_one_to_one():
    assert MESH.uv.min() >= 0
    assert MESH.uv.max() <= 1
    flat = areas(MESH.uv, MESH.triangles)
    assert (flat < 0).all()  # v runs down: counter-clockwise becomes clockwise
    sides = MESH.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).tolist()
    directed = set(map(tuple, sides))
    outline = np.array([side for side in sides if (side[1], side[0]) not in directed])
    (x0, y0), (x1, y1) = MESH.uv[outline[:, 0]].T, MESH.uv[outline[:, 1]].T
    assert -flat.sum() == pytest.approx(abs((x0 * y1 - x1 * y0).sum()) / 2)  # nothing lies twice
    left_eye = MESH.uv[MESH.points5[1]]
    assert left_eye[0] > 0.5
    assert left_eye[1] < MESH.uv[MESH.points5[2], 1]


def test_regions_are_in_one_piece_on_each_side():
    for region, pieces in ((Region.NOSE, 1), (Region.LIP, 1), (Region.EYELID, 2), (Region.EYE, 2), (Region.SKIN, 1)):
        triangles = MESH.triangles[MESH.triangle_region == region]
        piece = np.arange(len(MESH.mirror))
        for _ in range(60):  # vertices of a triangle belong together
            lowest = piece[triangles].min(axis=1)
            np.minimum.at(piece, triangles, lowest[:, None])
        assert len(np.unique(piece[np.unique(triangles)])) == pieces, region
    tip, lip = MESH.points5[2], MESH.landmarks68[51]
    assert MESH.vertex_region[tip] == Region.NOSE
    assert MESH.vertex_region[lip] == Region.LIP


def test_one_function_projects_it():
    head, translation = load_head("f01"), np.array([0.02, -0.03, 0.9])
    rotmat = rotmat_from_euler((10.0, 30.0, -5.0), "biwi+")
    intrinsics = np.array([[800.0, 0, 320], [0, 780.0, 240], [0, 0, 1]])
    expression = {"jawOpen": 0.5}
    points = project_face_mesh(head, rotmat, translation, intrinsics, expression)
    for number in (0, 500, 1023):
        x, y, z = rotmat @ express(head, expression).face_mesh_m[number] + translation
        assert np.allclose(points[number], (800 * x / z + 320, 780 * y / z + 240, z))
    still = project_face_mesh(head, rotmat, translation, intrinsics)
    chin, brow = MESH.landmarks68[[8, 20]]
    assert points[chin, 1] - still[chin, 1] > 5
    assert np.allclose(points[brow], still[brow], atol=0.3)
    many = project_face_mesh(head, np.stack([rotmat] * 2), np.stack([translation] * 2), intrinsics)
    assert np.array_equal(many[1], still)


def test_heads_without_a_mesh_say_so():
    with pytest.raises(HeadError, match="no face mesh"):
        face_mesh_of(replace(load_head("f01"), face_mesh_m=None))


@pytest.mark.parametrize(
    "damage",
    [
        lambda a: a.pop("uv"),
        lambda a: a.update(triangles=a["triangles"] + 60000),
        lambda a: a.update(mirror=a["mirror"][:5]),
        lambda a: a.update(base_vertices=a["base_vertices"] * 0 + 60000),
        lambda a: a.update(points5=a["points5"].astype(float)),
    ],
)
def test_a_file_that_does_not_fit_is_named(tmp_path, monkeypatch, damage):
    folder = meshes_dir() / "assets"
    with np.load(folder / "face_mesh.npz") as data:
        arrays = dict(data)
    damage(arrays)
    (tmp_path / "assets").mkdir()
    np.savez(tmp_path / "assets" / "face_mesh.npz", **arrays)
    monkeypatch.setenv("SYNHEAD_MESHES", str(tmp_path))
    with pytest.raises(HeadError, match=r"face_mesh\.npz"):
        load_face_mesh.__wrapped__()
