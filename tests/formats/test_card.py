import dataclasses
from pathlib import Path

import pytest

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.card import column_table, dataset_card, write_card
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.manifest import write_manifest
from synhead_tools.formats.sample import COLUMNS


def test_card_states_what_the_manifest_says(tmp_path, make_dataset):
    dataset, _ = make_dataset(tmp_path / "a", [3, 4])
    heads = {"f01": {"licence": "CC0-1.0 | public", "recipe_sha256": "ab" * 32}, "m01": "MIT"}
    manifest = dataclasses.replace(
        dataset.manifest, heads=heads, seed=0, versions={"synhead": "0.1.0"}, target_labels_used=True
    )
    write_manifest(tmp_path / "a", manifest)
    (tmp_path / "a/preview.png").touch()
    path = write_card(open_dataset(tmp_path / "a"))
    text = path.read_text()
    assert path.name == "README.md"
    assert text.startswith("---\npretty_name: SynHead\n")
    for fact in (
        "# SynHead: 7 head-pose samples",
        "| samples | 7 in 2 shards |",
        "| pictures | 5 x 6 px |",
        "| Euler convention | biwi+ |",
        "| seed | 0 |",
        "| target labels used | yes |",
        "| versions | synhead 0.1.0 |",
        "| f01 | CC0-1.0 \\| public | abababababab |",
        "| m01 | MIT |",
        "![preview](preview.png)",
    ):
        assert fact in text
    assert "stats.png" not in text


def test_card_lists_the_columns_there_are(tmp_path, make_dataset):
    dataset, _ = make_dataset(tmp_path / "a", [3])
    text = dataset_card(dataset)
    assert {name for name in COLUMNS if f"| `{name}` |" in text} == set(dataset.columns)
    assert "| `image` | u1 | (N, H, W, 3) | sRGB |" in text


def test_loading_code_of_the_card_runs(tmp_path, make_dataset, monkeypatch):
    dataset, arrays = make_dataset(tmp_path / "a", [3])
    blocks = dataset_card(dataset).split("```python\n")[1:]
    monkeypatch.chdir(tmp_path / "a")
    scope = {}
    exec(blocks[0].split("```")[0], scope)
    assert (scope["pictures"] == arrays["image"]).all()
    exec(blocks[1].split("labels =")[0].replace(", pandas", ""), scope)
    assert (scope["pictures"] == arrays["image"]).all()


def test_documentation_has_the_same_table_of_columns():
    page = (Path(__file__).parents[2] / "docs/dataset-format.md").read_text("utf-8")
    table = page.split("<!-- columns -->\n")[1].split("<!-- /columns -->")[0]
    assert table == column_table(COLUMNS), "write column_table(COLUMNS) into docs/dataset-format.md"


def test_an_existing_card_may_be_kept(tmp_path, make_dataset):
    dataset, _ = make_dataset(tmp_path / "a", [3])
    write_card(dataset)
    with pytest.raises(OutputExistsError):
        write_card(dataset, overwrite=False)
