"""The finished shards of a run that goes on, so that a resumed run need not read them all again.

The manifest is written when the set is whole. Until then the hidden file `JOURNAL_NAME` has a line for each finished
shard: size, time of the last change, SHA-256. A shard of that size and time counts as unchanged; a line that is
missing or torn costs one reading of one shard, nothing else.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synhead_tools.errors import ManifestError
from synhead_tools.formats.atomic import atomic_write_text
from synhead_tools.formats.folder_contents import JOURNAL_NAME
from synhead_tools.formats.manifest import MANIFEST_BYTES_LIMIT
from synhead_tools.input_files import read_input

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class RecordedShard:
    """What the journal says of a shard.

    Attributes
    ----------
    bytes, mtime_ns : int
        Size, and time of the last change, of the file when it was finished.
    sha256 : str
    """

    bytes: int
    mtime_ns: int
    sha256: str

    def describes(self, path: Path) -> bool:
        """Whether the file at `path` has that size and time."""
        status = path.stat()
        return (status.st_size, status.st_mtime_ns) == (self.bytes, self.mtime_ns)


class RunJournal:
    """The journal of one run in its output folder; only the process that holds the folder's lock writes it.

    Parameters
    ----------
    out : Path
        Output folder.
    run_sha256 : str
        Hash of all that decides the bytes of the run.
    """

    def __init__(self, out: Path, run_sha256: str) -> None:
        self._path = out / JOURNAL_NAME
        self._run_sha256 = run_sha256

    def read(self) -> dict[str, RecordedShard]:
        """Recorded shards by file name; none if there is no journal.

        Raises
        ------
        ManifestError
            It is the journal of another run, or no file that can be read.
        """
        if not os.path.lexists(self._path):
            return {}
        data = read_input(self._path, MANIFEST_BYTES_LIMIT, ManifestError, "remove it")
        lines = [_parsed(line) for line in data.splitlines()]
        of_run = lines[0].get("run_sha256") if lines else None
        if of_run not in (None, self._run_sha256):
            raise ManifestError(
                f"{self._path.parent} was begun with another plan, inputs or versions; "
                "use --overwrite or another folder"
            )
        return {line["shard"]: recorded for line in lines[1:] if (recorded := _recorded(line)) and of_run}

    def begin(self, folder: Path, done: Mapping[str, str]) -> None:
        """Write the journal anew, with the SHA-256 of what is already finished in `folder`, by file name."""
        lines = [json.dumps({"run_sha256": self._run_sha256})]
        lines += [_line(folder / name, sha256) for name, sha256 in sorted(done.items())]
        atomic_write_text(self._path, "".join(f"{line}\n" for line in lines), overwrite=True)

    def add(self, path: Path, sha256: str) -> None:
        """Record a shard that has just been finished."""
        with self._path.open("a") as file:
            file.write(_line(path, sha256) + "\n")

    def remove(self) -> None:
        """Take the journal away: the manifest says it all."""
        self._path.unlink(missing_ok=True)


def _line(path: Path, sha256: str) -> str:
    status = path.stat()
    facts = {"shard": path.name, "bytes": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": sha256}
    return json.dumps(facts)


def _parsed(line: bytes) -> dict[str, Any]:
    """A line's values, none of a line that was torn when the run was killed or the disk was full."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _recorded(line: Mapping[str, Any]) -> RecordedShard | None:
    types = {name: type(value) for name, value in line.items()}
    if types != {"shard": str, "bytes": int, "mtime_ns": int, "sha256": str} or not _SHA256.fullmatch(line["sha256"]):
        return None
    return RecordedShard(line["bytes"], line["mtime_ns"], line["sha256"])
