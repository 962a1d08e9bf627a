"""Which shards of a run are there already: decided with as little reading as safety allows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from synhead_tools.errors import ManifestError, ShardError
from synhead_tools.formats.file_hash import sha256_of_file
from synhead_tools.formats.folder_contents import SHARDS_FOLDER
from synhead_tools.formats.manifest import MANIFEST_NAME, read_manifest
from synhead_tools.formats.runs.journal import RunJournal
from synhead_tools.formats.runs.workers import ShardTask
from synhead_tools.formats.shards import ShardReader


def finished_shards(out: Path, tasks: Sequence[ShardTask], run_sha256: str, journal: RunJournal) -> dict[str, str]:
    """SHA-256 of the shards that are whole and of this run, by file name; damaged ones are removed.

    A shard that the journal records, with unchanged size and time, is not opened. One that the manifest records, and
    that is no younger than the manifest, is not read but for its header. Any other is hashed.

    Raises
    ------
    ManifestError
        A shard, the journal or the manifest is of another run.
    """
    in_journal = journal.read()
    in_manifest, manifest_mtime_ns = _in_manifest(out, run_sha256)
    expected = {task.path.name for task in tasks}
    for path in (out / SHARDS_FOLDER).glob("*"):
        if path.name not in expected:
            raise ManifestError(f"{path} is not of this plan; use --overwrite to throw the old dataset away")
    done = {}
    for task in tasks:
        name = task.path.name
        if not task.path.exists():
            continue
        if name in in_journal and in_journal[name].describes(task.path):
            done[name] = in_journal[name].sha256
            continue
        recorded = in_manifest.get(name) or (in_journal[name].sha256 if name in in_journal else None)
        untouched = name in in_manifest and task.path.stat().st_mtime_ns <= manifest_mtime_ns
        sha256 = _sha256_if_whole(task, run_sha256, recorded if untouched else None)
        if sha256 is not None and recorded in (None, sha256):
            done[name] = sha256
        else:
            task.path.unlink()
    return done


def _sha256_if_whole(task: ShardTask, run_sha256: str, known: str | None) -> str | None:
    if not _is_whole(task, run_sha256):
        return None
    return known or sha256_of_file(task.path)


def _in_manifest(out: Path, run_sha256: str) -> tuple[dict[str, str], int]:
    """Hashes an earlier manifest gives, by file name, and its age; none if there is no manifest that can be read."""
    if not (out / MANIFEST_NAME).exists():
        return {}, 0
    try:
        manifest = read_manifest(out)
    except ManifestError:
        return {}, 0  # it is written anew; the shards speak for themselves
    if manifest.config.get("run_sha256") != run_sha256:
        raise ManifestError(f"{out} was made from another plan, inputs or versions; use --overwrite or another folder")
    hashes = {Path(entry.path).name: entry.sha256 for entry in manifest.shards}
    return hashes, (out / MANIFEST_NAME).stat().st_mtime_ns


def _is_whole(task: ShardTask, run_sha256: str) -> bool:
    try:
        with ShardReader(task.path) as shard:
            if shard.attributes.get("run_sha256") == run_sha256:
                return shard.rows == task.stop - task.start and shard.attributes["first_sample"] == task.start
    except ShardError:
        return False
    raise ManifestError(f"{task.path} is of another plan, inputs or versions; use --overwrite or another folder")
