"""Where a domain's pictures lie: on the training device, in host memory, or in a file; and how batches of them come."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from synhead_tools.errors import TrainingError
from synhead_tools.learning.sampling import IndexStream

PLACEMENTS = ("auto", "device", "host", "streamed")

# What is left free is for the network, the optimiser, and batches.
_DEVICE_SHARE, _HOST_SHARE = 0.6, 0.5
_BATCHES_AHEAD, _THREADS = 3, 2


class HostPictures:
    """Pictures that do not lie on the training device; indexing gathers some and takes them there.

    Parameters
    ----------
    host : Tensor, shape (N, C, C, 3 or 4)
        uint8, in memory or backed by a file.
    device : torch.device
        Where batches are wanted.
    """

    def __init__(self, host: Tensor, device: torch.device | str) -> None:
        self.host, self.device = host, torch.device(device)

    @property
    def shape(self) -> torch.Size:
        """(N, C, C, 3 or 4)."""
        return self.host.shape

    def __len__(self) -> int:
        return len(self.host)

    def __getitem__(self, rows: Tensor | slice) -> Tensor:
        if isinstance(rows, slice):
            return self.host[rows].to(self.device)
        return self.gather(rows.cpu()).to(self.device, non_blocking=True)

    def gather(self, rows: Tensor) -> Tensor:
        """Pictures of `rows` (on the CPU) side by side in host memory, page-locked where they go to a GPU."""
        shape = (len(rows), *self.host.shape[1:])
        together = torch.empty(shape, dtype=torch.uint8, pin_memory=self.device.type == "cuda")
        return torch.index_select(self.host, 0, rows, out=together)


class BatchReader:
    """Endless batches of sample numbers and their stored pictures; what must be fetched is fetched ahead by threads.

    The order, and where it stands between two batches, do not depend on where the pictures lie.

    Parameters
    ----------
    pictures : Tensor or HostPictures
        A domain's pictures.
    order : IndexStream
        Which samples come, with indices on `index_device` of the pictures.
    batch_size : int
        Samples per batch.
    part : slice
        What of every batch is wanted; all of it by default.
    """

    def __init__(
        self, pictures: Tensor | HostPictures, order: IndexStream, batch_size: int, part: slice = slice(None)
    ) -> None:
        self._pictures, self._order, self._batch_size, self._part = pictures, order, batch_size, part
        self._waiting: deque[tuple[dict[str, Tensor], Tensor, Future]] = deque()
        fetches = isinstance(pictures, HostPictures)
        self._pool = ThreadPoolExecutor(_THREADS, "pictures") if fetches else None

    def next(self) -> tuple[Tensor, Tensor]:
        """Sample numbers (n,) and pictures (n, C, C, 3 or 4) uint8 of the next batch, both on the device."""
        if self._pool is None:
            rows = self._order.take(self._batch_size)[self._part]
            return rows, self._pictures[rows]
        while len(self._waiting) < _BATCHES_AHEAD:
            before = self._order.state()
            rows = self._order.take(self._batch_size)[self._part]
            self._waiting.append((before, rows, self._pool.submit(self._pictures.gather, rows)))
        _, rows, pictures = self._waiting.popleft()
        device = self._pictures.device
        return rows.to(device, non_blocking=True), pictures.result().to(device, non_blocking=True)

    def state(self) -> dict[str, Tensor]:
        """Where the order stands, after the batches that were given out."""
        return self._waiting[0][0] if self._waiting else self._order.state()

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Go on from there."""
        self._waiting.clear()
        self._order.load_state(state)

    def set_weights(self, weights: Tensor) -> None:
        """Draw in proportion to other weights from the next batch on."""
        self.load_state(self.state())
        self._order.set_weights(weights)


def index_device(pictures: Tensor | HostPictures) -> torch.device:
    """Where sample numbers are wanted first: beside the pictures."""
    return torch.device("cpu") if isinstance(pictures, HostPictures) else pictures.device


def choose_placement(
    n_bytes: int, device: torch.device, placement: str = "auto", device_gib: float | None = None
) -> str:
    """``device``, ``host`` or ``streamed`` for pictures of so many bytes.

    Parameters
    ----------
    n_bytes : int
        Size of all pictures.
    device : torch.device
        Where training runs.
    placement : str
        Anything but ``auto`` is the answer itself.
    device_gib : float, optional
        Most that pictures may take on the device; by default a share of what is free there.

    Raises
    ------
    TrainingError
        `placement` is no such name.
    """
    if placement not in PLACEMENTS:
        raise TrainingError(f"placement {placement!r} must be one of {', '.join(PLACEMENTS)}")
    if placement != "auto":
        return placement
    budget = device_gib * 2**30 if device_gib is not None else _free_bytes(device)
    if n_bytes <= budget:
        return "device"
    fits = device.type == "cuda" and n_bytes <= _HOST_SHARE * free_host_bytes()
    return "host" if fits else "streamed"


def _free_bytes(device: torch.device) -> float:
    if device.type == "cuda":
        return _DEVICE_SHARE * torch.cuda.mem_get_info(device)[0]
    return _HOST_SHARE * free_host_bytes()


def free_host_bytes() -> int:
    """Memory that this process may still take: what the system has left, and no more than its control group allows."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        found += [1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        if limit != "max":
            found.append(int(limit) - int(Path("/sys/fs/cgroup/memory.current").read_text()))
    except (OSError, ValueError):  # another system, or another kind of control group
        pass
    return max(min(found), 0)


def allocate_pictures(
    shape: tuple[int, ...], device: torch.device, placement: str, scratch: str | Path | None
) -> Tensor | HostPictures:
    """Room for pictures, to be filled through `fill_pictures`.

    Parameters
    ----------
    shape : tuple of 4 int
        (N, C, C, 3 or 4).
    device : torch.device
        Where training runs.
    placement : str
        ``device``, ``host`` or ``streamed``.
    scratch : path or None
        Folder of the file that pictures are streamed from. The file has no name, and is gone when the process is.

    Raises
    ------
    TrainingError
        The disk has no room.
    """
    if placement == "device":
        return torch.empty(shape, dtype=torch.uint8, device=device)
    if placement == "host":
        return HostPictures(torch.empty(shape, dtype=torch.uint8, pin_memory=device.type == "cuda"), device)
    n_bytes = int(np.prod(shape))
    folder = Path(scratch) if scratch is not None else Path(tempfile.gettempdir())
    try:
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the map keeps it open
        os.posix_fallocate(file.fileno(), 0, n_bytes)  # a mapped file that meets a full disk kills the process
    except OSError as error:
        free = shutil.disk_usage(folder).free if folder.is_dir() else 0
        raise TrainingError(
            f"{folder} has no room for {n_bytes / 2**30:.1f} GiB of crops ({error.strerror}, {free / 2**30:.1f} GiB "
            "free); give another folder with --scratch, or a smaller --input-px"
        ) from None
    return HostPictures(torch.from_numpy(np.memmap(file, np.uint8, "r+", shape=shape)), device)


def fill_pictures(pictures: Tensor | HostPictures, start: int, block: np.ndarray) -> None:
    """Write `block` (n, C, C, 3 or 4) to the rows from `start` on."""
    room = pictures.host if isinstance(pictures, HostPictures) else pictures
    room[start : start + len(block)].copy_(torch.from_numpy(block))
