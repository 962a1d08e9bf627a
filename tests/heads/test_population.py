import hashlib
import json

import pytest

from synhead_tools.errors import HeadError, OutputExistsError
from synhead_tools.heads.library import load_head
from synhead_tools.heads.population import SUMMARY_NAME, build_population
from synhead_tools.heads.recipe import read_recipe
from synhead_tools.heads.sampling import sample_recipe


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_of_recipes_and_a_table_of_who_they_are(tmp_path):
    summary = build_population(tmp_path / "people", 12, 5)
    names = [f"p{index:04d}" for index in range(12)]
    assert set(contents(tmp_path / "people")) == {f"{name}.toml" for name in names} | {SUMMARY_NAME}
    assert json.loads((tmp_path / "people" / SUMMARY_NAME).read_text()) == summary
    assert [row["name"] for row in summary["heads"]] == names
    for index, row in enumerate(summary["heads"]):
        recipe = read_recipe(tmp_path / "people" / f"{row['name']}.toml")
        assert recipe == sample_recipe(5, index)
        assert row["recipe_sha256"] == recipe.sha256()
        assert (row["hair"], row["ancestry"]) == (recipe.hair, dict(recipe.ancestry))
        text = (tmp_path / "people" / f"{row['name']}.toml").read_bytes()
        assert hashlib.sha256(text).hexdigest() == row["recipe_sha256"]
    assert sum(summary["totals"]["skin"].values()) == summary["count"] == 12
    assert summary["totals"]["women"] == sum(sample_recipe(5, index).sex < 0.5 for index in range(12))


def test_the_same_seed_gives_the_same_bytes_and_more_people_change_none(tmp_path):
    build_population(tmp_path / "few", 3, 5)
    build_population(tmp_path / "again", 3, 5)
    build_population(tmp_path / "many", 6, 5)
    build_population(tmp_path / "others", 3, 6)
    few, again, many, others = (contents(tmp_path / name) for name in ("few", "again", "many", "others"))
    assert few == again
    people = [name for name in few if name != SUMMARY_NAME]
    assert all(many[name] == few[name] for name in people)
    assert all(others[name] != few[name] for name in people)


def test_a_population_is_built_if_asked_and_its_people_load_by_path(tmp_path):
    build_population(tmp_path / "one", 1, 3, glasses_share=1.0, headgear_share=1.0, built=True)
    head = load_head(str(tmp_path / "one" / "p0000.toml"))
    assert {part.name for part in head.parts} >= {"skin", "glasses", "lenses", "headgear"}
    assert head.recipe_sha256 == sample_recipe(3, 0, 1.0, 1.0).sha256()


def test_nothing_is_replaced_but_an_earlier_population_and_only_when_asked(tmp_path):
    build_population(tmp_path / "people", 4, 1)
    before = contents(tmp_path / "people")
    with pytest.raises(OutputExistsError, match="overwrite"):
        build_population(tmp_path / "people", 2, 2)
    assert contents(tmp_path / "people") == before
    build_population(tmp_path / "people", 2, 2, overwrite=True)
    assert set(contents(tmp_path / "people")) == {"p0000.toml", "p0001.toml", SUMMARY_NAME}
    (tmp_path / "people" / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputExistsError, match=r"thesis\.tex"):
        build_population(tmp_path / "people", 2, 2, overwrite=True)
    assert (tmp_path / "people" / "thesis.tex").read_text() == "years of work"
    (tmp_path / "file").write_text("here")
    (tmp_path / "link").symlink_to(tmp_path / "people")
    for name in ("file", "link"):
        with pytest.raises(OutputExistsError, match=name):
            build_population(tmp_path / name, 1, 0, overwrite=True)
    with pytest.raises(OutputExistsError, match="no folder"):
        build_population(tmp_path / "nowhere" / "people", 1, 0)
    assert {path.name for path in tmp_path.iterdir()} == {"people", "file", "link"}


@pytest.mark.parametrize("before", [False, True])
def test_stopped_half_way_it_leaves_everything_as_it_was(tmp_path, before):
    if before:
        build_population(tmp_path / "people", 2, 1)

    def stop(done):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_population(tmp_path / "people", 5, 2, overwrite=True, progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == (["people"] if before else [])
    if before:
        assert read_recipe(tmp_path / "people" / "p0001.toml") == sample_recipe(1, 1)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [((0, 1), "count"), ((-3, 1), "count"), ((10**9, 1), "count"), ((2.5, 1), "count"), ((True, 1), "count"),
     ((2, -1), "seed"), ((2, 1, 3.0), "glasses_share")],
)  # fmt: skip
def test_bad_numbers_write_nothing(tmp_path, arguments, word):
    with pytest.raises(HeadError, match=word):
        build_population(tmp_path / "people", *arguments)
    assert not list(tmp_path.iterdir())
