"""Shards rendered by this process or by several, each whole or not at all."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from synhead_tools.errors import BackendError
from synhead_tools.formats.shards import write_shard
from synhead_tools.heads.head import Head
from synhead_tools.rendering.annotate import FaceAreas
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_shard import HeadShelf, ShardRenderer


@dataclass(frozen=True)
class ShardTask:
    """One shard to be written.

    Attributes
    ----------
    path : Path
    start, stop : int
        First sample, and one past the last.
    attributes : dict
        For `synhead_tools.formats.shards.write_shard`.
    compression : str
    """

    path: Path
    start: int
    stop: int
    attributes: dict[str, Any]
    compression: str


class _Stopped(Exception):
    """The run was interrupted; the shard is given up."""


def render_shards(
    plan: RenderPlan,
    heads: Mapping[str, Head] | None,
    tasks: list[ShardTask],
    workers: int,
    left_out: frozenset[str] = frozenset(),
) -> Iterator[tuple[ShardTask, str]]:
    """Render shards; yield each with its SHA-256 as it is finished, in any order.

    Parameters
    ----------
    plan : RenderPlan
        With a backend of a definite name.
    heads : mapping of str to Head or None
        Heads that are not the library's.
    tasks : list of ShardTask
    workers : int
        Processes; with 1, or with one task, this process renders.
    left_out : frozenset of str
        Columns that are not rendered, see `ShardRenderer`.

    Raises
    ------
    BackendError
        A worker died without a word (killed for want of memory, as a rule).
    """
    if min(workers, len(tasks)) > 1:
        yield from _in_processes((plan, heads, left_out), tasks, min(workers, len(tasks)))
    elif tasks:
        renderer = _open_renderer(plan, heads, left_out)
        try:
            for task in tasks:
                yield task, _render(renderer, task)
        finally:
            renderer.backend.close()


def _open_renderer(plan: RenderPlan, heads: Mapping[str, Head] | None, left_out: frozenset[str]) -> ShardRenderer:
    backend = open_backend(plan.backend, samples_per_axis=plan.samples_per_axis)
    return ShardRenderer(plan, HeadShelf(plan.heads, heads), backend, FaceAreas(backend), left_out)


def _render(renderer: ShardRenderer, task: ShardTask, between: Callable[[], None] = lambda: None) -> str:
    columns = renderer.columns(task.start, task.stop, between)
    return write_shard(task.path, columns, task.attributes, compression=task.compression, overwrite=True)


def _in_processes(opening: tuple[Any, ...], tasks: list[ShardTask], workers: int) -> Iterator[tuple[ShardTask, str]]:
    # spawn: an OpenGL context does not survive a fork
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(workers, context, _start_worker, (opening, stop))
    try:
        futures: dict[Future, ShardTask] = {pool.submit(_work, task): task for task in tasks}
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenProcessPool:
        raise BackendError(
            "a rendering process died, as a rule for want of memory; run again with --resume and fewer --workers"
        ) from None
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


# What a worker process keeps between its shards.
_worker: tuple[ShardRenderer, Any] | None = None


def _start_worker(opening: tuple[Any, ...], stop: Any) -> None:
    global _worker
    # Ctrl-C reaches every process of the terminal; the first one tells the others through `stop`
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker = (_open_renderer(*opening), stop)


def _end_with_parent() -> None:
    """Wait until the process that started this one is gone, and go too.

    If it was killed, nobody tells the workers: they would wait for ever, or write shards into a folder that another
    run has taken over. What they were writing stays under its hidden name.
    """
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


def _work(task: ShardTask) -> str:
    renderer, stop = _worker

    def _stop_if_asked() -> None:
        if stop.is_set():
            raise _Stopped

    return _render(renderer, task, _stop_if_asked)
