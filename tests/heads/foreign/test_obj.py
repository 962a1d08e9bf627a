import numpy as np
import pytest

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.obj import read_obj

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"


def corners(part):
    return part.vertices[part.triangles]


def test_polygons_become_fans(files):
    mesh = read_obj((SQUARE + "f 1 2 3 4\n").encode(), "s.obj", files)
    assert corners(mesh.parts[0]).tolist() == [
        [[0, 0, 0], [1, 0, 0], [1, 1, 0]],
        [[0, 0, 0], [1, 1, 0], [0, 1, 0]],
    ]


def test_relative_numbers_count_from_their_line(files):
    text = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf -3 -2 -1\nv 5 0 0\nv 6 0 0\nv 5 1 0\nf -3 -2 -1\n"
    mesh = read_obj(text.encode(), "s.obj", files)
    assert corners(mesh.parts[0])[:, 0].tolist() == [[0, 0, 0], [5, 0, 0]]


def test_vertices_keep_their_numbers_and_corners_their_own_uv_and_normal(files):
    text = SQUARE + "vt 0 0\nvt 1 0\nvt 1 1\nvn 0 0 1\nvn 0 0 -1\nf 1/1/1 2/2/1 3/3/1\nf 1/2/2 3/3/2 4/1/2\n"
    mesh = read_obj(text.encode(), "s.obj", files)
    assert mesh.points.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    part = mesh.parts[0]
    # v runs up in the file, down here
    assert part.uv[part.triangles].tolist() == [[[0, 1], [1, 1], [1, 0]], [[1, 1], [1, 0], [0, 1]]]
    assert part.normals[part.triangles][:, :, 2].tolist() == [[1, 1, 1], [-1, -1, -1]]


def test_lines_may_be_continued_and_end_as_they_like(files):
    text = "v 0 0 \\\n0\r\nv 1 0 0\r\n\r\n# v 9 9\r\nv 0 1 0\r\nl 1 2\r\nf 1 \\\n2 3"
    assert corners(read_obj(text.encode(), "s.obj", files).parts[0]).tolist() == [[[0, 0, 0], [1, 0, 0], [0, 1, 0]]]


def test_parts_are_materials_and_without_them_objects(files, tmp_path, make):
    (tmp_path / "head.mtl").write_text("newmtl skin\nKd 1 0 0\nmap_Kd skin.png\nnewmtl hair\nKd 0.5 0.5 0.5\n")
    (tmp_path / "skin.png").write_bytes(make.png())
    text = (
        "mtllib head.mtl\n"
        + SQUARE
        + "vt 0 0\nusemtl skin\nf 1/1 2/1 3/1\nusemtl hair\nf 1 3 4\nusemtl skin\nf 2/1 3/1 4/1\n"
    )
    mesh = read_obj(text.encode(), "s.obj", files)
    assert [(part.name, len(part.triangles), part.picture) for part in mesh.parts] == [
        ("skin", 2, 0),
        ("hair", 1, None),
    ]
    assert mesh.parts[0].rgb == (1, 1, 1)  # the picture has the colour in it
    assert mesh.parts[1].rgb == pytest.approx((0.2140,) * 3, abs=1e-4)  # sRGB 0.5 in linear light
    assert np.array_equal(mesh.pictures[0][..., :3], np.asarray(make.picture()))
    assert files.sha256.keys() == {"head.mtl", "skin.png"}
    named = read_obj((SQUARE + "o a\nf 1 2 3\ng b\nf 1 3 4\n").encode(), "s.obj", files)
    assert [part.name for part in named.parts] == ["a", "b"]


def test_material_files_are_left_alone_without_textures(files):
    mesh = read_obj(("mtllib gone.mtl\n" + SQUARE + "usemtl x\nf 1 2 3\n").encode(), "s.obj", files, textures=False)
    assert mesh.parts[0].picture is None
    assert mesh.notes == ()


def test_a_material_nobody_describes_is_grey_and_told(files):
    mesh = read_obj((SQUARE + "usemtl x\nf 1 2 3\n").encode(), "s.obj", files)
    assert len(set(mesh.parts[0].rgb)) == 1
    assert "x" in mesh.notes[0]


@pytest.mark.parametrize(("colour", "stored"), [("1 0.5 0", (255, 128, 0)), ("255 128 0", (255, 128, 0))])
def test_colours_behind_the_coordinates(files, colour, stored):
    text = "".join(f"v {x} {y} 0 {colour}\n" for x, y in ((0, 0), (1, 0), (0, 1))) + "f 1 2 3\n"
    part = read_obj(text.encode(), "s.obj", files).parts[0]
    assert part.corner_rgba.tolist() == [[[*stored, 255]] * 3]


BAD = [
    ("f 1 2 9\n", "v number 9 of 4"),
    ("f 1 2 -9\n", "line 5"),
    ("f 0 1 2\n", "line 5"),
    ("f 1/7 2/7 3/7\n", "vt number 7 of 0"),
    ("f 1//2 2//2 3//2\n", "vn number 2 of 0"),
    ("f 1 2\n", "2 corners"),
    ("f 1 2 3 4 x\n", "line 5"),
    ("f 1 2 99999999999999999999999\n", "line 5"),
    ("v 1 2\n", "line 5"),
    ("v 1 2 three\n", "line 5"),
    ("vt\n", "line 5"),
    ("mtllib gone.mtl\nf 1 2 3\n", "gone.mtl"),
    ("mtllib\nf 1 2 3\n", "no file name"),
]


@pytest.mark.parametrize(("line", "said"), BAD)
def test_a_bad_line_is_named(files, line, said):
    with pytest.raises(HeadError, match="s.obj") as error:
        read_obj((SQUARE + line).encode(), "s.obj", files)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_face_of_ten_thousand_corners_is_refused(files):
    with pytest.raises(HeadError, match="corners"):
        read_obj((SQUARE + "f " + "1 " * 10000 + "\n").encode(), "s.obj", files)


def test_too_many_parts_are_refused(files):
    text = SQUARE + "".join(f"o part{n}\nf 1 2 3\n" for n in range(100))
    with pytest.raises(HeadError, match="100 materials or objects"):
        read_obj(text.encode(), "s.obj", files)
