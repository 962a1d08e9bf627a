"""An imported head looks the same whatever file it comes in, and is labelled so far as it is known."""

import json
import struct

import numpy as np
import pytest
import trimesh
from PIL import Image

from synhead_tools.errors import ShardError
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.foreign.axes import UNITS, file_to_head
from synhead_tools.heads.foreign.load import load_foreign_head, understand
from synhead_tools.heads.foreign.recipe import ForeignRecipe, LandmarkRule
from synhead_tools.heads.head import Head, Part
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.import_head import import_head
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import render_dataset
from synhead_tools.rendering.scene import studio_lighting

POSES = [rotmat_from_euler(pose, "biwi+") for pose in ((0, 0, 0), (10, 50, -15), (0, 180, 0))]
AXES = [
    (None, "+y", "+z"),
    (None, "+z", "-y"),
    (None, "-y", "-z"),
    (None, "+x", "-y"),
    ("-x", "+y", "+z"),
    ("+y", "+x", "+z"),
]


@pytest.fixture(scope="module")
def surface(egg):
    """The egg with a nose as triangles in the head frame, as exact in floats as in a file of text."""
    part = egg.parts[0]
    return part.vertices_m.astype(float), part.triangles, part.uv.astype(float)


@pytest.fixture(scope="module")
def render(cpu, make_camera):
    camera = make_camera(48, span_m=0.4)

    def pictures(head):
        return np.stack([cpu.render(head, R, (0, 0, 1.0), camera, studio_lighting()).image for R in POSES])

    return pictures


def _write_obj(folder, vertices, triangles, uv, name="egg"):
    lines = [f"mtllib {name}.mtl", "usemtl skin", *(f"v {x!r} {y!r} {z!r}" for x, y, z in vertices.tolist())]
    lines += [f"vt {u!r} {1 - v!r}" for u, v in uv.tolist()]
    lines += ["f " + " ".join(f"{n + 1}/{n + 1}" for n in row) for row in triangles.tolist()]
    (folder / f"{name}.obj").write_text("\n".join(lines))
    (folder / f"{name}.mtl").write_text("newmtl skin\nmap_Kd skin.png\n")
    _skin().save(folder / "skin.png")


def _skin():
    v, u = np.mgrid[0:32, 0:32] / 31 * 255
    return Image.fromarray(np.stack([u, v, 128 + 0 * u], -1).astype(np.uint8))


def _told(mesh, unit, axes, **more):
    left, up, front = axes
    return ForeignRecipe(mesh=mesh, unit=unit, left=left, up=up, front=front, origin=(0.0, 0.0, 0.0), **more)


def test_every_unit_and_every_axes_give_the_same_picture(tmp_path, surface, render):
    vertices, triangles, uv = surface
    seen = []
    for number, axes in enumerate(AXES):
        unit = list(UNITS)[number % len(UNITS)]
        matrix = file_to_head(*axes)
        in_file = vertices @ matrix / UNITS[unit]
        # a mirrored file has its triangles the other way round, as its program draws them
        wound = triangles if np.linalg.det(matrix) > 0 else triangles[:, ::-1]
        _write_obj(tmp_path, in_file, wound, uv)
        seen.append(render(understand(_told("egg.obj", unit, axes), tmp_path, "head.toml").head))
    assert (seen[0].max(axis=(1, 2, 3)) > 100).all()
    assert all(np.array_equal(seen[0], other) for other in seen[1:])
    assert not np.array_equal(seen[0][0], seen[0][0][:, ::-1])  # a mirror image would be noticed


@pytest.mark.parametrize("kind", ["glb", "gltf", "ply", "stl"])
def test_every_format_gives_the_same_picture(tmp_path, surface, render, kind):
    vertices, triangles, uv = surface
    _write_obj(tmp_path, vertices * [1, -1, -1], triangles, uv)
    recipe = _told("egg.obj", "m", AXES[0], textures=kind in ("glb", "gltf"))
    wanted = render(understand(recipe, tmp_path, "head.toml").head)
    flipped = uv * [1, -1] + [0, 1]
    material = trimesh.visual.material.PBRMaterial(
        baseColorTexture=_skin(), metallicFactor=0.0, roughnessFactor=(2 / 14) ** 0.25, name="skin"
    )
    visual = trimesh.visual.TextureVisuals(uv=flipped, material=material)
    mesh = trimesh.Trimesh(vertices * [1, -1, -1], triangles, visual=visual, process=False)
    mesh = mesh if kind in ("glb", "gltf") else trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    exported = mesh.export(file_type=kind)
    for name, data in (exported if isinstance(exported, dict) else {f"egg.{kind}": exported}).items():
        (tmp_path / name).write_bytes(data)
    mesh_name = "model.gltf" if kind == "gltf" else f"egg.{kind}"
    seen = render(understand(_told(mesh_name, "m", AXES[0]), tmp_path, "head.toml").head)
    # glTF's surfaces shine a little more than a material file says
    limit = 40 if kind in ("glb", "gltf") else 3
    assert np.abs(seen.astype(int) - wanted).max() <= limit
    assert np.abs(seen.astype(int) - wanted).mean() < 1.0


def test_colours_of_vertices_are_drawn_where_they_are(tmp_path, surface, render, cpu, make_camera, white_light):
    vertices, triangles, _ = surface
    # red grows to the subject's left, green downwards, from 0 at 0.15 m to the one side to 1 at 0.15 m to the other
    rgb = np.clip(vertices[:, :2] / 0.3 + 0.5, 0, 1)
    lines = [f"v {x} {-y} {-z} {r} {g} 0.2" for (x, y, z), (r, g) in zip(vertices.tolist(), rgb.tolist(), strict=True)]
    lines += ["f " + " ".join(str(n + 1) for n in row) for row in triangles.tolist()]
    (tmp_path / "c.obj").write_text("\n".join(lines))
    head = understand(_told("c.obj", "m", AXES[0]), tmp_path, "head.toml").head
    camera = make_camera(64, span_m=0.4)
    frame = cpu.render(head, np.eye(3), (0, 0, 1.0), camera, white_light)
    rows, columns = np.nonzero(frame.alpha == 255)
    z = frame.depth_m[rows, columns]
    x, y = ((columns + 0.5) / 64 - 0.5) * 0.4 * z, ((rows + 0.5) / 64 - 0.5) * 0.4 * z
    seen = frame.image[rows, columns].astype(float) / 255
    assert np.abs(seen[:, 0] - (x / 0.3 + 0.5)).max() < 0.06
    assert np.abs(seen[:, 1] - (y / 0.3 + 0.5)).max() < 0.06


def test_an_imported_head_renders_as_the_file_it_came_from(tmp_path, surface, render):
    _write_obj(tmp_path, surface[0] * [1, -1, -1] * 100, surface[1], surface[2])
    foreign = understand(ForeignRecipe(mesh="egg.obj", name="egg", licence="CC-BY-4.0"), tmp_path, "head.toml")
    import_head(foreign, tmp_path / "out")
    stored = load_foreign_head(tmp_path / "out")
    assert np.array_equal(render(stored), render(foreign.head))
    assert (stored.name, stored.licence) == ("egg", "CC-BY-4.0")


def test_a_dataset_has_the_labels_that_all_of_its_heads_can_have(tmp_path, surface, egg):
    _write_obj(tmp_path, surface[0] * [1, -1, -1], surface[1], surface[2])
    bare = understand(_told("egg.obj", "m", AXES[0], name="bare"), tmp_path, "head.toml").head
    five = LandmarkRule(points5=tuple(map(tuple, (egg.points5_m * [1, -1, -1]).tolist())))
    known = understand(_told("egg.obj", "m", AXES[0], name="five", landmarks=five), tmp_path, "head.toml").head

    def columns(*heads):
        plan = RenderPlan(tuple(head.name for head in heads), np.stack(POSES[:2]), size_px=32, samples_per_axis=1)
        out = render_dataset(
            plan, tmp_path / "-".join(plan.heads), heads={head.name: head for head in heads}, rows_per_shard=3
        )
        with open_dataset(out) as dataset:
            with pytest.raises(ShardError, match="landmarks68"):
                dataset.read("landmarks68")
            return set(dataset.columns), dataset.manifest.heads

    few, heads = columns(bare, known)
    some, _ = columns(known)
    assert {"image", "alpha", "rotmat", "face_box_xyxy", "head_box_xyxy", "region"} <= few
    assert some - few == {"points5", "points5_visibility"}
    assert heads["bare"]["recipe_sha256"] == bare.recipe_sha256
    assert heads["bare"]["licence"] == "unknown"


@pytest.mark.real
@pytest.mark.parametrize("name", ["f02", "f05", "m03", "m06"])
def test_prototype_heads_look_like_what_is_in_their_files(real_data, render, name):
    folder = real_data / "heads"
    head = understand(ForeignRecipe(mesh=f"{name}.glb", origin=(0.0, 0.0, 0.0)), folder, "head.toml").head
    wanted = render(_by_hand(folder / f"{name}.glb"))
    assert np.abs(render(head).astype(int) - wanted).mean() < 0.6
    # and stand as their landmarks say
    with_points = ForeignRecipe(mesh=f"{name}.glb", landmarks=LandmarkRule(file=f"{name}.json"))
    told = understand(with_points, folder, "head.toml")
    points = np.array(json.loads((folder / f"{name}.json").read_text())["landmarks68"])
    assert np.allclose(told.head.landmarks68_m, (points - told.recipe.origin) * [1, -1, -1])
    assert np.linalg.norm(told.recipe.origin) < 0.02
    assert (told.recipe.left, told.recipe.up, told.recipe.front) == ("+x", "+y", "+z")


def _by_hand(path):
    """The parts of a GLB as trimesh reads them, turned by hand."""
    scene = trimesh.load(path, process=False)
    tree = json.loads(path.read_bytes()[20 : 20 + struct.unpack("<I", path.read_bytes()[12:16])[0]])
    factors = {m["name"]: m["pbrMetallicRoughness"].get("roughnessFactor", 1.0) for m in tree["materials"]}
    parts = []
    for name, mesh in scene.geometry.items():
        material = mesh.visual.material
        cut = material.alphaMode != "OPAQUE"
        roughness = factors.get(material.name, 1.0)
        parts.append(
            Part(
                name, np.float32(mesh.vertices * [1, -1, -1]), np.float32(mesh.vertex_normals * [1, -1, -1]),
                np.float32(mesh.visual.uv * [1, -1] + [0, 1]), np.int32(mesh.faces),
                np.full(len(mesh.faces), Region.SKIN, np.uint8), np.asarray(material.baseColorTexture.convert("RGBA")),
                alpha_mode="cutout" if cut else "opaque", alpha_cutoff=material.alphaCutoff or 0.5, two_sided=cut,
                specular=0.04, gloss=2 / max(roughness, 0.25) ** 4 - 2,
            )
        )  # fmt: skip
    return Head("by hand", tuple(parts), None, None, "test", "0" * 64)
