"""Parquet that Hugging Face's ``datasets`` reads: ``data/SPLIT-NNNNN-of-NNNNN.parquet`` and a card ``README.md``.

``image`` is a struct of ``bytes`` (a PNG or JPEG file) and ``path`` (its name), which the feature description under the
key ``huggingface`` of the file's schema makes a picture; matrices and vectors are lists of fixed length, row by row, as
in ``labels.parquet``. ``euler_deg`` is in the convention of the column ``euler_convention``. All fields are nullable
though nothing is null: ``datasets`` ignores the description of any other (huggingface/datasets
src/datasets/features/features.py, ``from_arrow_schema``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from synhead_tools.formats.atomic import atomic_write_text
from synhead_tools.formats.exporters.blocks import (
    Progress,
    blocks,
    label_columns,
    no_progress,
    require_columns,
    written_convention,
)
from synhead_tools.formats.exporters.export_folder import export_folder
from synhead_tools.formats.exporters.huggingface_card import CARD_NAME, huggingface_card
from synhead_tools.formats.exporters.pictures import AS_STORED, PictureStyle, encode_png
from synhead_tools.formats.exporters.shards import DEFAULT_SHARD_MB, SPLIT, check_shards, extra_pictures
from synhead_tools.formats.labels_parquet import arrow_type, to_arrow
from synhead_tools.formats.sample import COLUMNS, SampleSource
from synhead_tools.geometry.euler import euler_deg_from_rotmat

FORMAT = "huggingface"
FILES = rf"data/({SPLIT}-\d{{5}}-of-\d{{5}}\.parquet)?|README\.md"
EXTRA_PICTURES = ("alpha", "region")


def export(
    dataset: SampleSource,
    out: str | os.PathLike,
    *,
    pictures: PictureStyle = AS_STORED,
    overwrite: bool = False,
    progress: Progress = no_progress,
    convention: str | None = None,
    split: str = "train",
    shard_mb: float = DEFAULT_SHARD_MB,
    also: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Write Parquet files and a card; see the module for their columns.

    Parameters
    ----------
    dataset, out, pictures, overwrite, progress
        As `export_dataset`.
    convention : str, optional
        Euler convention of ``euler_deg``; the dataset's own by default.
    split : str
        Name of the split.
    shard_mb : float
        A file is closed when its pictures have reached so many million bytes.
    also : tuple of str
        Of ``alpha`` and ``region``: pictures to write beside the image, as PNG.

    Raises
    ------
    ExportError
        No image, no rotation, nothing of the name in `also`; or an option that cannot be.
    OutputExistsError
        As `export_folder`.
    """
    require_columns(dataset, ("image", "rotmat", *extra_pictures(also, EXTRA_PICTURES, FORMAT)), FORMAT)
    check_shards(split, shard_mb)
    pictures, convention = pictures.settled("png"), written_convention(dataset, convention)
    labels = label_columns(dataset)
    facts = {"format": FORMAT, "frames": len(dataset), "convention": convention, **pictures.facts(), "split": split}
    facts |= {"also": list(also), "labels": [*labels, "euler_deg"]}
    with export_folder(dataset, out, facts, FILES, overwrite) as folder:
        (folder / "data").mkdir()
        schema = _schema(("image", *also), labels, convention)
        with _ParquetFiles(folder / "data", schema, shard_mb * 1e6) as files:
            for names, block in blocks(dataset, ("image", *also, *labels), pictures, progress):
                columns = {"image": _picture_files(names, map(pictures.encode, block["image"]), pictures.format)}
                columns |= {name: _picture_files(names, map(encode_png, block[name]), "png") for name in also}
                euler = euler_deg_from_rotmat(block["rotmat"], convention) + 0.0
                columns |= {name: to_arrow(block[name], arrow_type(name)) for name in labels}
                columns |= {"euler_deg": to_arrow(euler, arrow_type("euler_deg"))}
                columns |= {"euler_convention": [convention] * len(names)}
                files.add(columns, sum(columns[name].nbytes for name in ("image", *also)))
        facts["shards"] = files.finish(split)
        atomic_write_text(folder / CARD_NAME, huggingface_card(dataset, facts))
    return facts


def _picture_files(names: list[str], contents: Iterable[bytes], suffix: str) -> Any:
    """Arrow array of struct(bytes, path)."""
    import pyarrow as pa

    paths = pa.array([f"{name}.{suffix}" for name in names], pa.string())
    return pa.StructArray.from_arrays([pa.array(list(contents), pa.binary()), paths], ["bytes", "path"])


def _schema(pictures: tuple[str, ...], labels: list[str], convention: str) -> Any:
    import pyarrow as pa

    picture = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    fields = [pa.field(name, picture) for name in pictures]
    units = {name: {"unit": COLUMNS[name].unit} for name in (*labels, "euler_deg")}
    fields += [pa.field(name, arrow_type(name), metadata=unit) for name, unit in units.items()]
    fields.append(pa.field("euler_convention", pa.string()))
    features = {name: {"_type": "Image"} for name in pictures}
    features |= {field.name: _feature(field.type) for field in fields[len(pictures) :]}
    described = json.dumps({"info": {"features": features}})
    return pa.schema(fields, {"huggingface": described, "convention": convention})


def _feature(kind: Any) -> dict[str, Any]:
    """What ``datasets`` calls an Arrow type of ours. ``Sequence`` is read by its old and its new releases."""
    import pyarrow as pa

    if pa.types.is_fixed_size_list(kind):
        return {"feature": _feature(kind.value_type), "length": kind.list_size, "_type": "Sequence"}
    name = {"float": "float32", "double": "float64"}.get(str(kind), str(kind))
    return {"dtype": name, "_type": "Value"}


class _ParquetFiles:
    """Parquet files one after another, a new one when the last is full; they get their names when all are there."""

    def __init__(self, folder: Path, schema: Any, limit_bytes: float) -> None:
        self._folder, self._schema, self._limit = folder, schema, limit_bytes
        self._paths: list[Path] = []
        self._writer: Any = None
        self._bytes = 0

    def add(self, columns: dict[str, Any], picture_bytes: int) -> None:
        """Append a row group."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._writer is None:
            self._paths.append(self._folder / f"{len(self._paths):05d}.parquet")
            texts = [field.name for field in self._schema if pa.types.is_string(field.type)]
            self._writer = pq.ParquetWriter(self._paths[-1], self._schema, compression="zstd", use_dictionary=texts)
            self._bytes = 0
        self._writer.write_table(pa.table(columns, schema=self._schema))
        self._bytes += picture_bytes
        if self._bytes >= self._limit:
            self._close()

    def finish(self, split: str) -> int:
        """Give the files their final names, and return how many there are."""
        count = len(self._paths)
        for index, path in enumerate(self._paths):
            path.rename(self._folder / f"{split}-{index:05d}-of-{count:05d}.parquet")
        return count

    def __enter__(self) -> _ParquetFiles:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._writer is not None:
            self._close()

    def _close(self) -> None:
        self._writer.close()
        self._writer = None
