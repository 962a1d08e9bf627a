from synhead_tools.heads.library import demo_names, load_head, load_recipe, preset_names


def test_names():
    assert preset_names() == ("f01", "f02", "f03", "f04", "f05", "m01", "m02", "m03", "m04", "m05")
    assert demo_names() == ("demo/d01", "demo/d02", "demo/d03")


def test_a_head_is_built_once(tmp_path):
    assert load_head("f01") is load_head("f01")
    path = tmp_path / "mine.toml"
    path.write_text(load_recipe("f01").to_toml())
    mine = load_head(str(path))
    assert mine.name == "mine"
    assert mine.recipe_sha256 == load_head("f01").recipe_sha256
    assert mine.licence == "CC0-1.0"
