"""A domain's crops as uint8: on the device where they fit, else in host memory or in a file.

The target domain is a `DomainCrops`: a type without labels, read from picture, box and intrinsics columns alone. So
training cannot touch target labels, whatever a method does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from synhead_tools.errors import TrainingError
from synhead_tools.formats.sample import SampleSource, can_composite
from synhead_tools.geometry.rays import ray_rotation, to_ray_frame
from synhead_tools.learning.pictures.crops import check_boxes, resample_crop, square_crop_xyxy
from synhead_tools.learning.pictures.placement import HostPictures, allocate_pictures, choose_placement, fill_pictures
from synhead_tools.learning.pose_heads.label_scale import network_euler_deg

_BLOCK_ROWS = 256


@dataclass(frozen=True, eq=False)
class DomainCrops:
    """Crops of one domain, without labels.

    Parameters
    ----------
    pictures : Tensor or HostPictures, shape (N, C, C, 3 or 4)
        uint8; indexing gives tensors on the device. The fourth channel is alpha, colour is premultiplied by it.
    ray_rotmat : array, shape (N, 3, 3), or None
        R_u of each box centre; None where the dataset has no intrinsics.
    description : dict
        What the dataset says of itself.
    """

    pictures: Tensor | HostPictures
    ray_rotmat: np.ndarray | None
    description: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def has_alpha(self) -> bool:
        """Whether the background can be exchanged."""
        return self.pictures.shape[-1] == 4

    @property
    def crop_px(self) -> int:
        """Side of the stored crops, pixels."""
        return self.pictures.shape[1]

    @property
    def device(self) -> torch.device:
        """Where training runs, and batches are wanted."""
        return self.pictures.device


@dataclass(frozen=True, eq=False)
class LabelledCrops(DomainCrops):
    """Crops of the source domain with what they show.

    Parameters
    ----------
    crop_rotmat : array, shape (N, 3, 3)
        R_ray = R_u^T R; R itself where there are no intrinsics.
    euler_deg : Tensor, shape (N, 3)
        The same as pitch, yaw, roll under the network's convention; float32, on the device.
    """

    crop_rotmat: np.ndarray = None
    euler_deg: Tensor = None


def read_crops(
    source: SampleSource,
    crop_px: int,
    margin: float = 1.5,
    *,
    rows: np.ndarray | None = None,
    device: str | torch.device = "cpu",
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
    placement: str = "device",
    device_gib: float | None = None,
    scratch: str | Path | None = None,
    cut: Callable[[np.ndarray], np.ndarray] | None = None,
) -> DomainCrops:
    """Read a dataset's pictures once, in blocks, and keep their face crops; labels are not read.

    Parameters
    ----------
    source : SampleSource
        Needs columns ``image`` and ``face_box_xyxy``; uses ``alpha`` and ``intrinsics`` where they are.
        Pictures that were composed over a background for good keep it.
    crop_px, margin : int, float
        Side of the stored crops; side of the crop over that of the face box.
    rows : integer array, optional
        Which samples; all by default.
    device : str or torch.device
        Where the crops end up.
    workers : int
        Threads that resample.
    progress : callable, optional
        Called with (samples done, samples in all).
    placement, device_gib : str, float
        Where the crops are kept; see `synhead_tools.learning.pictures.placement.choose_placement`.
    scratch : path, optional
        Folder of the file that crops are streamed from, where they are.
    cut : callable, optional
        Another rule than `margin`: face boxes (n, 4) to crops (n, 4), both xyxy in pixels. What is not square is
        stretched; the ray is that of the crop's middle.

    Raises
    ------
    TrainingError
        The dataset is empty, lacks a column, or a face box has no area.
    """
    name = source.describe().get("dataset", "dataset")
    for column in ("image", "face_box_xyxy"):
        if column not in source.columns:
            raise TrainingError(f"{name} has no column {column!r}, so no face crops can be cut")
    rows = np.arange(len(source)) if rows is None else np.asarray(rows)
    if len(rows) == 0:
        raise TrainingError(f"{name} has no samples to read")
    box_xyxy = np.asarray(source.read("face_box_xyxy", rows), float)
    check_boxes(box_xyxy, name)
    shape = (len(rows), crop_px, crop_px, 4 if can_composite(source) else 3)
    device = torch.device(device)
    place = choose_placement(int(np.prod(shape)), device, placement, device_gib)
    pictures = allocate_pictures(shape, device, place, scratch)
    crop_xyxy, box_xyxy = _crops_of(box_xyxy, margin, cut, name)
    _read_pictures(source, rows, crop_xyxy, pictures, workers, progress)
    ray_rotmat = _rays(box_xyxy, source.read("intrinsics", rows)) if "intrinsics" in source.columns else None
    return DomainCrops(pictures, ray_rotmat, dict(source.describe()))


def crop_pictures(
    pictures: Sequence[np.ndarray],
    face_box_xyxy: np.ndarray,
    crop_px: int,
    margin: float = 1.5,
    *,
    intrinsics: np.ndarray | None = None,
    device: str | torch.device = "cpu",
    cut: Callable[[np.ndarray], np.ndarray] | None = None,
) -> DomainCrops:
    """Face crops of pictures in memory, of any sizes.

    Parameters
    ----------
    pictures : sequence of arrays, shape (H, W, 3)
        uint8 RGB.
    face_box_xyxy : array-like, shape (N, 4)
        One face box per picture, pixels.
    crop_px, margin, device, cut
        As for `read_crops`.
    intrinsics : array-like, shape (3, 3) or (N, 3, 3), optional
        Camera matrices, if known.

    Raises
    ------
    TrainingError
        There are no pictures, not as many boxes as pictures, or a box has no area.
    """
    box_xyxy = np.asarray(face_box_xyxy, float).reshape(-1, 4)
    if len(pictures) == 0 or len(pictures) != len(box_xyxy):
        raise TrainingError(f"{len(pictures)} pictures and {len(box_xyxy)} face boxes; give one box per picture")
    check_boxes(box_xyxy, "pictures")
    crop_xyxy, box_xyxy = _crops_of(box_xyxy, margin, cut, "pictures")
    crops = np.stack([resample_crop(*pair, crop_px) for pair in zip(pictures, crop_xyxy, strict=True)])
    return DomainCrops(torch.from_numpy(crops).to(device), None if intrinsics is None else _rays(box_xyxy, intrinsics))


def read_labelled_crops(source: SampleSource, crop_px: int, margin: float = 1.5, **options: Any) -> LabelledCrops:
    """Like `read_crops`, with labels from the column ``rotmat``, taken into the ray frame of each crop.

    Parameters
    ----------
    source, crop_px, margin, **options
        As for `read_crops`.

    Raises
    ------
    TrainingError
        As for `read_crops`, or there is no column ``rotmat``, or a rotation is not finite.
    """
    name = source.describe().get("dataset", "dataset")
    if "rotmat" not in source.columns:
        raise TrainingError(f"{name} has no column 'rotmat', so it cannot be a source of labels")
    crops = read_crops(source, crop_px, margin, **options)
    rotmat = np.asarray(source.read("rotmat", options.get("rows")), float)
    finite = np.isfinite(rotmat).all(axis=(1, 2))
    if not finite.all():
        raise TrainingError(f"{name}, row {int(np.argmin(finite))}: rotmat is not finite")
    crop_rotmat = rotmat if crops.ray_rotmat is None else to_ray_frame(rotmat, crops.ray_rotmat)
    euler_deg = torch.from_numpy(network_euler_deg(crop_rotmat).astype(np.float32)).to(crops.device)
    return LabelledCrops(crops.pictures, crops.ray_rotmat, crops.description, crop_rotmat, euler_deg)


def _crops_of(
    box_xyxy: np.ndarray, margin: float, cut: Callable[[np.ndarray], np.ndarray] | None, what: str
) -> tuple[np.ndarray, np.ndarray]:
    """Crops (n, 4) of face boxes, and boxes (n, 4) whose middles decide the rays."""
    if cut is None:
        return square_crop_xyxy(box_xyxy, margin), box_xyxy
    crop_xyxy = cut(box_xyxy)
    check_boxes(crop_xyxy, f"{what}, crops")
    return crop_xyxy, crop_xyxy


def _rays(box_xyxy: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """R_u (N, 3, 3) of the box centres."""
    return ray_rotation((box_xyxy[:, :2] + box_xyxy[:, 2:]) / 2, intrinsics)


def _read_pictures(
    source: SampleSource,
    rows: np.ndarray,
    squares_xyxy: np.ndarray,
    crops: Tensor | HostPictures,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Fill `crops` with those of `rows`, block by block."""
    _, crop_px, _, n_channels = crops.shape
    with_alpha = n_channels == 4
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(rows), _BLOCK_ROWS):
            block = rows[start : start + _BLOCK_ROWS]
            stop = start + len(block)
            pictures = source.read("image", block)
            if with_alpha:
                pictures = np.concatenate([pictures, source.read("alpha", block)[..., None]], axis=-1)
            cut = pool.map(resample_crop, pictures, squares_xyxy[start:stop], [crop_px] * len(block))
            fill_pictures(crops, start, np.stack(list(cut)))
            if progress is not None:
                progress(stop, len(rows))
