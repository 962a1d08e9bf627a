"""Three turns about coordinate axes, to and from unit quaternions: the mathematics under every Euler convention.

For turns a, b, c about the fixed axes i, j, k, in this order, with e = +1 for an even and -1 for an odd order of axes
and C, S the cosine and sine of half of b:

    three axes (Tait-Bryan):  w + j = (C + S) cos((a - e c) / 2)     w - j = (C - S) cos((a + e c) / 2)
                              i - e k = (C + S) sin((a - e c) / 2)   i + e k = (C - S) sin((a + e c) / 2)
    two axes (proper Euler):  w = C cos((a + c) / 2)                 j = S cos((c - a) / 2)
    (k the axis not used)     i = C sin((a + c) / 2)                 e k = S sin((c - a) / 2)

Sum and difference of the outer turns are read off one pair each, so that nothing cancels next to gimbal lock, where
C - S (or S, ...) vanishes and the entries of the matrix lose half of their digits. After E. Bernardes and S. Viollet,
"Quaternion to Euler angles conversion: A direct, general and computationally efficient method", PLoS ONE 17 (2022).
"""

from __future__ import annotations

from itertools import product

import numpy as np

LOCK = 1e-10
"""Half angle in radians between the middle turn and gimbal lock below which the last turn is written as 0.

The rotation then moves by less than 4e-10; farther from lock, both outer turns are defined to more digits than that.
"""

SEQUENCES = tuple("".join(axes) for axes in product("xyz", repeat=3) if axes[0] != axes[1] != axes[2])
"""The 12 sequences of axes of which no two neighbours are the same."""


def is_proper(sequence: str) -> bool:
    """Whether the first and last turn are about the same axis (proper Euler angles, not Tait-Bryan angles)."""
    return sequence[0].lower() == sequence[2].lower()


def quat_xyzw_from_turns(turns_rad: np.ndarray, sequence: str) -> np.ndarray:
    """Unit quaternions of turns about coordinate axes.

    Parameters
    ----------
    turns_rad : array, shape (N, 3)
        Right-handed turns in radians, in the order of `sequence`.
    sequence : str
        Three axes as SciPy spells them: lower case about fixed axes (extrinsic), upper case about axes that turn along
        (intrinsic).

    Returns
    -------
    array, shape (N, 4)
        Scalar last; the sign is arbitrary.
    """
    (i, j, k), parity, turns = _fixed_axes(sequence, turns_rad)
    half = 0.5 * turns
    cosine, sine = np.cos(half), np.sin(half)
    (c1, c2, c3), (s1, s2, s3) = cosine.T, sine.T
    quat = np.empty((len(half), 4))
    if is_proper(sequence):
        quat[:, 3] = c2 * (c1 * c3 - s1 * s3)
        quat[:, i] = c2 * (s1 * c3 + c1 * s3)
        quat[:, j] = s2 * (c1 * c3 + s1 * s3)
        quat[:, k] = parity * s2 * (c1 * s3 - s1 * c3)
    else:
        quat[:, 3] = c1 * c2 * c3 + parity * (s1 * s2 * s3)
        quat[:, i] = s1 * c2 * c3 - parity * (c1 * s2 * s3)
        quat[:, j] = c1 * s2 * c3 + parity * (s1 * c2 * s3)
        quat[:, k] = c1 * c2 * s3 - parity * (s1 * s2 * c3)
    return quat


def turns_from_quat_xyzw(quat_xyzw: np.ndarray, sequence: str) -> np.ndarray:
    """Turns about coordinate axes of quaternions.

    Parameters
    ----------
    quat_xyzw : array, shape (N, 4)
        Of any length but zero, scalar last.
    sequence : str
        As for `quat_xyzw_from_turns`.

    Returns
    -------
    array, shape (N, 3)
        Radians, in the order of `sequence`. The outer turns lie in (-pi, pi], the middle one in [-pi/2, pi/2], for
        proper Euler sequences in [0, pi]. At gimbal lock (see `LOCK`) the last turn is 0.
    """
    (i, j, k), parity, _ = _fixed_axes(sequence, None)
    w, a, b, c = quat_xyzw[:, 3], quat_xyzw[:, i], quat_xyzw[:, j], parity * quat_xyzw[:, k]
    if is_proper(sequence):
        sum_pair, difference_pair, sign, offset = (w, a), (b, c), 1, 0.0
    else:
        sum_pair, difference_pair, sign, offset = (w - b, a + c), (w + b, c - a), parity, np.pi / 2
    length_sum, length_difference = np.hypot(*sum_pair), np.hypot(*difference_pair)
    half_sum = np.arctan2(sum_pair[1], sum_pair[0])
    half_difference = np.arctan2(difference_pair[1], difference_pair[0])
    small = LOCK * (length_sum + length_difference)
    # either pair may vanish: what it would say is noise, and the freedom it leaves is used to make the last turn 0
    keep = 1 if sequence.isupper() else -1  # the last turn about turning axes is the first one about fixed axes
    half_sum = np.where(length_sum <= small, keep * half_difference, half_sum)
    half_difference = np.where(length_difference <= small, keep * half_sum, half_difference)
    first, last = half_sum - half_difference, sign * (half_sum + half_difference)
    middle = 2 * np.arctan2(length_difference, length_sum) - offset
    turns = np.stack([_wrapped(first), middle, _wrapped(last)], axis=1)
    return turns[:, ::-1] if sequence.isupper() else turns


def other_turns(turns_rad: np.ndarray, sequence: str) -> np.ndarray:
    """The other turns (N, 3) that make the same rotation: (a + pi, pi - b, c + pi), or (a + pi, -b, c + pi) if proper.

    Away from gimbal lock a rotation has exactly these two triples within a full turn; the middle one of the second
    lies outside of the range that `turns_from_quat_xyzw` writes.
    """
    middle = -turns_rad[:, 1] if is_proper(sequence) else np.pi - turns_rad[:, 1]
    others = np.stack([turns_rad[:, 0] + np.pi, middle, turns_rad[:, 2] + np.pi], axis=1)
    return _wrapped(others)


def _fixed_axes(sequence: str, turns_rad: np.ndarray | None) -> tuple[tuple[int, int, int], int, np.ndarray | None]:
    """Axes i, j and the remaining one, the parity of their order, and the turns, all about fixed axes."""
    axes = sequence.lower()
    if sequence.isupper():  # turns about axes that turn along are turns about fixed axes in reverse order
        axes = axes[::-1]
        turns_rad = None if turns_rad is None else turns_rad[:, ::-1]
    i, j = "xyz".index(axes[0]), "xyz".index(axes[1])
    return (i, j, 3 - i - j), (1 if (j - i) % 3 == 1 else -1), turns_rad


def _wrapped(angle_rad: np.ndarray) -> np.ndarray:
    """`angle_rad`, within (-3 pi, 3 pi), in (-pi, pi]; angles that are there already keep every bit."""
    angle_rad = np.where(angle_rad > np.pi, angle_rad - 2 * np.pi, angle_rad)
    return np.where(angle_rad <= -np.pi, angle_rad + 2 * np.pi, angle_rad)
