import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.recipe import REGION_NAMES, ForeignRecipe, LandmarkRule, PartRule
from synhead_tools.heads.foreign.recipe_file import is_foreign_recipe, read_foreign_recipe

number = st.floats(-1e6, 1e6)
point = st.tuples(number, number, number)
axis = st.one_of(st.none(), st.sampled_from(["+x", "-y", "z"]), point.filter(lambda p: sum(map(abs, p)) > 1e-3))
word = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=8)
rules = st.builds(
    PartRule,
    region=st.sampled_from([None, *REGION_NAMES]),
    alpha=st.sampled_from(["auto", "opaque", "cutout"]),
    alpha_cutoff=st.one_of(st.none(), st.floats(0, 1)),
    two_sided=st.sampled_from([None, True, False]),
    shown=st.booleans(),
)
landmarks = st.one_of(
    st.builds(LandmarkRule, points5=st.one_of(st.none(), st.tuples(*[point] * 5)), file=st.one_of(st.none(), word)),
    st.builds(LandmarkRule, vertices68=st.tuples(*[st.integers(0, 10**6)] * 68), part=st.one_of(st.none(), word)),
)
recipes = st.builds(
    ForeignRecipe,
    mesh=word,
    name=st.one_of(st.none(), word.filter(lambda text: len(text.encode()) <= 16)),
    licence=word,
    unit=st.sampled_from(["auto", "mm", "cm", "dm", "m"]),
    left=axis,
    up=axis,
    front=axis,
    origin=st.one_of(st.sampled_from(["auto", "eyes", "fit", "centroid"]), point),
    textures=st.booleans(),
    parts=st.dictionaries(word, rules, max_size=2).map(lambda d: tuple(d.items())),
    landmarks=landmarks,
    source=st.dictionaries(word, word, max_size=2).map(lambda d: tuple(d.items())),
)


@given(recipes)
def test_toml_round_trip(tmp_path_factory, recipe):
    path = tmp_path_factory.getbasetemp() / "round.toml"
    path.write_text(recipe.to_toml(), encoding="utf-8")
    assert read_foreign_recipe(path) == recipe
    assert is_foreign_recipe(path)


BAD = [
    ("", "mesh"),
    ("mesh = 3", "mesh"),
    ('mesh = "a"\nmash = 1', "mash"),
    ('mesh = "a"\nname = "seventeen letters"', "16"),
    ('mesh = "a"\nname = ""', "name"),
    ('mesh = "a"\nlicence = 3', "licence"),
    ('mesh = "a"\nunit = "inch"', "unit"),
    ('mesh = "a"\nup = "+w"', "up"),
    ('mesh = "a"\nup = [0, 0, 0]', "up"),
    ('mesh = "a"\nup = [1, 2]', "up"),
    ('mesh = "a"\nfront = true', "front"),
    ('mesh = "a"\norigin = "nose"', "origin"),
    ('mesh = "a"\norigin = [1, 2, nan]', "origin"),
    ('mesh = "a"\norigin = [1, 2, true]', "origin"),
    ('mesh = "a"\ntextures = 1', "textures"),
    ('mesh = "a"\nparts = 3', "parts"),
    ('mesh = "a"\n[parts.x]\nregion = "beard"', "beard"),
    ('mesh = "a"\n[parts.x]\nalpha = "blend"', "alpha"),
    ('mesh = "a"\n[parts.x]\nalpha_cutoff = 2', "alpha_cutoff"),
    ('mesh = "a"\n[parts.x]\nshown = "no"', "shown"),
    ('mesh = "a"\n[parts.x]\ncolour = 1', "colour"),
    ('mesh = "a"\n[landmarks]\npoints5 = [[1, 2, 3]]', "points5"),
    ('mesh = "a"\n[landmarks]\npoints5 = [[1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2]]', "points5"),
    ('mesh = "a"\n[landmarks]\nvertices5 = [1, 2, 3, 4, -5]', "vertices5"),
    ('mesh = "a"\n[landmarks]\nvertices5 = [1, 2, 3, 4, 5.5]', "vertices5"),
    (
        'mesh = "a"\n[landmarks]\nvertices5 = [1, 2, 3, 4, 5]\npoints5 = [[1,2,3],[1,2,3],[1,2,3],[1,2,3],[1,2,3]]',
        "one of",
    ),
    ('mesh = "a"\n[landmarks]\npoints7 = []', "points7"),
    ('mesh = "a"\n[source]\nfile = 3', "source.file"),
    ("mesh = ", "no TOML"),
    ("a = " + "[" * 5000, "no TOML"),
]


@pytest.mark.parametrize(("text", "said"), BAD)
def test_a_bad_recipe_is_named(tmp_path, text, said):
    path = tmp_path / "head.toml"
    path.write_text(text)
    with pytest.raises(HeadError, match="head.toml") as error:
        read_foreign_recipe(path)
    assert said in str(error.value)
    assert str(error.value).isprintable()


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "head.toml")
    for path in (tmp_path / "head.toml", tmp_path, tmp_path / "gone.toml", "/dev/zero"):
        with pytest.raises(HeadError):
            read_foreign_recipe(path)


def test_recipes_of_bundled_heads_are_told_apart(tmp_path):
    (tmp_path / "a.toml").write_text("sex = 0.0\n")
    (tmp_path / "b.toml").write_text('mesh = "x.obj"\n')
    assert not is_foreign_recipe(tmp_path / "a.toml")
    assert is_foreign_recipe(tmp_path / "b.toml")
    assert not is_foreign_recipe(tmp_path / "gone.toml")
