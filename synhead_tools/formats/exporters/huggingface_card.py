"""The card of a Hugging Face export: ``README.md`` with the YAML head their hub reads."""

from __future__ import annotations

import json
from typing import Any

from synhead_tools.formats.card import column_table, markdown_table, size_category
from synhead_tools.formats.sample import COLUMNS, SampleSource
from synhead_tools.geometry.conventions import get_convention

CARD_NAME = "README.md"


def huggingface_card(dataset: SampleSource, facts: dict[str, Any]) -> str:
    """Text of the card.

    Parameters
    ----------
    dataset : SampleSource
        What was exported. Its licence is the entry ``licence`` of ``describe()``; without one it is unknown: that of
        the heads, which a rendered dataset does state, need not be that of the pictures.
    facts : dict
        What the exporter says of itself: ``frames``, ``convention``, ``split``, ``also``, ``labels``, ``shards``.
    """
    told = dict(dataset.describe())
    parts = [
        _yaml_head(told, facts),
        f"# {_line(told.get('dataset'))}: {facts['frames']} samples with head poses\n",
        _facts(told, facts),
        "## Columns\n\n" + _columns(facts),
        _heads(dataset),
        _loading(facts),
    ]
    return "\n".join(part for part in parts if part)


def _yaml_head(told: dict[str, Any], facts: dict[str, Any]) -> str:
    return f"""---
pretty_name: {json.dumps(_line(told.get("dataset")))}
license: {json.dumps(_line(told.get("licence") or "unknown"))}
task_categories:
- other
tags:
- head-pose-estimation
size_categories:
- {size_category(facts["frames"])}
configs:
- config_name: default
  data_files:
  - split: {facts["split"]}
    path: data/{facts["split"]}-*
---
"""


def _facts(told: dict[str, Any], facts: dict[str, Any]) -> str:
    rows = {key.replace("_", " "): value for key, value in told.items() if key not in ("convention", "frames")}
    rows |= {"samples": f"{facts['frames']} in {facts['shards']} files", "Euler convention": facts["convention"]}
    rows |= {"as a spec string": get_convention(facts["convention"]).spec}
    return markdown_table(("fact", "value"), rows.items())


def _columns(facts: dict[str, Any]) -> str:
    names = set(facts["labels"]) | set(facts["also"]) | {"image"}
    behind = f" `image` is over R,G,B = {facts['background']}, not over black." if facts["background"] else ""
    return f"""{column_table(name for name in COLUMNS if name in names)}
Matrices and vectors are flat lists, row by row; pictures are {facts["picture_format"].upper()} files.{behind}
`euler_deg` is in the convention that `euler_convention` names. Head frame: x towards the subject's left, y down, z into
the head; camera frame: x right, y down, z forward; a picture's (0, 0) is the corner of its top-left pixel.
"""


def _heads(dataset: SampleSource) -> str:
    heads = getattr(getattr(dataset, "manifest", None), "heads", {})
    rows = [(name, facts.get("licence", "?") if isinstance(facts, dict) else facts) for name, facts in heads.items()]
    return "## Heads and their licences\n\n" + markdown_table(("head", "licence"), rows) if rows else ""


def _loading(facts: dict[str, Any]) -> str:
    return f"""## Loading

```python
from datasets import load_dataset

files = {{"{facts["split"]}": "data/{facts["split"]}-*.parquet"}}
dataset = load_dataset("parquet", data_files=files, split="{facts["split"]}")
dataset[0]["image"], dataset[0]["rotmat"]
```
"""


def _line(value: Any) -> str:
    return " ".join(str(value).split())
