from dataclasses import replace

import numpy as np
import pytest

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.load import load_foreign_head, understand
from synhead_tools.heads.foreign.recipe import ForeignRecipe, LandmarkRule, PartRule
from synhead_tools.heads.library import head_facts, load_head
from synhead_tools.heads.regions import Region

EYES_UP = ((-0.03, 0.02, 0.08), (0.03, 0.02, 0.08), (0.0, -0.02, 0.115), (-0.02, -0.05, 0.08), (0.02, -0.05, 0.08))


@pytest.fixture
def scan(tmp_path, egg, make):
    vertices, triangles, uv = egg
    (tmp_path / "egg.obj").write_text(make.obj_text(vertices, triangles, uv, "skin"))
    (tmp_path / "skin.mtl").write_text("newmtl skin\nmap_Kd skin.png\n")
    (tmp_path / "skin.png").write_bytes(make.png())
    return tmp_path


GIVEN = ForeignRecipe(mesh="egg.obj", unit="m", up="+y", front="+z", origin=(0.0, 0.0, 0.02))


def test_what_is_told_is_done(scan, egg, make):
    head = understand(replace(GIVEN, name="anna", licence="CC-BY-4.0"), scan, "head.toml").head
    (part,) = head.parts
    assert np.allclose(part.vertices_m[part.triangles], (egg[0][egg[1]] - [0, 0, 0.02]) * [1, -1, -1], atol=1e-7)
    assert np.allclose(part.uv[part.triangles], egg[2][egg[1]])
    assert np.array_equal(part.texture[..., :3], np.asarray(make.picture()))
    outward = (part.normals * (part.vertices_m - [0, 0, 0.02])).sum(axis=1)
    assert (outward > 0).mean() > 0.95
    assert np.allclose(np.linalg.norm(part.normals, axis=1), 1, atol=1e-6)
    assert (head.name, head.licence, head.points5_m, head.landmarks68_m) == ("anna", "CC-BY-4.0", None, None)
    assert set(part.triangle_region.tolist()) == {Region.SKIN}


def test_what_is_guessed_is_said_and_then_definite(scan):
    foreign = understand(ForeignRecipe(mesh="egg.obj"), scan, str(scan / "egg.obj"))
    said = " ".join(foreign.notes)
    assert "unit guessed: m" in said
    assert "axes guessed" in said
    assert "origin guessed" in said
    assert None not in (foreign.recipe.left, foreign.recipe.up, foreign.recipe.front)
    again = understand(foreign.recipe, scan, str(scan / "egg.obj"))
    assert not any("guess" in note for note in again.notes)
    assert again.head.recipe_sha256 == foreign.head.recipe_sha256
    assert np.array_equal(again.head.parts[0].vertices_m, foreign.head.parts[0].vertices_m)


def test_landmarks_tell_axes_and_origin(scan):
    rule = LandmarkRule(points5=EYES_UP)
    foreign = understand(ForeignRecipe(mesh="egg.obj", unit="m", landmarks=rule), scan, "head.toml")
    assert (foreign.recipe.left, foreign.recipe.up, foreign.recipe.front) == ("+x", "+y", "+z")
    # the eyes are 12.5 mm in front of the origin
    assert foreign.head.points5_m[:2].tolist() == pytest.approx(np.array([[-0.03, 0, -0.0125], [0.03, 0, -0.0125]]))
    assert foreign.head.landmarks68_m is None


def test_the_hash_is_of_files_and_of_what_they_were_taken_for(scan, make):
    def sha(**changes):
        return understand(replace(GIVEN, **changes), scan, "head.toml").head.recipe_sha256

    first = sha()
    assert first == sha(source=(("from", "anywhere"),))
    assert len({first, sha(origin=(0.0, 0.0, 0.0)), sha(licence="mine"), sha(textures=False)}) == 4
    (scan / "skin.png").write_bytes(make.png(make.picture(8)))
    assert sha() != first


def test_rules_for_parts(scan):
    rule = PartRule(region="hair", alpha="cutout", alpha_cutoff=0.25, two_sided=True)
    part = understand(replace(GIVEN, parts=(("skin", rule),)), scan, "head.toml").head.parts[0]
    assert set(part.triangle_region.tolist()) == {Region.HAIR}
    assert (part.alpha_mode, part.alpha_cutoff, part.two_sided) == ("cutout", 0.25, True)
    for name, values, said in (
        ("skim", PartRule(), "there are skin"),
        ("skin", PartRule(shown=False), "no part is shown"),
    ):
        with pytest.raises(HeadError, match=said):
            understand(replace(GIVEN, parts=((name, values),)), scan, "head.toml")


def test_a_file_turned_inside_out_is_turned_back(scan, egg, make):
    vertices, triangles, _ = egg
    (scan / "in.obj").write_text(make.obj_text(vertices, triangles[:, ::-1]))
    foreign = understand(replace(GIVEN, mesh="in.obj"), scan, "head.toml")
    part = foreign.head.parts[0]
    assert "turned over" in " ".join(foreign.notes)
    assert ((part.normals * part.vertices_m).sum(axis=1) > 0).mean() > 0.95


def test_the_library_takes_folders_and_files(scan):
    (scan / "head.toml").write_text(GIVEN.to_toml())
    (scan / "other.toml").write_text(replace(GIVEN, name="other").to_toml())
    assert load_head(str(scan)).name == scan.name[:16]
    assert load_head(str(scan / "other.toml")).name == "other"
    assert load_foreign_head(scan).recipe_sha256 == load_head(scan / "head.toml").recipe_sha256
    facts = head_facts(str(scan))
    assert (facts.has_points5, facts.has_landmarks68, facts.licence) == (False, False, "unknown")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"origin": "eyes"}, "needs landmarks"),
        ({"unit": "mm"}, "unit m would fit"),
        ({"up": "+y", "front": "-y"}, "perpendicular"),
        ({"mesh": "gone.obj"}, "gone.obj"),
        ({"mesh": "../egg.obj"}, "outside"),
        ({"mesh": "skin.png"}, "no mesh file"),
        ({"landmarks": LandmarkRule(points5=EYES_UP[::-1])}, "check landmarks"),
    ],
)
def test_what_does_not_fit_is_named(scan, changes, said):
    with pytest.raises(HeadError) as error:
        understand(replace(GIVEN, **changes), scan, "head.toml")
    assert said in str(error.value)
