import base64
import json

import numpy as np
import pytest
import trimesh

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign import gltf_materials, gltf_tree
from synhead_tools.heads.foreign.gltf import read_gltf
from synhead_tools.heads.foreign.reading import check_mesh


def packed(arrays, **tree):
    """A GLB with one accessor for each (array, type): float32 or integers as they are."""
    views, accessors, binary = [], [], b""
    kinds = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
    for array, kind, extra in arrays:
        data = np.ascontiguousarray(array).tobytes()
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(data)})
        component = kinds[np.asarray(array).dtype.str[1:]]
        accessors.append(
            {"bufferView": len(views) - 1, "componentType": component, "count": len(array), "type": kind, **extra}
        )
        binary += data + b"\0" * (-len(data) % 4)
    base = {"asset": {"version": "2.0"}, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}]}
    return {
        **base,
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary)}],
        **tree,
    }, binary


TRIANGLE = np.float32([[0, 0, 0], [1, 0, 0], [0, 1, 0]])
STRIP = np.float32([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 2, 0]])


def normal_z(part):
    a, b, c = (part.vertices[part.triangles[:, k]] for k in range(3))
    return np.cross(b - a, c - a)[:, 2]


def test_what_trimesh_writes_is_read_to_the_bit(files, egg, make):
    vertices, triangles, uv = egg
    material = trimesh.visual.material.PBRMaterial(
        name="skin", baseColorTexture=make.picture(), alphaMode="MASK", alphaCutoff=0.25, doubleSided=True,
        baseColorFactor=[255, 128, 0, 255], roughnessFactor=0.5, metallicFactor=0.0,
    )  # fmt: skip
    flipped = uv * [1, -1] + [0, 1]
    visual = trimesh.visual.TextureVisuals(uv=flipped, material=material)
    scene = trimesh.Scene()
    scene.add_geometry(trimesh.Trimesh(vertices, triangles, visual=visual, process=False), node_name="egg")
    mesh = read_gltf(scene.export(file_type="glb"), "e.glb", files)
    (part,) = mesh.parts
    assert np.array_equal(part.vertices, vertices)
    assert np.array_equal(part.triangles, triangles)
    assert np.abs(part.uv - uv).max() < 1e-6
    assert np.array_equal(mesh.pictures[0][..., :3], np.asarray(make.picture()))
    assert (part.name, part.alpha_mode, part.alpha_cutoff, part.two_sided) == ("egg", "cutout", 0.25, True)
    assert part.rgb == pytest.approx((1, 128 / 255, 0))
    assert part.gloss == pytest.approx(30)
    assert np.array_equal(mesh.points, vertices)


def test_nodes_move_turn_and_scale(files, make):
    tree, binary = packed([(TRIANGLE, "VEC3", {}), (TRIANGLE * 0 + np.float32([0, 0, 1]), "VEC3", {})])
    tree["meshes"] = [{"primitives": [{"attributes": {"POSITION": 0, "NORMAL": 1}}]}]
    half = np.sqrt(0.5)
    tree["nodes"] = [
        {"children": [1, 2], "translation": [0, 0, 10], "scale": [2, 2, 2]},
        {"mesh": 0, "name": "turned", "rotation": [half, 0, 0, half]},  # a quarter about x
        {"mesh": 0, "name": "mirrored", "matrix": [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 5, 0, 0, 1]},
    ]
    turned, mirrored = read_gltf(make.glb_bytes(tree, binary), "n.glb", files).parts
    assert np.allclose(turned.vertices, [[0, 0, 10], [2, 0, 10], [0, 0, 12]])
    assert np.allclose(turned.normals / np.linalg.norm(turned.normals, axis=1)[:, None], [0, -1, 0])
    assert np.allclose(mirrored.vertices, [[10, 0, 10], [8, 0, 10], [10, 2, 10]])
    assert normal_z(mirrored)[0] > 0  # still the side that faced the reader
    assert (mirrored.normals[:, 2] > 0).all()
    assert [turned.name, mirrored.name] == ["turned", "mirrored"]


def test_strips_and_fans_and_corners_without_indices(files, make):
    tree, binary = packed([(STRIP, "VEC3", {})])
    tree["meshes"] = [{"primitives": [{"attributes": {"POSITION": 0}, "mode": mode} for mode in (5, 6, 0)]}]
    mesh = read_gltf(make.glb_bytes(tree, binary), "n.glb", files)
    strip, fan = mesh.parts
    assert len(strip.triangles) == 3
    assert (normal_z(strip) > 0).all()
    assert fan.triangles.tolist() == [[0, 1, 2], [0, 2, 3], [0, 3, 4]]
    assert mesh.notes == ("points and lines are left out",)


def test_integers_are_scaled_and_the_named_coordinates_used(files, make):
    tree, binary = packed(
        [
            (TRIANGLE, "VEC3", {}),
            (np.uint16([[0, 0], [65535, 0], [0, 32768]]), "VEC2", {"normalized": True}),
            (np.zeros((3, 2), np.float32), "VEC2", {}),
            (np.float32([[1, 0, 0], [0, 0.2140411, 0], [0, 0, 0]]), "VEC3", {}),
        ]
    )
    uri = "data:image/png;base64," + base64.b64encode(make.png()).decode()
    texture = {
        "index": 0,
        "texCoord": 1,
        "extensions": {"KHR_texture_transform": {"scale": [2, 1], "offset": [0, 0.5]}},
    }
    tree |= {
        "materials": [{"pbrMetallicRoughness": {"baseColorTexture": texture}}, {}],
        "textures": [{"source": 0}],
        "images": [{"uri": uri}],
        "meshes": [
            {
                "primitives": [
                    {"attributes": {"POSITION": 0, "TEXCOORD_0": 2, "TEXCOORD_1": 1}, "material": 0},
                    {"attributes": {"POSITION": 0, "COLOR_0": 3}, "material": 1},
                ]
            }
        ],
    }
    mesh = read_gltf(make.glb_bytes(tree, binary), "n.glb", files)
    assert np.allclose(mesh.parts[0].uv, [[0, 0.5], [2, 0.5], [0, 1]], atol=1e-4)
    assert mesh.pictures[0].shape == (16, 16, 4)
    # colours of vertices are linear in glTF
    assert mesh.parts[1].corner_rgba.tolist() == [[[255, 0, 0, 255], [0, 127, 0, 255], [0, 0, 0, 255]]]


def test_files_beside(files, tmp_path, make, egg):
    vertices, triangles, uv = egg
    visual = trimesh.visual.TextureVisuals(uv=uv, image=make.picture())
    exported = trimesh.Trimesh(vertices, triangles, visual=visual, process=False).export(file_type="gltf")
    for name, data in exported.items():
        (tmp_path / name).write_bytes(data)
    tree = json.loads((tmp_path / "model.gltf").read_text())
    buffers = [buffer["uri"] for buffer in tree["buffers"]]
    (tmp_path / buffers[0]).rename(tmp_path / "böse 1.bin")
    tree["buffers"][0]["uri"] = "b%C3%B6se%201.bin"
    mesh = read_gltf(json.dumps(tree).encode(), "model.gltf", files)
    assert np.array_equal(mesh.parts[0].vertices, vertices)
    assert "böse 1.bin" in files.sha256


CHANGES = [
    ("nodes", [{"children": [0]}], "contains itself"),
    ("nodes", [{"children": [1, 1]}, {"mesh": 0}], "two parents"),
    ("nodes", [{"children": [1]}, {"children": [0], "mesh": 0}], "contains itself"),
    ("nodes", [{"children": [7]}], "nodes number 7"),
    ("nodes", [{"mesh": 3}], "meshes number 3"),
    ("nodes", [{"mesh": 0, "matrix": [1, 2]}], "transform"),
    ("nodes", [{"mesh": 0, "scale": [1, 1, None]}], "transform"),
    ("nodes", [{"mesh": 0, "translation": [1e300, 0, 0]}], "transform"),
    ("scene", 5, "scenes number 5"),
    ("extensionsRequired", ["KHR_draco_mesh_compression"], "KHR_draco_mesh_compression"),
    ("asset", {"version": "1.0"}, "version 1.0"),
    ("asset", {}, "no glTF 2.0"),
    ("buffers", [{"byteLength": 42, "uri": "../secret.bin"}], "outside"),
    ("buffers", [{"byteLength": 42, "uri": "..%2Fsecret.bin"}], "outside"),
    ("buffers", [{"byteLength": 42, "uri": "https://example.org/a.bin"}], "address"),
    ("buffers", [{"byteLength": 42, "uri": "/etc/passwd"}], "absolute"),
    ("buffers", [{"byteLength": 42, "uri": "data:application/octet-stream;base64,!!!!"}], "damaged"),
    ("buffers", [{"byteLength": 42, "uri": "data:,hello"}], "base64"),
    ("buffers", [{"byteLength": 42, "uri": 7}], "uri"),
    ("buffers", [], "buffers number 0"),
    ("bufferViews", [{"buffer": 0, "byteLength": 2**40}] * 2, "outside of its buffer"),
    ("bufferViews", [{"buffer": 0, "byteLength": 36, "byteOffset": -4}] * 2, "outside of its buffer"),
    ("bufferViews", [{"buffer": 0, "byteLength": 36, "byteStride": 0}] * 2, "rows every"),
]


@pytest.mark.parametrize(("key", "value", "said"), CHANGES)
def test_a_tree_that_is_none_is_refused(files, make, key, value, said):
    tree, binary = make.triangle_tree(**{key: value})
    with pytest.raises(HeadError, match="n.glb") as error:
        read_gltf(make.glb_bytes(tree, binary), "n.glb", files)
    assert said in str(error.value)
    assert str(error.value).isprintable()


ACCESSORS = [
    (0, {"count": 2**31}, "simplify"),
    (0, {"count": 4}, "outside of its bufferView"),
    (0, {"count": -1}, "rows every"),
    (0, {"count": 1.5}, "rows every"),
    (0, {"byteOffset": 2**60}, "outside of its bufferView"),
    (0, {"type": "VEC2"}, "not 3 numbers"),
    (0, {"type": ["VEC3"]}, "not 3 numbers"),
    (0, {"componentType": 1}, "not 3 numbers"),
    (0, {"sparse": {"count": 1}}, "sparse"),
    (0, {"bufferView": None}, "bufferViews number None"),
    (1, {"componentType": 5126, "byteOffset": 0, "bufferView": 0}, "names a vertex outside"),
    (1, {"count": 2}, "not threes"),
    (1, {"bufferView": 0, "count": 18}, "names a vertex outside"),
]


@pytest.mark.parametrize(("index", "change", "said"), ACCESSORS)
def test_numbers_that_are_not_there_are_refused(files, make, index, change, said):
    tree, binary = make.triangle_tree()
    tree["accessors"][index] |= change
    with pytest.raises(HeadError) as error:
        read_gltf(make.glb_bytes(tree, binary), "n.glb", files)
    assert said in str(error.value)


def test_every_cut_of_a_file_is_noticed(files, make):
    tree, binary = make.triangle_tree()
    whole = make.glb_bytes(tree, binary)
    read_gltf(whole, "n.glb", files)
    for length in (0, 3, 4, 11, 12, 19, 20, 21, len(whole) - 60, len(whole) - 1):
        with pytest.raises(HeadError, match="n.glb"):
            read_gltf(whole[:length], "n.glb", files)


@pytest.mark.parametrize(
    "text",
    [b"[" * 100000, b'{"a":' * 50000, b"{}", b"[]", b"null", b"\xff\xfe", b'{"asset": {"version": "2.0"}, "nodes": 3}'],
)
def test_json_that_is_no_scene(files, make, text):
    for data in (text, make.glb_bytes(text)):
        with pytest.raises(HeadError, match=r"n\.gltf"):
            check_mesh(read_gltf(data, "n.gltf", files), "n.gltf")


def test_data_in_uris_have_limits(files, make, monkeypatch):
    tree, binary = make.triangle_tree(images=[{"uri": "data:image/png;base64," + "A" * 4000}])
    tree |= {"textures": [{"source": 0}], "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]}
    tree["meshes"][0]["primitives"][0]["material"] = 0
    data = make.glb_bytes(tree, binary)
    monkeypatch.setattr(gltf_materials, "PICTURE_BYTES_LIMIT", 2000)
    with pytest.raises(HeadError, match="more than 0 MB"):
        read_gltf(data, "n.glb", files)
    monkeypatch.setattr(gltf_tree, "MAX_JSON_BYTES", 2000)
    with pytest.raises(HeadError, match="MB of JSON"):
        read_gltf(data, "n.glb", files)


def test_pictures_may_be_left_out(files, make):
    tree, binary = make.triangle_tree(images=[{"uri": "gone.png"}], textures=[{"source": 0}])
    tree["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
    tree["meshes"][0]["primitives"][0]["material"] = 0
    data = make.glb_bytes(tree, binary)
    with pytest.raises(HeadError, match="gone.png"):
        read_gltf(data, "n.glb", files)
    assert read_gltf(data, "n.glb", files, textures=False).parts[0].picture is None
