"""The dataset card ``README.md``: what is in a dataset folder and how to load it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from synhead_tools.formats.atomic import atomic_write_text
from synhead_tools.formats.dataset import Dataset
from synhead_tools.formats.manifest import Manifest
from synhead_tools.formats.sample import COLUMNS

CARD_NAME = "README.md"


def write_card(dataset: Dataset, overwrite: bool = True) -> Path:
    """Write the card of an open dataset into its folder, whole or not at all, and return its path.

    Raises
    ------
    OutputExistsError
        There is one already and `overwrite` is false.
    """
    path = Path(dataset.folder) / CARD_NAME
    atomic_write_text(path, dataset_card(dataset), overwrite)
    return path


def dataset_card(dataset: Dataset) -> str:
    """Text of the card, Markdown with the YAML head that Hugging Face reads."""
    manifest = dataset.manifest
    parts = [
        _yaml_head(manifest, len(dataset)),
        f"# {manifest.kind}: {len(dataset)} head-pose samples\n",
        _facts(manifest, len(dataset)),
        _pictures(dataset.folder),
        "## Columns\n\n" + column_table(dataset.columns),
        _heads(manifest),
        _loading(manifest),
    ]
    return "\n".join(part for part in parts if part)


def _yaml_head(manifest: Manifest, samples: int) -> str:
    lines = ["---", f"pretty_name: {_cell(manifest.kind)}", "tags: [head-pose-estimation, synthetic]"]
    return "\n".join([*lines, "size_categories:", f"- {size_category(samples)}", "---", ""])


def size_category(samples: int) -> str:
    """What Hugging Face calls a dataset of so many samples."""
    return next((label for bound, label in _SIZE_CATEGORIES if samples < bound), "n>1M")


_SIZE_CATEGORIES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def _facts(manifest: Manifest, samples: int) -> str:
    image = manifest.image
    versions = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    facts = {
        "kind": manifest.kind,
        "samples": f"{samples} in {len(manifest.shards)} shards",
        "pictures": f"{image.get('width', '?')} x {image.get('height', '?')} px",
        "Euler convention": manifest.convention,
        "seed": manifest.seed,
        "renderer": manifest.renderer or "none",
        "target labels used": "yes" if manifest.target_labels_used else "no",
        "target poses": manifest.target_poses or "none",
        "parents": len(manifest.parents),
        "versions": versions or "not recorded",
    }
    return markdown_table(("fact", "value"), facts.items())


def _pictures(folder: Path) -> str:
    return "".join(f"![{name}]({name}.png)\n" for name in ("preview", "stats") if (folder / f"{name}.png").is_file())


def column_table(names: Iterable[str]) -> str:
    """Markdown table of columns of the schema: name, type, shape, unit, meaning."""
    rows = [(f"`{c.name}`", c.dtype, c.shape_tail, c.unit, c.meaning) for c in map(COLUMNS.__getitem__, names)]
    shaped = [(name, dtype, "(" + ", ".join(map(str, ("N", *tail))) + ")", *rest) for name, dtype, tail, *rest in rows]
    return markdown_table(("column", "type", "shape", "unit", "meaning"), shaped)


def _heads(manifest: Manifest) -> str:
    if not manifest.heads:
        return ""
    rows = [
        (name, facts.get("licence", "?"), str(facts.get("recipe_sha256", ""))[:12])
        if isinstance(facts, dict)
        else (name, facts, "")
        for name, facts in manifest.heads.items()
    ]
    return "## Heads and their licences\n\n" + markdown_table(("head", "licence", "recipe"), rows)


def _loading(manifest: Manifest) -> str:
    shard = manifest.shards[0].path
    return f"""## Loading

```python
from synhead_tools.formats.dataset import open_dataset

dataset = open_dataset(".")
pictures, rotations = dataset.read("image", [0, 1, 2]), dataset.read("rotmat", [0, 1, 2])
```

Without synhead, shard by shard (`hdf5plugin` brings the codec):

```python
import h5py, hdf5plugin, pandas

with h5py.File("{shard}") as shard:
    pictures = shard["image"][:64]
labels = pandas.read_parquet("labels.parquet")
```
"""


def markdown_table(header: tuple[str, ...], rows: Any) -> str:
    """Markdown table of rows of any values."""
    lines = [header, ("---",) * len(header), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def _cell(value: Any) -> str:
    return " ".join(str(value).replace("|", "\\|").split())
