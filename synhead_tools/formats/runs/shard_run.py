"""All shards of a run written into a locked folder: those that an earlier run has finished are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from synhead_tools.formats.folder_contents import SHARDS_FOLDER
from synhead_tools.formats.manifest import MANIFEST_NAME, ShardEntry
from synhead_tools.formats.runs.finished_shards import finished_shards
from synhead_tools.formats.runs.journal import RunJournal
from synhead_tools.formats.runs.workers import ShardTask

#: Told after each shard: samples done, samples in all.
Progress = Callable[[int, int], None]
#: Makes and writes the shards of tasks, and yields each with its SHA-256 when that is done.
Engine = Callable[[list[ShardTask]], Iterator[tuple[ShardTask, str]]]


def shard_tasks(
    out: Path, samples: int, rows_per_shard: int, attributes: Mapping[str, Any], compression: str = "lz4"
) -> list[ShardTask]:
    """The shards of a run of so many samples; each has `attributes`, with ``run_sha256``, and ``first_sample``."""
    return [
        ShardTask(
            path=out / SHARDS_FOLDER / f"{number:05d}.h5",
            start=start,
            stop=min(start + rows_per_shard, samples),
            attributes={**attributes, "first_sample": start},
            compression=compression,
        )
        for number, start in enumerate(range(0, samples, rows_per_shard))
    ]


def run_shards(
    out: Path, tasks: list[ShardTask], run_sha256: str, engine: Engine, progress: Progress
) -> tuple[tuple[ShardEntry, ...], RunJournal]:
    """Write the shards that are not there yet.

    Parameters
    ----------
    out : Path
        Folder that this process has locked and prepared (`synhead_tools.formats.runs.output_folder`).
    tasks : list of ShardTask
        All of the run's; see `shard_tasks`.
    run_sha256 : str
        Hash of all that decides the bytes of the run.
    engine : callable
        See `Engine`.
    progress : callable
        Called first with what was kept, then after each shard.

    Returns
    -------
    entries : tuple of ShardEntry
        For the manifest, which the caller writes.
    journal : RunJournal
        To be removed once the manifest is there.

    Raises
    ------
    ManifestError
        What is there is of another run.
    """
    journal = RunJournal(out, run_sha256)
    done = finished_shards(out, tasks, run_sha256, journal)
    missing = [task for task in tasks if task.path.name not in done]
    samples = sum(task.stop - task.start for task in tasks)
    kept = samples - sum(task.stop - task.start for task in missing)
    progress(kept, samples)
    if missing:
        journal.begin(out / SHARDS_FOLDER, done)
        (out / MANIFEST_NAME).unlink(missing_ok=True)  # until the set is whole again it is no dataset
    with closing(engine(missing)) as finished:
        for task, digest in finished:
            done[task.path.name] = digest
            journal.add(task.path, digest)
            kept += task.stop - task.start
            progress(kept, samples)
    entries = (ShardEntry(f"{SHARDS_FOLDER}/{t.path.name}", t.stop - t.start, done[t.path.name]) for t in tasks)
    return tuple(entries), journal
