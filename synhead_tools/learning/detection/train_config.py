"""How a detector is trained: frozen values, checked, that go to JSON and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synhead_tools.errors import TrainingError
from synhead_tools.learning.detection.settings import Settings, choice, number
from synhead_tools.learning.sampling import stream_seed

EPOCHS, WARM_UP_EPOCHS, DROP_EPOCHS = 80, 5, (55, 68)
"""The published schedule: the rate rises from a tenth over 5 epochs, and falls to a tenth at 55 and 68 of 80."""


@dataclass(frozen=True)
class DetectorTraining(Settings):
    """Everything that decides a training run, besides network, losses and data.

    Parameters
    ----------
    seed : int
        Decides initial weights, batches and augmentation.
    input_px, batch_size, steps : int
        Side of the square input; pictures per step; length.
    smallest_px : int
        If not 0, each step draws the side of its input, a multiple of 32, evenly over its logarithm from this to
        `input_px`; smaller inputs come in larger batches, so that all steps take about the same time.
    optimiser : str
        ``sgd`` with momentum, as published, or ``adamw``.
    learning_rate, weight_decay, momentum : float
        Rate at the top of the schedule; decay of kernels and matrices, not of biases and BatchNorm; of SGD.
    schedule : str
        ``steps``: rises from a tenth over the first sixteenth, falls to a tenth at 55/80 and at 68/80 of all steps, as
        published; ``warmup-cosine``: rises over the first sixteenth, then half a cosine to 0.
    schedule_steps : int
        Steps of the schedule, if not those of the run: a longer one is broken off.
    offset_rate : float
        Rate of the convolutions that make deformable offsets, over that of all else.
    gradient_limit : float
        Longest gradient of all weights together; longer ones are shortened.
    crop_least : float
        Smallest side of the square that is cut out, over the shorter side of the picture.
    face_crops : float
        Share of pictures whose square is chosen by the size that a face gets in it; see
        `synhead_tools.learning.detection.scene_augment.augmented`.
    face_crop_least_px, face_crop_most_px : float
        Sizes which that face gets, its longer side in the input, if not from `smallest_face_px` to the whole input.
    face_crops_beyond : float
        Share of those squares that may reach beyond the picture, as close-ups do; 0 keeps all within.
    smallest_face_px : float
        Faces smaller than this in the input are ignored.
    blank_share : float
        Share of pictures of nothing; see `synhead_tools.learning.detection.blank_pictures`.
    flip_probability, augmentation : float
        Chance of a mirrored picture; strength of colour, blur, noise and erasing.
    precision : str
        Arithmetic of the network; auto takes bfloat16 where the processor has it.
    log_every : int
        Steps per log line.
    """

    seed: int = number(0, 0, 2**63 - 1)
    input_px: int = number(640, 32, 4096)
    batch_size: int = number(32, 1, 4096)
    steps: int = number(10_000, 1, 10**8)
    smallest_px: int = number(0, 0, 4096)
    optimiser: str = choice("sgd", "adamw")
    learning_rate: float = number(1e-2, 0.0, 10.0)
    weight_decay: float = number(5e-4, 0.0, 10.0)
    momentum: float = number(0.9, 0.0, 0.999)
    schedule: str = choice("steps", "warmup-cosine")
    schedule_steps: int = number(0, 0, 10**8)
    offset_rate: float = number(0.1, 0.0, 10.0)
    gradient_limit: float = number(35.0, 1e-3, 1e6)
    crop_least: float = number(0.3, 0.05, 1.0)
    face_crops: float = number(0.0, 0.0, 1.0)
    face_crop_least_px: float = number(0.0, 0.0, 4096.0)
    face_crop_most_px: float = number(0.0, 0.0, 4096.0)
    face_crops_beyond: float = number(0.0, 0.0, 1.0)
    smallest_face_px: float = number(8.0, 1.0, 4096.0)
    blank_share: float = number(0.0, 0.0, 1.0)
    flip_probability: float = number(0.5, 0.0, 1.0)
    augmentation: float = number(1.0, 0.0, 3.0)
    precision: str = choice("auto", "float32", "bfloat16")
    log_every: int = number(25, 1, 10**6)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.input_px % 4:
            raise TrainingError(f"input_px = {self.input_px} must be a multiple of 4")
        if 0 < self.face_crop_most_px < self.face_crop_least_px:
            raise TrainingError(
                f"face_crop_least_px = {self.face_crop_least_px} must not exceed face_crop_most_px = "
                f"{self.face_crop_most_px}"
            )
        if self.smallest_px and not 32 <= self.smallest_px <= self.input_px:
            raise TrainingError(f"smallest_px = {self.smallest_px} must be 0, or from 32 to input_px = {self.input_px}")

    def face_crop_px(self, side_px: int) -> tuple[float, float]:
        """Least and largest size of the face by which a square is chosen, in inputs of this side."""
        least = min(self.face_crop_least_px or self.smallest_face_px, side_px)
        return least, max(min(self.face_crop_most_px or side_px, side_px), least)

    def pictures_at(self, side_px: int) -> int:
        """Pictures of a step whose input has this side: as many pixels as `batch_size` of `input_px` have."""
        return max(round(self.batch_size * (self.input_px / side_px) ** 2), 1)

    @property
    def mean_pictures(self) -> int:
        """Pictures of a step in the mean of the first thousand."""
        return round(np.mean([self.pictures_at(self.side_px(step)) for step in range(min(self.steps, 1000))]))

    def side_px(self, step: int) -> int:
        """Side of the input in a step; it follows from `seed` and `step`."""
        if not self.smallest_px:
            return self.input_px
        share = np.random.default_rng(stream_seed(self.seed, "side", str(step))).random()
        side = self.smallest_px * (self.input_px / self.smallest_px) ** share
        return int(np.clip(round(side / 32) * 32, self.smallest_px, self.input_px))

    def rate_factor(self, step: int) -> float:
        """Share of `learning_rate` of the step after `step` steps."""
        from synhead_tools.learning.adaptation.schedules import learning_rate_factor

        progress, warm_up = step / (self.schedule_steps or self.steps), WARM_UP_EPOCHS / EPOCHS
        if self.schedule == "warmup-cosine":
            return learning_rate_factor(progress, "warmup-cosine", warm_up)
        if progress < warm_up:
            return 0.1 + 0.9 * progress / warm_up
        return 0.1 ** sum(progress >= epoch / EPOCHS for epoch in DROP_EPOCHS)
