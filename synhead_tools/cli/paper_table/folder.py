"""The folder of a reproduction: who may write there, and what an earlier run there was of."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synhead_tools.errors import OutputExistsError, SynheadError
from synhead_tools.formats.atomic import atomic_write_text
from synhead_tools.formats.folder_contents import LOCK_NAME, foreign_names
from synhead_tools.formats.runs.output_folder import locked_folder
from synhead_tools.input_files import read_input

FACTS_NAME = "reproduce.json"
"""Says that a folder was made by this command, and by which settings."""

FACTS_BYTES_LIMIT = 1 << 20
_FORMAT = "synhead reproduction"


@contextmanager
def reproduction_folder(out: Path, facts: dict[str, Any], *, resume: bool, overwrite: bool) -> Iterator[Path]:
    """Make `out`, or go on in it, and keep other runs out of it for the length of the block.

    Parameters
    ----------
    out : Path
    facts : dict
        What must be the same for a run to be resumed, by name; JSON values.
    resume, overwrite : bool
        Go on with an earlier run; throw it away.

    Raises
    ------
    OutputExistsError
        `out` holds an earlier run and neither is given, or something else, or another run is writing there.
    SynheadError
        `resume`, and the earlier run was of other facts; names the first.
    """
    facts = json.loads(json.dumps(facts))  # lists for tuples, as they come back
    _check(out, facts, resume, overwrite)
    with locked_folder(out):
        _check(out, facts, resume, overwrite)
        if overwrite and not resume:
            _empty(out)
        if not (out / FACTS_NAME).exists():
            atomic_write_text(out / FACTS_NAME, json.dumps({"format": _FORMAT, "facts": facts}, indent=1) + "\n")
        yield out


def _check(out: Path, facts: dict[str, Any], resume: bool, overwrite: bool) -> None:
    if resume and overwrite:
        raise OutputExistsError("resuming a run and overwriting it exclude each other; ask for one of them")
    if out.exists() and not out.is_dir():
        raise OutputExistsError(f"{out} is a file; give a folder")
    if not out.exists() or not foreign_names(out, {LOCK_NAME}):
        return
    begun = _begun(out / FACTS_NAME)
    if begun is None:
        raise OutputExistsError(f"{out} holds something that this command did not make; choose another place")
    if not (resume or overwrite):
        raise OutputExistsError(f"{out} holds an earlier run; give --resume to go on, or --overwrite to start anew")
    for name, value in facts.items():
        if resume and begun.get(name) != value:
            raise SynheadError(
                f"{out} was begun with {name} = {begun.get(name)!r}, this run asks for {value!r}; give the same, or "
                "start anew with --overwrite"
            )


def _begun(path: Path) -> dict[str, Any] | None:
    """The facts that a run was begun with; None where there are none."""
    if not path.is_file():
        return None
    data = read_input(path, FACTS_BYTES_LIMIT, SynheadError, "choose another place")
    try:
        record = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    good = isinstance(record, dict) and record.get("format") == _FORMAT and isinstance(record.get("facts"), dict)
    return record["facts"] if good else None


def _empty(out: Path) -> None:
    """Remove what an earlier run has left, its own record last: cut off, the folder is still known as ours."""
    entries = [entry for entry in sorted(out.iterdir()) if entry.name not in (LOCK_NAME, FACTS_NAME)]
    for entry in [*entries, out / FACTS_NAME]:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)
