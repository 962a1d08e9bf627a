import json
import os

import numpy as np
import pytest
from PIL import Image

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.heads.library import load_head


def _egg_obj(scale=1.0):
    """A head-sized egg with a nose, y up, face towards +z."""
    u, v = np.meshgrid(np.linspace(0, 1, 25), np.linspace(0, 1, 17))
    turn, down = (u - 0.5) * 2 * np.pi, v * np.pi
    unit = np.stack([np.sin(down) * np.sin(turn), np.cos(down), np.sin(down) * np.cos(turn)], -1)
    bump = 0.25 * np.exp(-((turn / 0.25) ** 2) - ((down - 1.75) / 0.25) ** 2)
    vertices = (unit * (0.075, 0.11, 0.095) * (1 + bump[..., None])).reshape(-1, 3) * scale
    first = (np.arange(16)[:, None] * 25 + np.arange(24)).ravel() + 1
    lines = [f"v {x} {y} {z}" for x, y, z in vertices]
    lines += [f"f {a} {a + 25} {a + 26} {a + 1}" for a in first]
    return "\n".join(lines) + "\n"


@pytest.fixture
def scan(tmp_path):
    path = tmp_path / "scan.obj"
    path.write_text(_egg_obj())
    return path


def test_the_ten_heads_are_listed(run):
    for command in (("heads",), ("heads", "list")):
        result = run(*command)
        assert result.exit_code == 0
        names = [line.split()[0] for line in result.output.splitlines()]
        assert names == [f"{s}{i:02d}" for s in "fm" for i in range(1, 6)]
        assert "CC0-1.0" in result.output


def test_listing_says_all_as_json(run):
    (facts,) = json.loads(run("heads", "list", "f01", "--json").output)
    assert facts["name"] == "f01"
    assert facts["recipe_sha256"] == load_head("f01").recipe_sha256
    assert facts["has_landmarks68"] is True


def test_a_sheet_is_drawn_once(run, tmp_path):
    assert run("heads", "show", "f01", tmp_path / "h.png", "--size", 48).exit_code == 0
    assert Image.open(tmp_path / "h.png").size == (2 * 3 * 48, 48)
    again = run("heads", "show", "f01", tmp_path / "h.png")
    assert again.exit_code == 1
    assert "--overwrite" in again.output


def test_a_sheet_in_poses_of_ones_own(run, tmp_path, scan):
    assert run("heads", "import", scan, tmp_path / "egg", "--unit", "m", "--up", "+y", "--front", "+z").exit_code == 0
    options = ("--size", 32, "--columns", 1, "--pose", "0,0,0", "--pose", "0,90,0")
    assert run("heads", "show", "f01", tmp_path / "egg", tmp_path / "h.png", *options).exit_code == 0
    assert Image.open(tmp_path / "h.png").size == (2 * 32, 2 * 32)
    assert run("heads", "show", tmp_path / "x.png", "--pose", "0,0").exit_code == 2
    assert run("heads", "show", tmp_path / "x.png", "--pose", "0,0,nan").exit_code == 2


def test_people_are_made_and_drawn(run, tmp_path):
    result = run("heads", "build", tmp_path / "people", "--count", 2, "--seed", 7)
    assert result.exit_code == 0, result.output
    listed = run("heads", "list", tmp_path / "people")
    assert [line.split()[0] for line in listed.output.splitlines()] == ["p0000", "p0001"]
    words = ("--heads", tmp_path / "people", "--grid", "--dry-run", "--json")
    plan = json.loads(run("render", tmp_path / "o", *words).output)
    plan = plan.get("plan", plan)
    assert plan["heads"] == [str(tmp_path / "people" / f"p000{k}.toml") for k in range(2)]
    assert run("heads", "build", tmp_path / "people", "--count", 2).exit_code == 1
    assert run("heads", "build", tmp_path / "none", "--count", 0).exit_code == 2


def test_a_scan_is_imported_listed_rendered_and_exported(run, tmp_path, scan):
    result = run("heads", "import", scan, tmp_path / "egg", "--licence", "CC-BY-4.0, A Hen", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert told["understood"]["unit"] == "m"
    assert any("axes guessed" in note for note in told["notes"])
    assert Image.open(told["preview"]).size[0] > 500
    (facts,) = json.loads(run("heads", "list", tmp_path / "egg", "--json").output)
    assert (facts["name"], facts["licence"], facts["has_points5"]) == ("scan", "CC-BY-4.0, A Hen", False)
    rendered = run(
        "render", tmp_path / "set", "--heads", f"f01,{tmp_path / 'egg'}", "--grid", "--pitch", "0", "--yaw", "0,40",
        "--roll", "0", "--size", 32, "--workers", 2, "-q",
    )  # fmt: skip
    assert rendered.exit_code == 0, rendered.output
    with open_dataset(tmp_path / "set") as dataset:
        assert dataset.manifest.heads["scan"]["licence"] == "CC-BY-4.0, A Hen"
        assert dataset.manifest.heads["scan"]["recipe_sha256"] == facts["recipe_sha256"]
        assert {"rotmat", "alpha", "face_box_xyxy"} <= set(dataset.columns)
        assert "points5" not in dataset.columns
        assert (dataset.read("alpha")[2:].reshape(2, -1) > 0).any(axis=1).all()
    assert run("heads", "export", tmp_path / "egg", tmp_path / "egg.glb").exit_code == 0
    assert json.loads((tmp_path / "egg.json").read_text())["licence"] == "CC-BY-4.0, A Hen"
    refused = run("convert-euler", tmp_path / "set", tmp_path / "set+")
    assert refused.exit_code == 1
    assert "points5_visibility" in refused.output


def test_options_win_over_a_head_toml(run, tmp_path, scan):
    toml = tmp_path / "told.toml"
    toml.write_text('mesh = "else.obj"\nname = "told"\nunit = "cm"\nup = "+y"\nfront = "+z"\norigin = [0, 0, 0]\n')
    told = "--unit m --name anna --region mesh=hair --origin 0,0,0.02 --licence mine --json"
    options = ("--toml", toml, *told.split())
    result = run("heads", "import", scan, tmp_path / "egg", *options)
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert (told["name"], told["notes"]) == ("anna", [])
    assert told["understood"] == {"unit": "m", "left": "+x", "up": "+y", "front": "+z", "origin": [0, 0, 0.02]}
    assert 'region = "hair"' in (tmp_path / "egg" / "head.toml").read_text()
    # a head.toml may be given itself, and so may the folder it is in
    (tmp_path / "head.toml").write_text(toml.read_text().replace("else.obj", "scan.obj").replace("cm", "m"))
    for number, source in enumerate((tmp_path / "head.toml", tmp_path)):
        assert run("heads", "import", source, tmp_path / f"again{number}").exit_code == 0


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--up", "+w"), 1), (("--up", "+y", "--front", "+y"), 1), (("--unit", "mile"), 1), (("--origin", "a,b,c"), 2),
        (("--origin", "1,2"), 1), (("--origin", "eyes"), 1), (("--region", "mesh"), 2), (("--region", "mesh=face"), 1),
        (("--region", "nose=hair"), 1), (("--name", "x" * 17), 1), (("--landmarks", "gone.json"), 1),
        (("--unit", "mm"), 1),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_one_line_and_write_nothing(run, tmp_path, scan, options, code):
    result = run("heads", "import", scan, tmp_path / "egg", *options)
    assert result.exit_code == code
    assert "unexpected" not in result.output
    assert {path.name for path in tmp_path.iterdir()} == {"scan.obj"}


HOSTILE = {
    "empty.obj": b"",
    "points.obj": b"v 0 0 0\nv 1 0 0\nv 0 1 0\n",
    "nan.obj": _egg_obj().replace("v ", "v nan ", 1).encode(),
    "index.obj": b"v 0 0 0\nf 1 2 3\n",
    "up.obj": b"mtllib ../../secret.mtl\n" + _egg_obj().encode(),
    "abs.obj": b"mtllib /etc/passwd\n" + _egg_obj().encode(),
    "url.obj": b"mtllib https://example.org/a.mtl\n" + _egg_obj().encode(),
    "gone.obj": b"mtllib gone.mtl\n" + _egg_obj().encode(),
    "big.ply": b"ply\nformat binary_little_endian 1.0\nelement vertex 2147483648\nproperty float x\nproperty float y\n"
    b"property float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n",
    "big.stl": b"\0" * 80 + b"\xff\xff\xff\xff",
    "cut.glb": b"glTF\x02\0\0\0\xff\xff\xff\x7f\x10\0\0\0JSON{}",
    "loop.gltf": b'{"asset": {"version": "2.0"}, "scenes": [{"nodes": [0]}], "nodes": [{"children": [0]}]}',
    "bomb.zip": b"PK\x03\x04",
    "entity.dae": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
    "flat.obj": b"v 0 0 0\nv 0.2 0 0\nv 0.4 0 0\nf 1 2 3\n",
    "speck.obj": _egg_obj(1e-12).encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_one_line_and_write_nothing(run, tmp_path, name):
    (tmp_path / name).write_bytes(HOSTILE[name])
    result = run("heads", "import", tmp_path / name, tmp_path / "out")
    assert result.exit_code == 1, result.output
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1
    assert "unexpected" not in result.output
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_pipe_is_refused(run, tmp_path):
    os.mkfifo(tmp_path / "pipe.obj")
    assert "not a regular file" in run("heads", "import", tmp_path / "pipe.obj", tmp_path / "out").output


def test_export_writes_both_files_or_refuses(run, tmp_path):
    out = tmp_path / "f.glb"
    result = run("heads", "export", "f01", out, "--picture-format", "jpg", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["bytes"] == out.stat().st_size
    assert out.read_bytes()[:4] == b"glTF"
    first = out.read_bytes()
    (tmp_path / "f.json").unlink()
    assert "already there" in run("heads", "export", "f01", out).output
    assert not (tmp_path / "f.json").exists()
    assert run("heads", "export", "f01", out, "--picture-format", "jpg", "--overwrite").exit_code == 0
    assert out.read_bytes() == first
    assert run("heads", "export", "f01", tmp_path / "f.obj").exit_code == 2
    assert run("heads", "export", "nobody", tmp_path / "g.glb").exit_code == 1


def test_folders_without_heads_are_named(run, tmp_path):
    assert "no recipes" in run("heads", "list", tmp_path).output
    assert "unknown head" in run("heads", "list", "f99").output
