"""Relative pose consistency: target pictures teach by how answers must change when pictures are turned and mirrored.

After Kuhnke and Ostermann, FG 2021: no target label is known, but a picture that was turned in its plane or mirrored
shows a rotation that is known relative to that of the picture as it was. As there, who answers the picture as it is is
a teacher, the running mean of the network's weights (Tarvainen and Valpola, NeurIPS 2017). Source samples are drawn by
PADACO's weights, so that poses which the target does not have do not take part.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from synhead_tools.learning.adaptation.instance_weights import count_nearest_sources
from synhead_tools.learning.adaptation.method import regression_loss
from synhead_tools.learning.adaptation.schedules import reversal_scale
from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.model import PoseNetwork
from synhead_tools.learning.pictures.augment_geometry import jitter_euler_deg, no_jitter
from synhead_tools.learning.pictures.batches import SourceBatch, TargetBatch
from synhead_tools.learning.pose_heads.label_scale import LabelScale


class RelativePose:
    """Regression on the source, and on target pictures agreement with a teacher that sees them as they are.

    The network sees a target picture turned, mirrored, shifted and recoloured; the teacher sees its face box as it is
    and mirrored, and answers midway between the two. That answer, turned and mirrored as the picture was, is wanted
    from the network. The weight of this loss rises to ``consistency_weight`` as DANN's lambda does.

    Parameters
    ----------
    config : TrainConfig
        Loss, N_n, weight of the consistency, decay of the teacher.
    n_features : int
        Not needed here.
    """

    uses_target = True
    uses_target_labels = False
    uses_plain_target = True
    weighs_losses = False
    discriminator = None

    def __init__(self, config: TrainConfig, n_features: int) -> None:
        self._config = config
        self._teacher: PoseNetwork | None = None
        self._scale: LabelScale | None = None

    def source_weights(self, source_rotmat: np.ndarray, predict_target: Callable[[], np.ndarray]) -> np.ndarray:
        """PADACO's W, by `count_nearest_sources`."""
        config = self._config
        return count_nearest_sources(source_rotmat, predict_target(), config.n_neighbours, config.neighbour_metric)

    def begin(self, passes: DomainPasses, scale: LabelScale) -> None:
        """The teacher starts as the network."""
        self._teacher, self._scale = copy.deepcopy(passes.network).eval().requires_grad_(False), scale

    def losses(
        self, passes: DomainPasses, source: SourceBatch, target: TargetBatch | None, progress: float
    ) -> dict[str, Tensor]:
        """``total`` = regression + weight * consistency."""
        features_source, features_target = passes.pair(source.pictures, target.pictures)
        head = passes.network.pose_head
        regression = regression_loss(head(features_source), source, self._config)
        answers_deg = jitter_euler_deg(self._teacher_euler_deg(passes, target.plain_pictures), target.jitter)
        consistency = head.loss(head(features_target), head.wanted(answers_deg, self._scale), self._config)
        weight = reversal_scale(progress, self._config.consistency_weight)
        return {
            "total": regression + weight * consistency,
            "regression": regression,
            "consistency": consistency,
            "consistency_weight": torch.full((), weight, device=consistency.device),
        }

    @torch.no_grad()
    def after_step(self, passes: DomainPasses) -> None:
        """The teacher follows the network's weights, and has the BatchNorm statistics that would serve at test time."""
        with passes.evaluating() as network:
            for mine, other in zip(self._teacher.parameters(), network.parameters(), strict=True):
                mine.lerp_(other, 1.0 - self._config.teacher_decay)
            for mine, other in zip(self._teacher.buffers(), network.buffers(), strict=True):
                mine.copy_(other)

    def state(self) -> dict[str, Tensor]:
        """The teacher."""
        return self._teacher.state_dict()

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take over what `state` gave."""
        self._teacher.load_state_dict(state)

    @torch.no_grad()
    def _teacher_euler_deg(self, passes: DomainPasses, pictures: Tensor) -> Tensor:
        """Triples (N, 3) in degrees, midway between the answers for pictures (N, 3, S, S) and their mirror images."""
        n, head = len(pictures), self._teacher.pose_head
        with passes.autocast(pictures.device.type):
            features = self._teacher.features(torch.cat([pictures, pictures.flip(-1)]))
        triples = head.euler_deg(head(features), self._scale)
        mirrored = jitter_euler_deg(triples[n:], no_jitter(n, pictures.device, mirrored=True))
        apart = torch.remainder(mirrored - triples[:n] + 180.0, 360.0) - 180.0
        return triples[:n] + apart / 2
