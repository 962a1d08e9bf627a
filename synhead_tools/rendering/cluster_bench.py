"""The worker's side of a run on a cluster: what must be equal there, and where shards are rendered."""

from __future__ import annotations

import hashlib
import socket
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import synhead_tools
from synhead_tools.errors import BackendError
from synhead_tools.formats.runs.workers import ShardTask, write_one_shard
from synhead_tools.rendering.opening import Opening
from synhead_tools.rendering.render_shard import HeadShelf, ShardRenderer
from synhead_tools.rendering.run_facts import library_versions, renderer_description

_ROOMS = ("geometry", "heads", "formats", "rendering")

#: The thread in which this process renders, whatever threads it has: a context of OpenGL belongs to one.
_THREAD = ThreadPoolExecutor(1, "synhead")


class Bench:
    """Where a worker renders the shards of one run: the plan, and once it was asked for a shard, an open renderer.

    The scheduler sends it to each worker once. One shard is rendered at a time, however many threads the worker has.

    Parameters
    ----------
    opening : Opening
    facts : dict of str to str
        What `worker_facts` says in the process that began the run.
    """

    def __init__(self, opening: Opening, facts: dict[str, str]) -> None:
        self._opening, self._facts = opening, facts
        self._heads_sha256 = _heads_sha256(opening)
        self._renderer: ShardRenderer | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_renderer": None}  # each process opens its own

    def render(self, task: ShardTask) -> tuple[bytes, str]:
        """Return the bytes of a shard, and their SHA-256.

        Raises
        ------
        BackendError
            This process has other versions, or other heads of these names, than the one that began the run; or no
            room for one shard among its temporary files.
        """
        return _THREAD.submit(self._render, task).result()

    def _render(self, task: ShardTask) -> tuple[bytes, str]:
        if self._renderer is None:
            who = f"worker {socket.gethostname()}"  # it may have joined after the others were asked
            plan = self._opening.plan
            refuse_other(worker_facts(plan.backend, plan.samples_per_axis), self._facts, who)
            refuse_other({"heads": _heads_sha256(self._opening)}, {"heads": self._heads_sha256}, who)
            self._renderer = self._opening.open()
        try:
            with tempfile.TemporaryDirectory(prefix="synhead-") as folder:
                path = Path(folder) / task.path.name
                sha256 = write_one_shard(self._renderer, replace(task, path=path))
                return path.read_bytes(), sha256
        except OSError as error:
            where = f"worker {socket.gethostname()}, {tempfile.gettempdir()}"
            raise BackendError(f"{where}: {error.strerror or error}; mend that and run again with --resume") from None


def _heads_sha256(opening: Opening) -> str:
    """Hash of the plan's heads: a path may lead to another recipe on another machine."""
    shelf = HeadShelf(opening.plan.heads, opening.heads, opening.plan.head_detail)
    return hashlib.sha256("".join(shelf.facts(name).recipe_sha256 for name in shelf).encode()).hexdigest()[:12]


def ask_worker(backend: str, samples_per_axis: int) -> dict[str, str]:
    """`worker_facts` in the thread that will render."""
    return _THREAD.submit(worker_facts, backend, samples_per_axis).result()


def worker_facts(backend: str, samples_per_axis: int) -> dict[str, str]:
    """What must be equal here and at a worker: versions, the package's own sources, what the renderer says of itself.

    Raises
    ------
    BackendError
        The renderer does not work here.
    """
    versions = library_versions()
    del versions["python"]  # no byte of a shard depends on it
    return {**versions, "sources": _source_sha256()[:12], "renderer": renderer_description(backend, samples_per_axis)}


@lru_cache(maxsize=1)
def _source_sha256() -> str:
    """Hash of the modules that have a part in a shard: two checkouts may have one version number."""
    root = Path(synhead_tools.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for room in _ROOMS for path in (root / room).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def refuse_other(theirs: dict[str, str], ours: dict[str, str], who: str) -> None:
    """Refuse a worker whose shards would have other bytes.

    Raises
    ------
    BackendError
        Names the worker `who`, and the first thing that differs.
    """
    for name, value in ours.items():
        if theirs.get(name) != value:
            raise BackendError(
                f"{who} has {name} {theirs.get(name)!r}, this run {value!r}, so its shards would have other bytes; "
                "install the same versions there"
            )
