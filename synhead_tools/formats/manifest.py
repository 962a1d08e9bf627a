"""The manifest ``dataset.json``: which shards make a dataset, and all that is needed to make it again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from synhead_tools.errors import ManifestError, SynheadError
from synhead_tools.formats.atomic import atomic_write_text
from synhead_tools.formats.sample import SCHEMA_VERSION
from synhead_tools.geometry.conventions import get_convention
from synhead_tools.input_files import read_input

MANIFEST_NAME = "dataset.json"
KINDS = ("SynHead", "SynHead+", "SynBiwi+", "SynHead++", "SynHeadScenes")
MANIFEST_BYTES_LIMIT = 256 << 20

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ShardEntry:
    """One shard of a dataset, or the rows selected from it.

    Attributes
    ----------
    path : str
        Relative to the manifest's folder, with ``/``; may lead outside of it with ``../``.
    rows : int
        Number of samples in the shard file.
    sha256 : str
        Of the shard file, 64 hexadecimal digits.
    selected : str or None
        Relative path of a ``.npy`` file of uint32 row numbers, in the order of the dataset; None takes all rows.
    selected_rows : int or None
        How many row numbers that file holds.
    selected_sha256 : str or None
        Of that file.
    """

    path: str
    rows: int
    sha256: str
    selected: str | None = None
    selected_rows: int | None = None
    selected_sha256: str | None = None

    def __len__(self) -> int:
        """Return how many samples the entry adds to the dataset."""
        return self.rows if self.selected is None else int(self.selected_rows or 0)


@dataclass(frozen=True)
class Manifest:
    """All that ``dataset.json`` says.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    convention : str
        Euler convention, name or spec, in which ``euler_deg`` is stated whenever the dataset is read.
    shards : tuple of ShardEntry
        In the order of the samples.
    image : dict
        ``{"width": px, "height": px}`` of every picture.
    config : dict
        Full configuration of the run that made the dataset.
    seed : int or None
        Seed of the run.
    versions : dict
        Tool and library versions.
    renderer : str
        Backend and driver that drew the pictures, empty if none was drawn.
    heads : dict
        Head name to ``{"licence": ..., "recipe_sha256": ...}``.
    parents : tuple
        Datasets this one was made from, as JSON values.
    target_labels_used : bool
        Whether labels of the target dataset had a part in the making.
    composed : bool
        Whether the pictures stand over a background for good: ``alpha`` then only says which pixels are the head's.
    target_poses : str or None
        Name of the pose sets the samples were matched to or rendered at, if they are labels of real pictures.
    schema_version : int
        Always `SCHEMA_VERSION`.
    """

    kind: str
    convention: str
    shards: tuple[ShardEntry, ...] = ()
    image: Mapping[str, int] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    renderer: str = ""
    heads: Mapping[str, Any] = field(default_factory=dict)
    parents: tuple[Any, ...] = ()
    target_labels_used: bool = False
    composed: bool = False
    target_poses: str | None = None
    schema_version: int = SCHEMA_VERSION

    def __len__(self) -> int:
        """Return the number of samples of all shards together."""
        return sum(len(entry) for entry in self.shards)


def write_manifest(folder: str | os.PathLike, manifest: Manifest, overwrite: bool = True) -> str:
    """Write ``dataset.json`` into `folder`, whole or not at all, and return its SHA-256.

    A run rewrites its manifest after every shard, hence `overwrite`.

    Raises
    ------
    ManifestError
        A field has a value it may not have, or one JSON cannot hold.
    OutputExistsError
        There is one already and `overwrite` is false.
    """
    path = Path(folder) / MANIFEST_NAME
    check_manifest(manifest, str(path))
    document = {"schema_version": manifest.schema_version, **dataclasses.asdict(manifest)}
    try:
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        text.encode()
    except (TypeError, ValueError) as error:  # a file name need not be text that UTF-8 can hold
        raise ManifestError(
            f"{path}: cannot be written as JSON ({error}); use text, finite numbers and lists"
        ) from None
    atomic_write_text(path, text, overwrite)
    return hashlib.sha256(text.encode()).hexdigest()


def read_manifest(path: str | os.PathLike) -> Manifest:
    """Read the manifest of a dataset folder, or the ``dataset.json`` given itself.

    Raises
    ------
    ManifestError
        It is missing, not JSON, of another schema version, or a field is missing, unknown or of a wrong type.
    """
    path = manifest_path(path)
    document = _load_json_object(path)
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ManifestError(f"{path} has schema_version {version!r}; this release reads version {SCHEMA_VERSION}")
    shards = document.get("shards")
    if not isinstance(shards, list):
        raise ManifestError(f"{path}: 'shards' must be a list; write the manifest anew")
    entries = tuple(_build(ShardEntry, entry, f"{path}: shard {index}") for index, entry in enumerate(shards))
    parents = document.get("parents", [])
    parents = tuple(parents) if isinstance(parents, list) else parents
    manifest = _build(Manifest, {**document, "shards": entries, "parents": parents}, str(path))
    check_manifest(manifest, str(path))
    return manifest


def manifest_path(path: str | os.PathLike) -> Path:
    """Path of the ``dataset.json`` meant by a dataset folder or by the file itself."""
    path = Path(path)
    return path if path.name == MANIFEST_NAME else path / MANIFEST_NAME


def check_manifest(manifest: Manifest, where: str) -> None:
    """Check the value of every field.

    Raises
    ------
    ManifestError
        Names the field or the shard.
    """
    for wanted in dataclasses.fields(Manifest):
        _check_type(manifest, wanted, where)
    if manifest.kind not in KINDS:
        raise ManifestError(f"{where}: unknown kind {manifest.kind!r}; known: {', '.join(KINDS)}")
    try:
        get_convention(manifest.convention)
    except SynheadError as error:
        raise ManifestError(f"{where}: {error}") from None
    for name, size in manifest.image.items():
        if name not in ("width", "height") or not _is_count(size) or size < 1:
            raise ManifestError(f"{where}: image {name!r} is {size!r}; give width and height in pixels")
    for index, entry in enumerate(manifest.shards):
        _check_entry(entry, f"{where}: shard {index}")


def _check_entry(entry: ShardEntry, where: str) -> None:
    _check_relative_path(entry.path, where)
    if not _is_count(entry.rows) or entry.rows < 1:
        raise ManifestError(f"{where}: rows is {entry.rows!r}; a shard holds at least one sample")
    _check_sha256(entry.sha256, "sha256", where)
    selection = (entry.selected, entry.selected_rows, entry.selected_sha256)
    if selection == (None, None, None):
        return
    if None in selection or not _is_count(entry.selected_rows) or entry.selected_rows < 1:
        raise ManifestError(f"{where}: selected, selected_rows (at least 1) and selected_sha256 belong together")
    _check_relative_path(entry.selected, where)
    _check_sha256(entry.selected_sha256, "selected_sha256", where)


def _check_relative_path(path: Any, where: str) -> None:
    bad = not isinstance(path, str) or not path or "\0" in path or "\\" in path or len(path) > 4096
    if bad or PurePosixPath(path).is_absolute() or ":" in path.split("/", 1)[0]:
        raise ManifestError(f"{where}: path {path!r} must be relative to the manifest's folder and use /")


def _check_sha256(digest: Any, name: str, where: str) -> None:
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise ManifestError(f"{where}: {name} {digest!r} is not 64 lower-case hexadecimal digits")


_FIELD_TYPES: dict[str, tuple[type, ...]] = {
    "kind": (str,),
    "convention": (str,),
    "shards": (tuple,),
    "image": (Mapping,),
    "config": (Mapping,),
    "seed": (int, type(None)),
    "versions": (Mapping,),
    "renderer": (str,),
    "heads": (Mapping,),
    "parents": (tuple,),
    "target_labels_used": (bool,),
    "composed": (bool,),
    "target_poses": (str, type(None)),
    "schema_version": (int,),
}


def _check_type(manifest: Manifest, wanted: dataclasses.Field, where: str) -> None:
    value, types = getattr(manifest, wanted.name), _FIELD_TYPES[wanted.name]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        names = " or ".join("null" if kind is type(None) else kind.__name__ for kind in types)
        raise ManifestError(f"{where}: {wanted.name!r} is a {type(value).__name__}; expected {names}")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**48


def _build(kind: type, fields: Any, where: str) -> Any:
    if not isinstance(fields, dict):
        raise ManifestError(f"{where} is a {type(fields).__name__}; expected an object")
    known = {wanted.name: wanted for wanted in dataclasses.fields(kind)}
    required = {name for name, wanted in known.items() if _has_no_default(wanted)}
    unknown, missing = sorted(set(fields) - set(known)), sorted(required - set(fields))
    if unknown or missing:
        raise ManifestError(f"{where}: unknown fields {unknown}, missing fields {missing}; write the manifest anew")
    return kind(**fields)


def _has_no_default(wanted: dataclasses.Field) -> bool:
    return wanted.default is dataclasses.MISSING and wanted.default_factory is dataclasses.MISSING


def _load_json_object(path: Path) -> dict[str, Any]:
    try:
        data = read_input(path, MANIFEST_BYTES_LIMIT, ManifestError, "give the folder of a dataset")
        document = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except ManifestError:
        raise
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{path} is not valid JSON ({error}); write the manifest anew") from None
    if not isinstance(document, dict):
        raise ManifestError(f"{path} holds a {type(document).__name__}; expected an object")
    return document


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
