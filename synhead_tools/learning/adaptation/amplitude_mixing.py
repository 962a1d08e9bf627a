"""Pictures with a share of other pictures' low spatial frequencies, for `fourier`."""

from __future__ import annotations

import torch
from torch import Tensor


def mix_low_amplitudes(pictures: Tensor, others: Tensor, share: Tensor, band: float) -> Tensor:
    """Pictures whose slow changes of brightness and colour are as strong as those of others; phases stay.

    The amplitude A of every coefficient of the two-dimensional Fourier transform with at most ``band * S`` periods
    across and down the picture becomes (1 - share) A + share A_other, channel by channel (Yang and Soatto, CVPR 2020,
    have share 1; the mixture is that of Xu et al., CVPR 2021). Where things are is told by phases, so labels hold.

    Parameters
    ----------
    pictures, others : Tensor, shape (N, C, S, S)
        Float32 in [0, 1]; picture i takes from other i.
    share : Tensor, shape (N,)
        In [0, 1].
    band : float
        In [0, 0.5]; with less than 1 / S the mean alone.

    Returns
    -------
    Tensor, shape (N, C, S, S)
        In [0, 1]: what falls outside is cut.
    """
    side = pictures.shape[-1]
    spectrum, other = torch.fft.rfft2(pictures), torch.fft.rfft2(others)
    rows = torch.fft.fftfreq(side, device=pictures.device).abs()
    columns = torch.fft.rfftfreq(side, device=pictures.device)
    within = (rows[:, None] <= band) & (columns[None, :] <= band)
    amplitude = spectrum.abs()
    mixed = torch.lerp(amplitude, other.abs(), share.view(-1, 1, 1, 1) * within)
    return torch.fft.irfft2(torch.polar(mixed, spectrum.angle()), s=(side, side)).clamp(0, 1)
