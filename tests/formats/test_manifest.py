import dataclasses
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synhead_tools.errors import ManifestError, OutputExistsError
from synhead_tools.formats.manifest import (
    KINDS,
    Manifest,
    ShardEntry,
    manifest_path,
    read_manifest,
    write_manifest,
)

SHA = "0123456789abcdef" * 4
ENTRY = ShardEntry("shards/00000.h5", 3, SHA)
GOOD = Manifest(
    kind="SynHead",
    convention="synhead",
    shards=(ENTRY, ShardEntry("../other/shards/00001.h5", 9, SHA, "selections/00000.npy", 2, SHA)),
    image={"width": 128, "height": 96},
    config={"pose": {"law": "grid", "step_deg": 7.5}},
    seed=0,
    versions={"synhead": "0.1.0"},
    renderer="cpu",
    heads={"f01": {"licence": "CC0-1.0", "recipe_sha256": SHA}},
    parents=({"path": "../other", "sha256": SHA},),
    target_labels_used=True,
    target_poses="biwi+",
)


def test_round_trip_and_length(tmp_path):
    write_manifest(tmp_path, GOOD)
    assert read_manifest(tmp_path) == GOOD
    assert read_manifest(tmp_path / "dataset.json") == GOOD
    assert len(GOOD) == 3 + 2


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(KINDS),
    config=st.dictionaries(st.text(), json_values, max_size=4),
    seed=st.none() | st.integers(0, 2**63),
    rows=st.lists(st.integers(1, 2**40), max_size=5),
)
def test_any_manifest_round_trips(tmp_path, kind, config, seed, rows):
    entries = tuple(ShardEntry(f"shards/{number:05d}.h5", count, SHA) for number, count in enumerate(rows))
    manifest = Manifest(kind, "zyx:+--:deg", entries, config=config, seed=seed)
    digest = write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path) == manifest
    assert write_manifest(tmp_path, manifest) == digest


def test_an_existing_manifest_may_be_kept(tmp_path):
    write_manifest(tmp_path, GOOD)
    with pytest.raises(OutputExistsError):
        write_manifest(tmp_path, GOOD, overwrite=False)


def _refused(tmp_path, text):
    (tmp_path / "dataset.json").write_text(text, "utf-8")
    with pytest.raises(ManifestError) as raised:
        read_manifest(tmp_path)
    message = str(raised.value)
    assert "dataset.json" in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema_version": 2}, "schema_version 2; this release reads version 1"),
        ({"schema_version": True, "kind": 3}, "'kind' is a int"),
        ({"kind": "synhead"}, "unknown kind 'synhead'; known: SynHead"),
        ({"convention": "bivi"}, "bivi"),
        ({"seed": "0"}, "'seed' is a str"),
        ({"seed": True}, "'seed' is a bool"),
        ({"target_labels_used": 1}, "'target_labels_used' is a int"),
        ({"shards": {}}, "'shards' must be a list"),
        ({"shards": [3]}, "shard 0 is a int"),
        ({"parents": "x"}, "'parents' is a str"),
        ({"image": {"width": 0}}, "'width' is 0"),
        ({"surprise": 1}, "unknown fields ['surprise']"),
        ({"kind": ...}, "missing fields ['kind']"),
    ],
)
def test_wrong_fields_are_named(tmp_path, changes, message):
    document = {**json.loads(json.dumps(dataclasses.asdict(GOOD))), **changes}
    document = {name: value for name, value in document.items() if value is not ...}
    assert message in _refused(tmp_path, json.dumps(document))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"path": "/etc/passwd"}, "relative"),
        ({"path": ""}, "relative"),
        ({"path": "a\0b"}, "relative"),
        ({"path": "C:/x.h5"}, "relative"),
        ({"path": "shards\\0.h5"}, "relative"),
        ({"path": 5}, "relative"),
        ({"rows": 0}, "rows is 0"),
        ({"rows": 2.0}, "rows is 2.0"),
        ({"rows": True}, "rows is True"),
        ({"sha256": "abc"}, "hexadecimal"),
        ({"selected": "s.npy"}, "belong together"),
        ({"selected": "s.npy", "selected_rows": 0, "selected_sha256": SHA}, "belong together"),
        ({"selected": "/s.npy", "selected_rows": 1, "selected_sha256": SHA}, "relative"),
    ],
)
def test_wrong_shard_entries_are_named(tmp_path, changes, message):
    entry = {**dataclasses.asdict(ENTRY), **changes}
    document = {**dataclasses.asdict(GOOD), "shards": [dataclasses.asdict(ENTRY), entry]}
    text = _refused(tmp_path, json.dumps(document))
    assert message in text
    assert "shard 1" in text


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"schema_version": 1, "seed": NaN}', "[" * 100_000, '{"a": 1} x'])
def test_damaged_json_is_one_line(tmp_path, text):
    _refused(tmp_path, text)


def test_not_text_and_not_there(tmp_path):
    with pytest.raises(ManifestError, match="No such file"):
        read_manifest(tmp_path)
    (tmp_path / "dataset.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ManifestError, match="not valid JSON"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("config", [{"x": float("nan")}, {"x": object()}])
def test_what_json_cannot_hold_is_refused_before_writing(tmp_path, config):
    with pytest.raises(ManifestError, match="JSON"):
        write_manifest(tmp_path, dataclasses.replace(GOOD, config=config))
    assert list(tmp_path.iterdir()) == []


def test_manifest_path_of_folder_and_file(tmp_path):
    assert manifest_path(tmp_path) == manifest_path(tmp_path / "dataset.json") == tmp_path / "dataset.json"


def test_a_folder_whose_name_is_no_text_is_refused_and_not_half_written(tmp_path):
    entry = ShardEntry("../\udcff/00000.h5", 1, "0" * 64)
    with pytest.raises(ManifestError, match="cannot be written as JSON"):
        write_manifest(tmp_path, Manifest("SynHead", "biwi+", (entry,)))
    assert not list(tmp_path.iterdir())


def test_a_manifest_that_is_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "dataset.json")
    with pytest.raises(ManifestError, match="not a regular file"):
        read_manifest(tmp_path)
