"""GLB files are what the specification says, and have in them what the head has."""

import io
import json
import struct
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from PIL import Image

from synhead_tools.errors import HeadError
from synhead_tools.heads.export_glb import head_glb, head_json
from synhead_tools.heads.expressions import ARKIT_NAMES, express
from synhead_tools.heads.foreign.folder_files import FolderFiles
from synhead_tools.heads.foreign.gltf import read_gltf
from synhead_tools.heads.glb_writer import GlbWriter
from synhead_tools.heads.library import load_head
from synhead_tools.heads.regions import Region

FLIP = np.float32([1, -1, -1])
SIZES = {5121: 1, 5123: 2, 5125: 4, 5126: 4}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


@pytest.fixture(scope="module")
def head():
    return load_head("f01")


@pytest.fixture(scope="module")
def small(head):
    """The same head with small pictures: what is quick to write."""
    parts = [replace(part, texture=np.ascontiguousarray(part.texture[::16, ::16])) for part in head.parts]
    return replace(head, parts=tuple(parts))


@pytest.fixture(scope="module")
def glb(small):
    return head_glb(small)


def taken_apart(data):
    magic, version, length, json_length, kind = struct.unpack("<4sIIII", data[:20])
    assert (magic, version, length, kind) == (b"glTF", 2, len(data), 0x4E4F534A)
    start = 20 + json_length
    binary_length, kind = struct.unpack("<II", data[start : start + 8])
    assert kind == 0x004E4942
    assert json_length % 4 == binary_length % 4 == 0
    assert start + 8 + binary_length == length
    return json.loads(data[20:start]), data[start + 8 :]


def rows(tree, binary, index):
    accessor = tree["accessors"][index]
    view = tree["bufferViews"][accessor["bufferView"]]
    dtype = {5123: "<u2", 5125: "<u4", 5126: "<f4"}[accessor["componentType"]]
    width = WIDTHS[accessor["type"]]
    return np.frombuffer(binary, dtype, accessor["count"] * width, view["byteOffset"]).reshape(-1, width)


def check_structure(tree, binary):
    """The rules of glTF 2.0, sections 3.6 to 3.9, for what is in such files."""
    assert tree["asset"]["version"] == "2.0"
    assert len(tree["buffers"]) == 1
    assert 0 <= len(binary) - tree["buffers"][0]["byteLength"] < 4
    for view in tree["bufferViews"]:
        assert view["byteOffset"] % 4 == 0
        assert view["byteLength"] >= 1
        assert view["byteOffset"] + view["byteLength"] <= tree["buffers"][0]["byteLength"]
    used = {name: set() for name in ("vertices", "indices", "other")}
    for mesh in tree["meshes"]:
        for primitive in mesh["primitives"]:
            check_primitive(tree, binary, primitive, used)
            assert len(mesh.get("weights", [])) == len(primitive.get("targets", []))
            assert len(mesh.get("extras", {}).get("targetNames", [])) == len(primitive.get("targets", []))
    views = {name: {tree["accessors"][index].get("bufferView") for index in chosen} for name, chosen in used.items()}
    for view in views["vertices"] - {None}:
        assert tree["bufferViews"][view]["target"] == 34962
    for view in views["indices"]:
        assert tree["bufferViews"][view]["target"] == 34963
    assert set().union(*used.values()) == set(range(len(tree["accessors"])))
    assert tree["scenes"][tree["scene"]]["nodes"] == [0]
    below = [child for node in tree["nodes"] for child in node.get("children", [])]
    assert sorted([0, *below]) == list(range(len(tree["nodes"])))
    for image in tree.get("images", []):
        assert image["mimeType"] in ("image/png", "image/jpeg")
        assert "target" not in tree["bufferViews"][image["bufferView"]]
    for material in tree["materials"]:
        surface = material["pbrMetallicRoughness"]
        assert all(0 <= value <= 1 for value in (*surface["baseColorFactor"], surface["roughnessFactor"]))
        assert ("alphaCutoff" in material) == (material.get("alphaMode") == "MASK")
        assert set(material.get("extensions", {})) <= set(tree.get("extensionsUsed", []))
        if "baseColorTexture" in surface:
            texture = tree["textures"][surface["baseColorTexture"]["index"]]
            assert texture["source"] < len(tree["images"])
            assert texture["sampler"] < len(tree["samplers"])


def check_primitive(tree, binary, primitive, used):
    attributes = primitive["attributes"]
    count = tree["accessors"][attributes["POSITION"]]["count"]
    for name, index in attributes.items():
        accessor = tree["accessors"][index]
        assert accessor["type"] == {"POSITION": "VEC3", "NORMAL": "VEC3", "TEXCOORD_0": "VEC2"}[name]
        assert (accessor["componentType"], accessor["count"]) == (5126, count)
        used["vertices"].add(index)
    positions = rows(tree, binary, attributes["POSITION"])
    accessor = tree["accessors"][attributes["POSITION"]]
    assert accessor["min"] == positions.min(axis=0).tolist()
    assert accessor["max"] == positions.max(axis=0).tolist()
    assert np.abs(np.linalg.norm(rows(tree, binary, attributes["NORMAL"]), axis=1) - 1).max() < 1e-5
    indices = rows(tree, binary, primitive["indices"])
    assert indices.max() < count
    assert indices.max() != np.iinfo(indices.dtype).max
    assert len(indices) % 3 == 0
    used["indices"].add(primitive["indices"])
    for target in primitive.get("targets", []):
        accessor = tree["accessors"][target["POSITION"]]
        used["other"].add(target["POSITION"])
        sparse = accessor["sparse"]
        assert {"min", "max"} <= set(accessor)
        assert accessor["count"] == count
        where = tree["bufferViews"][sparse["indices"]["bufferView"]]
        numbers = np.frombuffer(binary, "<u4", sparse["count"], where["byteOffset"])
        assert (np.diff(numbers.astype(int)) > 0).all()
        assert numbers[-1] < count


def test_the_file_follows_the_specification(glb):
    check_structure(*taken_apart(glb))


def test_the_same_head_gives_the_same_bytes(small, glb):
    assert head_glb(small) == glb
    assert head_json(small) == head_json(small)


def test_trimesh_reads_what_the_head_has(small, glb):
    scene = trimesh.load(io.BytesIO(glb), file_type="glb", process=False)
    assert set(scene.geometry) == {part.name for part in small.parts}
    for part in small.parts:
        mesh = scene.geometry[part.name]
        assert np.array_equal(mesh.vertices.astype(np.float32), part.vertices_m * FLIP)
        assert np.array_equal(mesh.faces, part.triangles)
        assert np.abs(mesh.visual.uv * [1, -1] + [0, 1] - part.uv).max() < 1e-6
        material = mesh.visual.material
        picture = np.asarray(material.baseColorTexture.convert("RGBA"))
        assert np.array_equal(picture[..., :3], part.texture[..., :3])
        if part.alpha_mode == "cutout":
            assert np.array_equal(picture, part.texture)
            assert (material.alphaMode, material.alphaCutoff) == ("MASK", part.alpha_cutoff)
        assert bool(material.doubleSided) == part.two_sided
        # the winding and the normals are those of the outside
        assert (mesh.vertex_normals * (part.normals * FLIP)).sum(axis=1).mean() > 0.9


def test_what_is_written_is_read_back_to_the_bit(small, glb, tmp_path):
    mesh = read_gltf(glb, "f.glb", FolderFiles(tmp_path))
    for part, back in zip(small.parts, mesh.parts, strict=True):
        assert np.array_equal(back.vertices.astype(np.float32), part.vertices_m * FLIP)
        assert np.array_equal(back.normals.astype(np.float32), part.normals * FLIP)
        assert np.array_equal(back.uv.astype(np.float32), part.uv)
        assert (back.alpha_mode, back.two_sided, back.specular, back.gloss, back.rgb) == (
            part.alpha_mode, part.two_sided, part.specular, part.gloss, tuple(part.tint),
        )  # fmt: skip


def test_no_number_is_minus_zero(glb):
    tree, binary = taken_apart(glb)
    positions = [rows(tree, binary, m["primitives"][0]["attributes"]["POSITION"]) for m in tree["meshes"]]
    assert not any((np.signbit(p) & (p == 0)).any() for p in positions)


def test_morph_targets_are_the_expressions(small):
    tree, binary = taken_apart(head_glb(small, morphs=True))
    check_structure(tree, binary)
    names = [mesh["name"] for mesh in tree["meshes"]]
    skin = tree["meshes"][names.index("skin")]
    targets = dict(zip(skin["extras"]["targetNames"], skin["primitives"][0]["targets"], strict=True))
    assert set(targets) <= set(ARKIT_NAMES)
    assert {"jawOpen", "eyeBlinkLeft", "mouthSmileRight"} <= set(targets)
    sparse = tree["accessors"][targets["jawOpen"]["POSITION"]]["sparse"]
    views = [tree["bufferViews"][sparse[name]["bufferView"]]["byteOffset"] for name in ("indices", "values")]
    moved = np.zeros((len(small.part("skin").vertices_m), 3), np.float32)
    index = np.frombuffer(binary, "<u4", sparse["count"], views[0])
    moved[index] = np.frombuffer(binary, "<f4", 3 * sparse["count"], views[1]).reshape(-1, 3)
    rest, opened = express(small, {}), express(small, {"jawOpen": 1.0})
    wanted = (opened.part("skin").vertices_m - rest.part("skin").vertices_m) * FLIP
    assert np.abs(moved - wanted).max() < 2e-6
    eyes = tree["meshes"][names.index("eyes")]
    assert "eyeLookUpLeft" in eyes["extras"]["targetNames"]
    assert "jawOpen" not in eyes["extras"]["targetNames"]


def test_an_imported_head_has_no_morph_targets(small):
    with pytest.raises(HeadError, match="recipe"):
        head_glb(replace(small, recipe=None), morphs=True)


def test_pictures_as_jpeg_where_nothing_is_cut_out(small):
    tree, binary = taken_apart(head_glb(small, picture_format="jpg"))
    check_structure(tree, binary)
    kinds = {image["name"]: image["mimeType"] for image in tree["images"]}
    assert kinds["skin"] == "image/jpeg"
    assert kinds["hair"] == "image/png"
    with pytest.raises(HeadError, match="gif"):
        head_glb(small, picture_format="gif")


def test_a_plain_part_needs_no_picture_and_one_picture_is_stored_once(small):
    white = replace(small.parts[0], name="plain", texture=np.full((1, 1, 4), 255, np.uint8), tint=(0.5, 0.25, 2.0))
    twin = replace(small.parts[0], name="twin")
    tree, binary = taken_apart(head_glb(replace(small, parts=(small.parts[0], twin, white))))
    check_structure(tree, binary)
    assert len(tree["images"]) == len(tree["textures"]) == 1
    plain = tree["materials"][2]["pbrMetallicRoughness"]
    assert "baseColorTexture" not in plain
    assert plain["baseColorFactor"] == [0.5, 0.25, 1.0, 1.0]
    assert "TEXCOORD_0" not in tree["meshes"][2]["primitives"][0]["attributes"]


@pytest.mark.parametrize(("vertices", "kind"), [(65534, 5123), (65535, 5125), (70000, 5125)])
def test_indices_are_as_wide_as_they_have_to_be(vertices, kind):
    writer = GlbWriter()
    writer.indices(np.array([[0, 1, vertices - 1]]), vertices)
    tree, binary = taken_apart(writer.finish({"asset": {"version": "2.0"}}))
    assert tree["accessors"][0]["componentType"] == kind
    assert rows(tree, binary, 0).ravel().tolist() == [0, 1, vertices - 1]


def test_the_json_has_points_regions_and_licence(head):
    values = json.loads(head_json(head, expressions=True))
    assert np.abs(np.array(values["landmarks68"]) * FLIP - head.landmarks68_m).max() < 1e-7
    assert np.abs(np.array(values["points5"]) * FLIP - head.points5_m).max() < 1e-7
    assert np.abs(np.array(values["face_mesh"]) * FLIP - head.face_mesh_m).max() < 1e-7
    assert np.max(values["face_mesh_triangles"]) == len(values["face_mesh"]) - 1
    assert values["licence"] == head.licence == "CC0-1.0"
    assert values["recipe"] == head.recipe.to_toml()
    assert values["recipe_sha256"] == head.recipe_sha256
    assert values["expressions"] == list(ARKIT_NAMES)
    for part in head.parts:
        assert values["triangle_regions"][part.name] == part.triangle_region.tolist()
    assert values["region_names"]["7"] == Region(7).name.lower()
    bare = replace(head, points5_m=None, landmarks68_m=None, face_mesh_m=None, recipe=None)
    assert json.loads(head_json(bare))["landmarks68"] is None


def test_pictures_are_png_of_the_stored_pixels(small, glb):
    tree, binary = taken_apart(glb)
    for image in tree["images"]:
        view = tree["bufferViews"][image["bufferView"]]
        data = binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
        opened = Image.open(io.BytesIO(data))
        assert opened.size == small.part(image["name"]).texture.shape[1::-1]
