"""What is read off the context modules: 1x1 convolutions for class, box and points, and the mesh branch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from synhead_tools.learning.detection.anchors import SIZES_PER_CELL

CLASSES = 2
BOX_NUMBERS = 4
POINTS = 5


class OutputConvolution(nn.Module):
    """A 1x1 convolution that gives some numbers for each anchor, on every level.

    Parameters
    ----------
    channels : int
        That come in.
    numbers : int
        Per anchor.
    levels : int
        How many levels there are; they share one convolution if `shared`.
    shared : bool
    """

    def __init__(self, channels: int, numbers: int, levels: int, shared: bool) -> None:
        super().__init__()
        self.numbers, self.shared = numbers, shared
        count = 1 if shared else levels
        self.levels = nn.ModuleList(nn.Conv2d(channels, SIZES_PER_CELL * numbers, 1) for _ in range(count))
        for layer in self.levels:
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps (N, channels, H, W) of all levels to (N, A, numbers), in the order of the anchors."""
        layers = [self.levels[0]] * len(maps) if self.shared else self.levels
        answers = [layer(level) for layer, level in zip(layers, maps, strict=True)]
        return torch.cat([a.permute(0, 2, 3, 1).reshape(len(a), -1, self.numbers) for a in answers], dim=1)


class MeshBranch(nn.Module):
    """Meshes of single anchors.

    It is a 1x1 convolution too: a linear map of the features of the anchor's cell, one for each anchor of a cell. But
    9,216 channels on every cell of 640 x 640 px would fill gigabytes, so that it is computed where it is asked for:
    at positive anchors in training, at faces that were found afterwards.

    Parameters
    ----------
    channels, vertices, rank : int
        See `synhead_tools.learning.detection.config.DetectorConfig`.
    mean : Tensor, shape (vertices, 3), optional
        What an untrained branch answers, in anchor sizes; zeros by default.
    """

    def __init__(self, channels: int, vertices: int, rank: int = 0, mean: Tensor | None = None) -> None:
        super().__init__()
        self.vertices, self.rank = vertices, rank
        inner = rank or 3 * vertices
        self.weight = nn.Parameter(torch.randn(SIZES_PER_CELL, channels, inner) * 0.01)
        self.bias = nn.Parameter(torch.zeros(SIZES_PER_CELL, inner))
        self.basis = nn.Linear(rank, 3 * vertices) if rank else None
        start = torch.zeros(3 * vertices) if mean is None else mean.reshape(-1).float()
        with torch.no_grad():
            if self.basis is None:
                self.bias.copy_(start)
            else:
                nn.init.normal_(self.basis.weight, std=0.1)
                self.basis.bias.copy_(start)
                if mean is not None:
                    self._begin_with_affine_maps(mean)

    def _begin_with_affine_maps(self, mean: Tensor) -> None:
        """Let the first 12 of the numbers that meshes are made of turn, stretch and move the mean face."""
        mesh = self.basis.weight.view(self.vertices, 3, self.rank)
        for axis in range(min(3, self.rank // 4)):
            maps = mesh[:, axis, 4 * axis : 4 * axis + 4]
            mesh[..., 4 * axis : 4 * axis + 4].zero_()
            maps[:, :3], maps[:, 3] = mean - mean.mean(dim=0), 0.5

    def forward(self, features: Tensor, size_index: Tensor) -> Tensor:
        """Meshes (M, vertices, 3) in anchor sizes, of the features (M, channels) of cells and the anchor's number (M,).

        The anchor's number counts the anchors of a cell from the smallest.
        """
        inner = features.new_zeros(len(features), self.weight.shape[2])
        for size in range(SIZES_PER_CELL):
            chosen = torch.nonzero(size_index == size).flatten()
            answer = torch.addmm(self.bias[size], features[chosen], self.weight[size])
            inner = inner.index_copy(0, chosen, answer.to(inner.dtype))
        flat = inner if self.basis is None else self.basis(inner)
        return flat.reshape(-1, self.vertices, 3)
