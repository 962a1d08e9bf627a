"""What strangers' files may hold, through the door that every one of them comes in by."""

import os
import subprocess
import time
from dataclasses import replace

import numpy as np
import pytest

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign import reading
from synhead_tools.heads.foreign.raw_mesh import RawMesh, RawPart
from synhead_tools.heads.foreign.reading import check_mesh, read_mesh

TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
SQUARE = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]])


def refused(path, **options):
    began = time.monotonic()
    with pytest.raises(HeadError) as error:
        read_mesh(path, **options)
    assert str(error.value).isprintable()
    assert time.monotonic() - began < 20
    return str(error.value)


def test_a_file_is_read_in_a_process_of_its_own(tmp_path, egg, make):
    vertices, triangles, uv = egg
    (tmp_path / "egg.obj").write_text(make.obj_text(vertices, triangles, uv, "skin"))
    (tmp_path / "skin.mtl").write_text("newmtl skin\nmap_Kd skin.png\n")
    (tmp_path / "skin.png").write_bytes(make.png())
    mesh = read_mesh(tmp_path / "egg.obj")
    (part,) = mesh.parts
    assert np.array_equal(part.vertices[part.triangles], vertices[triangles])
    assert mesh.pictures[0].shape == (16, 16, 4)
    assert set(mesh.files) == {"egg.obj", "skin.mtl", "skin.png"}


def test_no_module_beside_the_mesh_is_run(tmp_path, monkeypatch):
    (tmp_path / "t.obj").write_text(TRIANGLE)
    (tmp_path / "numpy.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    (tmp_path / "json.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    assert len(read_mesh("t.obj").parts) == 1
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["a.3mf", "a.dae", "a.xaml", "a.zip", "a.tar.gz", "a.obj.bz2", "a.fbx", "a", "a.toml"])
def test_other_kinds_are_refused_by_their_names(tmp_path, name):
    (tmp_path / name).write_bytes(b"\0" * 100)
    assert ".obj" in refused(tmp_path / name)


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.obj")
    (tmp_path / "folder.obj").mkdir()
    (tmp_path / "zero.obj").symlink_to("/dev/zero")
    for name in ("pipe.obj", "zero.obj"):
        assert "not a regular file" in refused(tmp_path / name)
    assert "directory" in refused(tmp_path / "folder.obj")
    assert "gone" in refused(tmp_path / "gone.obj")


def test_a_file_of_gigabytes_is_refused_unread(tmp_path):
    with (tmp_path / "big.obj").open("wb") as file:
        file.truncate(1 << 40)
    assert "bytes, more than" in refused(tmp_path / "big.obj")


def test_memory_ends_before_the_machine_does(tmp_path, monkeypatch):
    (tmp_path / "v.obj").write_text("v 0 0 0\n" * 200_000 + "f 1 2 3\n")
    monkeypatch.setattr(reading, "MEMORY_BYTES", 120 << 20)
    assert "v.obj" in refused(tmp_path / "v.obj")


def test_time_ends(tmp_path, monkeypatch):
    (tmp_path / "v.obj").write_text("v 0 0 0\n" * 2_000_000)
    monkeypatch.setattr(reading, "SECONDS", 1)
    assert "v.obj" in refused(tmp_path / "v.obj")


def test_an_answer_that_is_too_large_is_refused(tmp_path, monkeypatch):
    (tmp_path / "v.obj").write_text(TRIANGLE)
    monkeypatch.setattr(reading, "ANSWER_BYTES", 100)
    assert "v.obj" in refused(tmp_path / "v.obj")


def test_a_reader_that_dies_is_told(tmp_path, monkeypatch):
    (tmp_path / "v.obj").write_text(TRIANGLE)
    monkeypatch.setattr(reading, "_START", "import os; os.kill(os.getpid(), 9)")
    assert "v.obj could not be read" in refused(tmp_path / "v.obj")


def test_names_that_are_no_text_are_read(tmp_path):
    name = os.fsdecode(b"caf\xe9.obj")
    (tmp_path / name).write_text(TRIANGLE)
    assert len(read_mesh(tmp_path / name).parts) == 1
    assert refused(tmp_path / os.fsdecode(b"gone\xe9.obj").replace("\udce9", "é"))


def test_reading_writes_nothing(tmp_path):
    (tmp_path / "v.obj").write_text("mtllib ../x.mtl\n" + TRIANGLE)
    refused(tmp_path / "v.obj")
    assert [path.name for path in tmp_path.iterdir()] == ["v.obj"]


PART = RawPart("a", SQUARE, np.array([[0, 1, 2], [1, 3, 2]]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"vertices": np.where(SQUARE == 1, np.nan, SQUARE)}, "vertex 1"),
        ({"vertices": np.where(SQUARE == 1, np.inf, SQUARE)}, "vertex 1"),
        ({"vertices": SQUARE * 1e30}, "vertex 1"),
        ({"triangles": np.array([[0, 1, 4]])}, "outside of 0..3"),
        ({"triangles": np.array([[0, 1, -1]])}, "outside of 0..3"),
        ({"triangles": np.zeros((0, 3), int)}, "no triangles"),
        ({"triangles": np.array([[0, 0, 1], [2, 1, 2]])}, "no triangles"),
        ({"uv": np.full((4, 2), np.nan)}, "texture coordinate 0"),
    ],
)
def test_meshes_that_cannot_be_drawn_are_refused(change, said):
    with pytest.raises(HeadError, match="s.obj") as error:
        check_mesh(RawMesh((replace(PART, **change),)), "s.obj")
    assert said in str(error.value)


def test_what_no_triangle_uses_may_be_anything():
    vertices = np.concatenate([SQUARE, [[np.nan] * 3]])
    mesh = check_mesh(RawMesh((replace(PART, vertices=vertices),)), "s.obj")
    assert len(mesh.parts[0].triangles) == 2


def test_empty_triangles_go_and_names_become_different():
    bent = replace(
        PART, triangles=np.array([[0, 1, 2], [1, 1, 2]]), corner_rgba=np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    )
    empty = replace(PART, triangles=np.zeros((0, 3), int))
    mesh = check_mesh(RawMesh((bent, PART, empty, replace(PART, name="\x1b[31m"))), "s.obj")
    assert [part.name for part in mesh.parts] == ["a", "a_2", "[31m"]
    assert mesh.parts[0].corner_rgba.shape == (1, 3, 4)


def test_the_reading_process_is_quick_to_start(tmp_path):
    (tmp_path / "v.obj").write_text(TRIANGLE)
    code = "import sys, synhead_tools.heads.foreign.worker, synhead_tools.heads.foreign.gltf;"
    code += "print(any(name in sys.modules for name in ('trimesh', 'scipy', 'numba')))"
    answer = subprocess.run([reading.sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
