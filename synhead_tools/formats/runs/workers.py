"""Shards made by this process or by several, each whole or not at all."""

from __future__ import annotations

import contextlib
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
from typing import Any, Protocol

import numpy as np

from synhead_tools.errors import BackendError
from synhead_tools.formats.shards import ShardWriter


class ShardMaker(Protocol):
    """Makes the samples of any stretch of a run."""

    def blocks(
        self, start: int, stop: int, between: Callable[[], None] = lambda: None
    ) -> Iterator[Mapping[str, np.ndarray]]:
        """Columns of the samples `start` to ``stop - 1``, block by block; `between` is called often and may raise."""
        ...

    def close(self) -> None:
        """Give back what is open."""
        ...


class Opening(Protocol):
    """What a process needs to make any shard of a run. It goes to each process once, not with each task."""

    def open(self) -> ShardMaker:
        """Open what is needed in this process; whoever asked closes it."""
        ...


@dataclass(frozen=True)
class ShardTask:
    """One shard to be written.

    Attributes
    ----------
    path : Path
    start, stop : int
        First sample, and one past the last.
    attributes : dict
        For `synhead_tools.formats.shards.ShardWriter`.
    compression : str
    """

    path: Path
    start: int
    stop: int
    attributes: dict[str, Any]
    compression: str


class _Stopped(Exception):
    """The run was interrupted; the shard is given up."""


def write_shards(opening: Opening, tasks: list[ShardTask], workers: int) -> Iterator[tuple[ShardTask, str]]:
    """Make and write shards; yield each with its SHA-256 as it is finished, in any order.

    Closing the iterator stops the processes, and waits until they have ended.

    Parameters
    ----------
    opening : Opening
    tasks : list of ShardTask
    workers : int
        Processes; with 1, or with one task, this process does it.

    Raises
    ------
    BackendError
        A worker died without a word (killed for want of memory, as a rule).
    """
    if min(workers, len(tasks)) > 1:
        yield from _in_processes(opening, tasks, min(workers, len(tasks)))
    elif tasks:
        maker = opening.open()
        try:
            for task in tasks:
                yield task, write_one_shard(maker, task)
        finally:
            maker.close()


def write_one_shard(maker: ShardMaker, task: ShardTask, between: Callable[[], None] = lambda: None) -> str:
    """Make one shard, write it and return its SHA-256; `between` is called before each sample and may raise."""
    rows = task.stop - task.start
    with ShardWriter(task.path, rows, task.attributes, compression=task.compression, overwrite=True) as shard:
        for block in maker.blocks(task.start, task.stop, between):
            shard.append(block)
    return shard.sha256


def _in_processes(opening: Opening, tasks: list[ShardTask], workers: int) -> Iterator[tuple[ShardTask, str]]:
    # spawn: an OpenGL context does not survive a fork
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(workers, context, _start_worker, (opening, stop))
    try:
        with _without_interrupts():  # which the processes inherit
            futures: dict[Future, ShardTask] = {pool.submit(_work, task): task for task in tasks}
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenProcessPool:
        raise BackendError(
            "a worker process died, as a rule for want of memory; run again with --resume and fewer --workers"
        ) from None
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back for the length of the block.

    Ctrl-C reaches every process of the terminal. This one tells the others through `stop`; they must not die of it
    themselves, not even while they start.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# What a worker process keeps between its shards.
_opening: Opening | None = None
_stop: Any = None
_maker: ShardMaker | None = None


def _start_worker(opening: Opening, stop: Any) -> None:
    global _opening, _stop
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _opening, _stop = opening, stop


def _end_with_parent() -> None:
    """Wait until the process that started this one is gone, and go too.

    If it was killed, nobody tells the workers: they would wait for ever, or write shards into a folder that another
    run has taken over. What they were writing stays under its hidden name.
    """
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


def _work(task: ShardTask) -> str:
    global _maker
    if _maker is None:  # opened here and not at the start, so that its error reaches whoever waits for the shard
        _maker = _opening.open()

    def stop_if_asked() -> None:
        if _stop.is_set():
            raise _Stopped

    return write_one_shard(_maker, task, stop_if_asked)
