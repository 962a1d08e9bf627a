import numpy as np
import pytest
import trimesh

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.ply_stl import read_ply, read_stl

HEADER = """ply
format {format} 1.0
element vertex {vertices}
property float x
property float y
property float z
element face {faces}
property list uchar int vertex_indices
end_header
"""


def ply(body=b"", form="binary_little_endian", vertices=3, faces=1, header=HEADER):
    return header.format(format=form, vertices=vertices, faces=faces).encode() + body


ASCII_TRIANGLE = b"0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"


@pytest.mark.parametrize("encoding", ["ascii", "binary"])
def test_ply_keeps_the_order_of_vertices(files, egg, encoding):
    vertices, triangles, _ = egg
    data = trimesh.Trimesh(vertices, triangles, process=False).export(file_type="ply", encoding=encoding)
    mesh = read_ply(data.encode() if isinstance(data, str) else data, "e.ply", files)
    assert np.abs(mesh.points - vertices).max() < 1e-7
    assert np.array_equal(mesh.parts[0].triangles, triangles)
    assert mesh.parts[0].normals is None


def test_ply_colours_of_vertices_and_faces(files):
    colours = np.uint8([[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]])
    by_vertex = trimesh.Trimesh(np.eye(3), [[0, 1, 2]], vertex_colors=colours, process=False)
    by_face = trimesh.Trimesh(np.eye(3), [[0, 1, 2]], face_colors=colours[:1], process=False)
    assert read_ply(by_vertex.export(file_type="ply"), "c.ply", files).parts[0].corner_rgba.tolist() == [
        colours.tolist()
    ]
    assert read_ply(by_face.export(file_type="ply"), "c.ply", files).parts[0].corner_rgba.tolist() == [
        [[255, 0, 0, 255]] * 3
    ]


def test_ply_picture_and_texture_coordinates(files, tmp_path, make):
    header = HEADER.replace("1.0\n", "1.0\ncomment TextureFile a skin.png\n").replace(
        "property float z\n", "property float z\nproperty float s\nproperty float t\n"
    )
    body = b"0 0 0 0 0\n1 0 0 1 0\n0 1 0 0 1\n3 0 1 2\n"
    with pytest.raises(HeadError, match="a skin.png"):
        read_ply(ply(body, "ascii", header=header), "t.ply", files)
    (tmp_path / "a skin.png").write_bytes(make.png())
    mesh = read_ply(ply(body, "ascii", header=header), "t.ply", files)
    part = mesh.parts[0]
    assert part.picture == 0
    # v runs up in the file, down here
    assert part.uv[part.triangles[0]].tolist() == [[0, 1], [1, 1], [0, 0]]


@pytest.mark.parametrize(
    "body", [b"0 0 0\n1 0 0\n0 1 0\n1 1 0\n4 0 1 3 2\n", b"0 0 0\n1 0 0\n0 1 0\n1 1 0\n4 0 1 3 2\n3 0 1 2\n"]
)
def test_ply_polygons(files, body):
    mesh = read_ply(ply(body, "ascii", vertices=4, faces=body.count(b"\n") - 4), "p.ply", files)
    assert len(mesh.parts[0].triangles) >= 2


BAD_PLY = [
    (b"", "no PLY"),
    (b"ply\n", "no PLY"),
    (b"ply\n" + b"comment x\n" * 100000, "no PLY"),
    (ply(vertices=2**31), "says it has"),
    (ply(vertices=2**31, form="ascii"), "says it has"),
    (ply(vertices=10**30), "cannot be understood"),
    (ply(faces=3_000_000), "cut short"),
    (ply(vertices=-3), "cannot be understood"),
    (ply(b"\0" * 20), "cut short"),
    (ply(ASCII_TRIANGLE[:-6], "ascii"), "ply"),
    (ply(vertices=0, faces=0), "no triangles"),
    (ply(b"\0" * 36, faces=0), "no triangles"),
    (ply(ASCII_TRIANGLE, "ascii").replace(b"property float z", b"property list uchar list z"), "cannot be understood"),
    (ply(ASCII_TRIANGLE, "ascii").replace(b"end_header", b"element x 9\nend_header"), "no properties"),
    (ply(ASCII_TRIANGLE, "ascii").replace(b"float z", b"float w"), "ply"),
    (ply(b"\0" * 36 + b"\xff\xff\xff\xff\xff"), "ply"),
]


@pytest.mark.parametrize(("data", "said"), BAD_PLY)
def test_a_bad_ply_is_refused(files, data, said):
    with pytest.raises(HeadError, match="b.ply") as error:
        read_ply(data, "b.ply", files)
    assert said in str(error.value)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("kind", ["stl", "stl_ascii"])
def test_stl_corners_at_one_place_are_one_vertex(files, egg, kind):
    vertices, triangles, _ = egg
    data = trimesh.Trimesh(vertices, triangles, process=False).export(file_type=kind)
    part = read_stl(data.encode() if isinstance(data, str) else data, "e.stl", files).parts[0]
    assert len(part.vertices) == len(np.unique(vertices.astype(np.float32), axis=0))
    assert np.abs(part.vertices[part.triangles] - vertices[triangles]).max() < 1e-6


STL = b"\0" * 80 + (1).to_bytes(4, "little") + np.zeros(50, np.uint8).tobytes()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        STL[:83],
        STL[:-1],
        STL + b"x",
        STL[:80] + (2**32 - 1).to_bytes(4, "little") + STL[84:],
        STL[:80] + bytes(4),
        b"solid",
        b"solid x\nfacet normal 0 0 1\nouter loop\nvertex 0 0 a\n",
        b"solid x\nfacet vertex 1 2 3\nendsolid",
        b"endsolid facet solid",
    ],
)
def test_a_bad_stl_is_refused(files, data):
    with pytest.raises(HeadError, match="b.stl"):
        read_stl(data, "b.stl", files)
