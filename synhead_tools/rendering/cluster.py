"""Shards rendered by the workers of an existing Dask scheduler, on this machine or on others.

The tasks are the shards. A worker renders one, checks it as a local run does, and hands its bytes back; this process
writes them. So the output folder need not be shared, its lock and its full disk are matters of this process alone,
and a shard that two workers have rendered, because one was thought lost, is the same shard twice. What limits it is
the network of this machine: about 25 kB per frame of 256 pixels.

Of a worker that is lost the scheduler gives its shards to others. Workers must have the same synhead and the same
libraries: any other would write other bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import pickle
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from synhead_tools.errors import BackendError, ShardError
from synhead_tools.formats.atomic import atomic_write_bytes
from synhead_tools.formats.runs.workers import ShardTask
from synhead_tools.rendering.cluster_bench import Bench, ask_worker, refuse_other, worker_facts
from synhead_tools.rendering.opening import Opening
from synhead_tools.rendering.plan import RenderPlan

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_S = 10.0
"""How long a scheduler may take to answer."""
LOST_S = 60.0
"""How long a run goes on waiting when the scheduler has no workers at all."""
POLL_S = 2.0
SHARDS_PER_THREAD = 2
"""Shards that are in work or wait at the workers, for each of their threads: no worker idles, and few bytes wait."""


@contextmanager
def cluster(address: str, opening: Opening) -> Iterator[Callable[[list[ShardTask]], Iterator[tuple[ShardTask, str]]]]:
    """Yield a function that renders shards with the workers of a scheduler, which were found fit for it.

    Called with tasks, whose paths are this machine's, it yields each with its SHA-256 when it is written, in any order.

    Parameters
    ----------
    address : str
        Of the scheduler, ``tcp://HOST:PORT``, or the path of its scheduler file.
    opening : Opening

    Raises
    ------
    BackendError
        There is no scheduler, it has no workers, they are lost, or a worker has other versions than this process.
    """
    facts = worker_facts(opening.plan.backend, opening.plan.samples_per_axis)
    with _client(address) as client:
        with _lost_scheduler_named(client):
            _check_workers(client, opening.plan, facts)
        yield lambda tasks: _rendered(client, Bench(opening, facts), tasks)


def _rendered(client: Client, bench: Bench, tasks: list[ShardTask]) -> Iterator[tuple[ShardTask, str]]:
    if not tasks:
        return
    run = f"synhead-{tasks[0].attributes['run_sha256'][:12]}-{client.id}"
    running: dict[Future, ShardTask] = {}
    waiting = iter(tasks)
    try:
        with _lost_scheduler_named(client):
            benches = _submit_bench(client, bench, f"{run}-bench")
        while True:
            with _lost_scheduler_named(client):
                for task in islice(waiting, max(0, _room(client) - len(running))):
                    nameless = replace(task, path=Path(task.path.name))
                    future = client.submit(Bench.render, benches, nameless, key=f"{run}-{task.path.name}", pure=False)
                    running[future] = task
                finished = _finished(client, running) if running else []
            if not finished:
                return
            for future in finished:
                task = running.pop(future)
                yield task, _store(task, _result(client, future, task))
                future.release()
    finally:
        with contextlib.suppress(Exception):  # the scheduler may be what is lost
            client.cancel(list(running), force=True)


def _submit_bench(client: Client, bench: Bench, key: str) -> Future:
    """Send the plan: the result of a task and not part of each, made again when the worker that has it is lost."""
    blob = pickle.dumps(bench, pickle.HIGHEST_PROTOCOL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # millions of poses are a large message, but are sent once
        return client.submit(pickle.loads, blob, key=key, pure=False)


def _result(client: Client, future: Future, task: ShardTask) -> tuple[bytes, str]:
    from distributed import KilledWorker

    try:
        with _lost_scheduler_named(client):
            return future.result()
    except KilledWorker:
        raise BackendError(
            f"every worker that was given {task.path.name} died of it, as a rule for want of memory; give the workers "
            "more, and run again with --resume"
        ) from None


def _store(task: ShardTask, result: tuple[bytes, str]) -> str:
    """Write the shard a worker has rendered, and return its SHA-256."""
    data, sha256 = result
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ShardError(f"{task.path}: what arrived is not what a worker has rendered; run again with --resume")
    atomic_write_bytes(task.path, data, overwrite=True)
    return sha256


@contextmanager
def _client(address: str) -> Iterator[Client]:
    from distributed import Client

    where = {"scheduler_file": address} if Path(address).is_file() else {"address": address}
    with _dask_silent():
        try:
            client = Client(**where, timeout=CONNECT_S, set_as_default=False, name="synhead")
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise BackendError(f"no Dask scheduler answers at {address} ({reason}); give tcp://HOST:PORT") from None
        try:
            yield client
        finally:
            client.close()


@contextmanager
def _dask_silent() -> Iterator[None]:
    """Keep Dask from printing tracebacks of lost connections: our errors say it in one line."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _lost_scheduler_named(client: Client) -> Iterator[None]:
    from distributed import CancelledError

    try:
        yield
    except (CancelledError, OSError):  # no other OSError: nothing is written in these blocks
        address = client.scheduler.address if client.scheduler else "that address"
        raise BackendError(f"the scheduler at {address} is gone; run again with --resume") from None


def _check_workers(client: Client, plan: RenderPlan, facts: dict[str, str]) -> None:
    """Refuse workers whose shards would have other bytes."""
    found = client.run(ask_worker, plan.backend, plan.samples_per_axis, on_error="return")
    if not found:
        raise BackendError("the scheduler has no workers; start some with: dask worker ADDRESS --nthreads 1")
    for worker, theirs in sorted(found.items()):
        if isinstance(theirs, BaseException):
            reason = " ".join(str(theirs).split()) or type(theirs).__name__
            raise BackendError(f"worker {worker} cannot render: {reason}; install the same synhead there")
        refuse_other(theirs, facts, f"worker {worker}")


def _room(client: Client) -> int:
    """How many shards may be in work: enough for every thread of every worker, and one while there is none."""
    return max(1, SHARDS_PER_THREAD * sum(client.ncores().values()))


def _finished(client: Client, running: dict[Future, ShardTask]) -> list[Future]:
    """Wait until a shard is finished, or failed, and return those that are."""
    from distributed import TimeoutError as WaitedTooLong
    from distributed import wait

    alone_s = 0.0
    while True:
        try:
            with client.as_current():
                return list(wait(list(running), timeout=POLL_S, return_when="FIRST_COMPLETED").done)
        except WaitedTooLong:
            alone_s = 0.0 if client.ncores() else alone_s + POLL_S
        if alone_s >= LOST_S:
            raise BackendError("the scheduler has lost all its workers; start some, and run again with --resume")
