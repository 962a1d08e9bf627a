"""What a training run is made of: one frozen value, checked, that goes to JSON and back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from typing import Any

from synhead_tools.errors import TrainingError
from synhead_tools.learning.adaptation import METHODS
from synhead_tools.learning.backbones import BACKBONES
from synhead_tools.learning.pose_heads import POSE_HEADS

BN_MODES = ("frozen", "source", "separate", "joint")
PRECISIONS = ("auto", "float32", "bfloat16")
COMPILE_MODES = ("off", "default", "reduce-overhead", "max-autotune")

_CHOICES = {
    "schedule": ("warmup-cosine", "constant"),
    "regression_loss": ("smooth-l1", "l1", "l2"),
    "neighbour_metric": ("geodesic", "euler"),
    "discriminator": ("dropout", "pada", "batch-norm", "small"),
    "bn_mode": BN_MODES,
    "precision": PRECISIONS,
    "compile": COMPILE_MODES,
}
# name: (lowest, highest) allowed, both included
_RANGES = {
    "seed": (0, 2**63 - 1),
    "backbone_width": (4, 512),
    "input_px": (16, 1024),
    "margin": (1.0, 4.0),
    "batch_size": (2, 2**16),
    "stage1_steps": (0, 10**8),
    "stage2_steps": (0, 10**8),
    "learning_rate": (0.0, 10.0),
    "stage2_learning_rate": (0.0, 10.0),
    "discriminator_lr_factor": (0.0, 1000.0),
    "weight_decay": (0.0, 10.0),
    "warmup": (0.0, 1.0),
    "smooth_l1_beta": (1e-6, 1e3),
    "n_neighbours": (1, 10**9),
    "lambda_max": (0.0, 100.0),
    "weights_every": (0, 10**8),
    "pada_threshold_deg": (1e-3, 180.0),
    "consistency_weight": (0.0, 1000.0),
    "teacher_decay": (0.0, 1.0),
    "gram_angle_weight": (0.0, 1000.0),
    "gram_scale_weight": (0.0, 1000.0),
    "gram_share": (0.0, 1.0),
    "fourier_band": (0.0, 0.5),
    "fourier_share": (0.0, 1.0),
    "discriminator_width": (1, 65536),
    "discriminator_dropout": (0.0, 0.95),
    "crop_scale_jitter": (0.0, 0.5),
    "crop_shift_jitter": (0.0, 0.5),
    "turn_deg": (0.0, 45.0),
    "flip_probability": (0.0, 1.0),
    "augmentation": (0.0, 3.0),
    "context_turn_deg": (0.0, 180.0),
    "log_every": (1, 10**6),
}


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a training run, besides its data.

    Parameters
    ----------
    method : str
        A name of `synhead_tools.learning.adaptation.METHODS`.
    seed : int
        Decides initial weights, batches and augmentation.
    backbone, backbone_width : str, int
        Network and the channels of its first stage (64 as published).
    head : str
        Pose head: ``euler``, three z-scored angles as published, or ``rot6d``, six numbers under a geodesic loss.
    input_px, margin : int, float
        Side of the network's input in pixels; side of the stored crop over it, the room for shifts and turns.
        Both sides must be even numbers of pixels so that the unjittered crop falls on whole pixels.
    batch_size : int
        Samples per domain and step.
    stage1_steps, stage2_steps : int
        Steps of source regression; steps of the method after it.
    learning_rate, stage2_learning_rate, weight_decay : float
        AdamW; decay acts on matrices and kernels only.
    discriminator_lr_factor : float
        The discriminator's rate over the network's (10 in PADA).
    schedule, warmup : str, float
        Rise over the first share `warmup` of a stage, then a half cosine to 0; or constant.
    regression_loss, smooth_l1_beta : str, float
        Loss on z-scored angles, or with ``rot6d`` on the geodesic angle in radians.
    n_neighbours, neighbour_metric : int, str
        PADACO's N_n; geodesic distance, or Euclidean between (pitch, yaw, roll) as published.
    lambda_max : float
        Gradient reversal is scaled by lambda_max * (2 / (1 + exp(-10 p)) - 1) at progress p.
    weights_every : int
        Steps of stage 2 after which instance weights are made again from the network as it is; 0 makes them once.
    pada_threshold_deg : float
        PADA's t: farther from every target prediction than this, a source sample does not count.
    consistency_weight, teacher_decay : float
        Of ``relative-pose``: greatest weight of the loss on the target, rising as lambda does; share of the teacher's
        weights that is kept at every step, 0 for the network itself.
    gram_angle_weight, gram_scale_weight, gram_share : float
        Of ``dare-gram``: weights of its two losses; share of the sum of eigenvalues up to which they are kept.
    fourier_band, fourier_share : float
        Of ``fourier``: highest spatial frequency whose amplitude is mixed, periods per pixel; greatest share of the
        target picture's, 0 leaves pictures alone.
    discriminator : str
        Layout; see `synhead_tools.learning.adaptation.domain_discriminator.build_discriminator`.
    discriminator_width, discriminator_dropout : int, float
        Hidden units of the domain discriminator (1024 as published) and its dropout.
    bn_mode : str
        BatchNorm in stage 2; see `synhead_tools.learning.batch_norm`.
    crop_scale_jitter, crop_shift_jitter : float
        Standard deviations, cut at two of them: of the log scale, and of the shift in half crops.
    turn_deg : float
        Largest in-plane turn, uniform on both sides.
    flip_probability : float
        Chance of a mirrored sample, for both domains.
    augmentation : float
        Strength of colour, blur, noise and erasing; 0 switches them off.
    context_turn_deg : float
        Largest angle by which what surrounds the face is turned against it, in every second source picture.
    random_background : bool
        Source pictures with alpha get a new background in every batch; otherwise mid grey.
    init_weights : str or None
        A torchvision state dict (.safetensors or .pth) of the backbone; or ``imagenet``, or the name of one of
        torchvision's own files, which is fetched once and kept.
    init_sha256 : str or None
        What the file's sha256 must begin with.
    precision : str
        Arithmetic of the forward pass; auto takes bfloat16 where the processor has it.
    compile : str
        A mode of torch.compile for the backbone; ``reduce-overhead`` and ``max-autotune`` use CUDA graphs. It does not
        pay on a CPU, and has not been measured on a GPU.
    log_every : int
        Steps per log line.

    Raises
    ------
    TrainingError
        A value is of the wrong type or outside its range.
    """

    method: str = "padaco"
    seed: int = 0
    backbone: str = "resnet18"
    backbone_width: int = 64
    head: str = "euler"
    input_px: int = 64
    margin: float = 1.5
    batch_size: int = 64
    stage1_steps: int = 1500
    stage2_steps: int = 500
    learning_rate: float = 1e-3
    stage2_learning_rate: float = 1e-4
    discriminator_lr_factor: float = 10.0
    weight_decay: float = 0.02
    schedule: str = "warmup-cosine"
    warmup: float = 0.1
    regression_loss: str = "smooth-l1"
    smooth_l1_beta: float = 0.15
    n_neighbours: int = 50
    neighbour_metric: str = "geodesic"
    lambda_max: float = 0.1
    weights_every: int = 0
    pada_threshold_deg: float = 15.0
    consistency_weight: float = 1.0
    teacher_decay: float = 0.99
    gram_angle_weight: float = 0.05
    gram_scale_weight: float = 0.001
    gram_share: float = 0.9
    fourier_band: float = 0.05
    fourier_share: float = 1.0
    discriminator: str = "dropout"
    discriminator_width: int = 1024
    discriminator_dropout: float = 0.5
    bn_mode: str = "frozen"
    crop_scale_jitter: float = 0.07
    crop_shift_jitter: float = 0.06
    turn_deg: float = 10.0
    flip_probability: float = 0.5
    augmentation: float = 1.0
    context_turn_deg: float = 0.0
    random_background: bool = True
    init_weights: str | None = None
    init_sha256: str | None = None
    precision: str = "auto"
    compile: str = "off"
    log_every: int = 25

    def __post_init__(self) -> None:
        METHODS[self.method], BACKBONES[self.backbone], POSE_HEADS[self.head]  # UnknownNameError lists the known ones
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise TrainingError(f"{name} = {getattr(self, name)!r} must be one of {', '.join(choices)}")
        for name, (low, high) in _RANGES.items():
            _check_number(name, getattr(self, name), type(getattr(type(self), name)), low, high)
        if not isinstance(self.random_background, bool):
            raise TrainingError(f"random_background = {self.random_background!r} must be true or false")
        for name, what in (("init_weights", "a path or null"), ("init_sha256", "hexadecimal digits or null")):
            if not isinstance(getattr(self, name), (str, type(None))):
                raise TrainingError(f"{name} = {getattr(self, name)!r} must be {what}")
        for name, side in (("input_px", self.input_px), ("input_px * margin", self.input_px * self.margin)):
            if side % 2:
                raise TrainingError(f"{name} = {side:g} must be an even number of pixels; change input_px or margin")

    @property
    def crop_px(self) -> int:
        """Side of a stored crop, pixels."""
        return round(self.input_px * self.margin)

    def to_dict(self) -> dict[str, Any]:
        """All settings as plain values."""
        return asdict(self)

    def to_json(self) -> str:
        """All settings as JSON text."""
        return json.dumps(self.to_dict(), indent=2)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TrainConfig:
        """A config of plain values; what is left out keeps its default.

        Raises
        ------
        TrainingError
            A key is unknown or a value is not allowed.
        """
        known = [field.name for field in fields(cls)]
        for key in values:
            if key not in known:
                near = get_close_matches(key, known, 1)
                hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
                raise TrainingError(f"unknown training setting {key!r}{hint}")
        return cls(**values)

    @classmethod
    def from_json(cls, text: str) -> TrainConfig:
        """A config of JSON text; the inverse of `to_json`."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:  # also endless numbers and endless brackets
            raise TrainingError(f"training settings are not JSON: {error}") from None
        if not isinstance(values, dict):
            raise TrainingError(f"training settings must be a JSON object, got {type(values).__name__}")
        return cls.from_dict(values)


def _check_number(name: str, value: Any, kind: type, low: float, high: float) -> None:
    """Raise unless `value` is a number of `kind` (an int also counts as a float) in [low, high]."""
    right_type = isinstance(value, int if kind is int else (int, float)) and not isinstance(value, bool)
    if not right_type:
        raise TrainingError(f"{name} = {value!r} must be {'an integer' if kind is int else 'a number'}")
    if not low <= value <= high:
        raise TrainingError(f"{name} = {value!r} must be between {low:g} and {high:g}")
