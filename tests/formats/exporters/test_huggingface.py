"""Read again with pyarrow alone, and checked against what ``datasets`` requires of a schema."""

import io
import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from synhead_tools.errors import ExportError
from synhead_tools.formats.exporters.huggingface import export
from synhead_tools.formats.exporters.pictures import PictureStyle
from synhead_tools.formats.sample import PICTURE_COLUMNS
from synhead_tools.geometry.euler import rotmat_from_euler


def _picture(cell):
    return np.asarray(Image.open(io.BytesIO(cell["bytes"])))


def _arrow_type(feature):
    """The Arrow type that ``datasets`` makes of a feature's description (``Features.arrow_schema``)."""
    if feature["_type"] == "Image":
        return pa.struct({"bytes": pa.binary(), "path": pa.string()})
    if feature["_type"] == "Sequence":
        return pa.list_(_arrow_type(feature["feature"]), feature["length"])
    assert feature["_type"] == "Value"
    return pa.type_for_alias(feature["dtype"])


def test_pictures_and_labels_read_back(faces, tmp_path):
    dataset, columns = faces
    export(dataset, tmp_path / "out", convention="hopenet", also=("alpha", "region"))
    table = pq.read_table(tmp_path / "out" / "data" / "train-00000-of-00001.parquet")
    rows = table.to_pylist()
    assert [row["image"]["path"] for row in rows] == [f"{number:06d}.png" for number in range(5)]
    for name, column in columns.items():
        if name in ("image", "alpha", "region"):
            np.testing.assert_array_equal([_picture(row[name]) for row in rows], column)
        elif name not in PICTURE_COLUMNS and column.dtype.kind == "S":
            assert [row[name].encode() for row in rows] == column.tolist()
        elif name not in PICTURE_COLUMNS:
            got = np.array([row[name] for row in rows], column.dtype).reshape(column.shape)
            np.testing.assert_array_equal(got, column)
    assert table.column("euler_convention").unique().to_pylist() == ["hopenet"]
    back = rotmat_from_euler(np.array(table.column("euler_deg").to_pylist()), "hopenet")
    np.testing.assert_allclose(back, columns["rotmat"], rtol=0, atol=1e-9)


def test_datasets_would_take_every_feature_as_described(faces, tmp_path):
    """It drops the description of a field whose name, type or nullability differs from the one it implies."""
    export(faces[0], tmp_path / "out", also=("region",))
    schema = pq.read_schema(tmp_path / "out" / "data" / "train-00000-of-00001.parquet")
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    assert list(features) == schema.names
    for name, feature in features.items():
        assert pa.field(name, _arrow_type(feature)) == schema.field(name)
    assert [name for name, feature in features.items() if feature["_type"] == "Image"] == ["image", "region"]
    assert features["rotmat"] == {
        "feature": {"dtype": "float64", "_type": "Value"}, "length": 9, "_type": "Sequence",
    }  # fmt: skip


def test_files_are_numbered_and_counted(endless, tmp_path):
    facts = export(endless(200), tmp_path / "out", split="val", shard_mb=0.3)
    files = sorted(path.name for path in (tmp_path / "out" / "data").iterdir())
    assert facts["shards"] == len(files) == 4
    assert files == [f"val-{number:05d}-of-00004.parquet" for number in range(4)]
    tables = [pq.read_table(tmp_path / "out" / "data" / name) for name in files]
    assert sum(len(table) for table in tables) == 200
    assert [row["path"] for table in tables for row in table.column("image").to_pylist()] == [
        f"{number:06d}.png" for number in range(200)
    ]


def test_the_card_has_the_head_the_hub_reads(faces, tmp_path):
    export(faces[0], tmp_path / "out", split="val", pictures=PictureStyle(background=(1, 2, 3)))
    text = (tmp_path / "out" / "README.md").read_text()
    head = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)[1]
    lines = head.splitlines()
    assert 'license: "unknown"' in lines
    assert "task_categories:" in lines
    assert lines[-5:] == [
        "configs:", "- config_name: default", "  data_files:", "  - split: val", "    path: data/val-*",
    ]  # fmt: skip
    assert "n<1K" in head
    assert "[1, 2, 3], not over black" in text
    assert "| f00 | CC0-1.0 |" in text
    for name in ("image", "rotmat", "euler_deg", "landmarks68"):
        assert f"| `{name}` |" in text
    assert "`alpha`" not in text


def test_the_card_says_the_licence_of_a_dataset_that_has_one(endless, tmp_path):
    dataset = endless(3)
    told = dataset.describe()
    dataset.describe = lambda: {**told, "licence": "cc-by-4.0", "dataset": 'a "b": c\n# d'}
    export(dataset, tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text()
    assert 'license: "cc-by-4.0"' in text.splitlines()
    assert 'pretty_name: "a \\"b\\": c # d"' in text.splitlines()


def test_depth_has_no_picture_format_here(faces, tmp_path):
    with pytest.raises(ExportError, match="no 'depth_m' beside the image; choose among alpha, region"):
        export(faces[0], tmp_path / "out", also=("depth_m",))
