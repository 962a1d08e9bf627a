"""Training batches of a detector: each follows from the seed and the number of its step, and from nothing else."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from synhead_tools.errors import TrainingError
from synhead_tools.learning.detection.blank_pictures import blank_picture
from synhead_tools.learning.detection.scene_augment import augmented
from synhead_tools.learning.detection.scene_sample import SceneSample, SceneSource, check_sample
from synhead_tools.learning.detection.teaching import Faces
from synhead_tools.learning.detection.train_config import DetectorTraining
from synhead_tools.learning.pictures.augment_colour import augment_colour, standardise
from synhead_tools.learning.sampling import named_generator, stream_seed

_AHEAD = 3


@dataclass(frozen=True, eq=False)
class SceneBatch:
    """Pictures (N, 3, S, S), standardised, and the faces of each."""

    pictures: Tensor
    faces: list[Faces]


class SceneBatches:
    """The batches of a run, made a few steps ahead.

    Parameters
    ----------
    source : SceneSource
        At least one picture. Epoch after epoch in random order.
    config : DetectorTraining
    mesh_vertices : int
        Of the network; 0 leaves meshes out.
    device : torch.device or str
        Where batches are wanted.
    workers : int
        Threads that read and cut; the batches do not depend on it.

    Raises
    ------
    TrainingError
        There is no picture, or, while batches are made, a sample is malformed.
    """

    def __init__(
        self,
        source: SceneSource,
        config: DetectorTraining,
        mesh_vertices: int = 0,
        device: torch.device | str = "cpu",
        workers: int = 1,
    ) -> None:
        if len(source) == 0:
            raise TrainingError("there are no pictures to train on; give a dataset with at least one")
        self._source, self._config, self._vertices = source, config, mesh_vertices
        self._device, self._workers = torch.device(device), workers
        self._order = lru_cache(maxsize=4)(self._epoch_order)
        # pictures of one epoch that a step may take; one that takes fewer leaves the rest out
        self._most = config.pictures_at(config.smallest_px or config.input_px)

    def from_step(self, step: int) -> Iterator[SceneBatch]:
        """The batches of the steps after `step` to the last."""
        with ThreadPoolExecutor(self._workers) as pool:
            waiting: deque[Future] = deque()
            for number in range(step, self._config.steps):
                pictures = range(self._config.pictures_at(self._config.side_px(number)))
                samples = [pool.submit(self._sample, number, slot) for slot in pictures]
                # what a task waits for was submitted before it, so that even one thread comes to an end
                waiting.append(pool.submit(self._batch, number, samples))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _sample(self, step: int, slot: int) -> SceneSample:
        place = step * self._most + slot
        epoch, index = divmod(place, len(self._source))
        number = int(self._order(epoch)[index])
        rng = np.random.default_rng(stream_seed(self._config.seed, "scene", str(step), str(slot)))
        config = self._config
        if config.blank_share and rng.random() < config.blank_share:
            return blank_picture(config.side_px(step), rng)
        sample = check_sample(self._source[number], f"picture {number}")
        side_px = config.side_px(step)
        return augmented(
            sample, side_px, config.crop_least, config.flip_probability, rng, config.face_crops,
            config.smallest_face_px, config.face_crop_px(side_px), beyond=config.face_crops_beyond,
        )  # fmt: skip

    def _epoch_order(self, epoch: int) -> np.ndarray:
        return np.random.default_rng(stream_seed(self._config.seed, "order", str(epoch))).permutation(len(self._source))

    def _batch(self, step: int, samples: list[Future]) -> SceneBatch:
        ready = [future.result() for future in samples]
        pictures = torch.from_numpy(np.stack([sample.image for sample in ready])).to(self._device, non_blocking=True)
        generator = named_generator(self._config.seed, "colour", str(step), device=self._device)
        pictures = augment_colour(pictures.permute(0, 3, 1, 2).float() / 255, self._config.augmentation, generator)
        return SceneBatch(standardise(pictures), [as_faces(sample, self._vertices, self._device) for sample in ready])


def as_faces(sample: SceneSample, mesh_vertices: int = 0, device: torch.device | str = "cpu") -> Faces:
    """The faces of a sample as losses take them.

    Raises
    ------
    TrainingError
        The sample's mesh has another number of vertices than the network's.
    """
    kept = ~sample.ignored
    mesh = None
    if mesh_vertices:
        if sample.mesh is None:
            mesh = torch.full((int(kept.sum()), mesh_vertices, 3), torch.nan, device=device)
        elif sample.mesh.shape[1] != mesh_vertices:
            raise TrainingError(
                f"the pictures' meshes have {sample.mesh.shape[1]} vertices, the network's {mesh_vertices}; set "
                "mesh_vertices to that of the pictures"
            )
        else:
            mesh = _tensor(sample.mesh[kept], device)
    return Faces(
        _tensor(sample.boxes_xyxy[kept], device), _tensor(sample.boxes_xyxy[~kept], device),
        _tensor(sample.points5[kept], device), mesh,
    )  # fmt: skip


def _tensor(array: np.ndarray, device: torch.device | str) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32)).to(device)
