"""What `identify` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from synhead_tools.geometry.conventions import EulerConvention
from synhead_tools.geometry.identify.candidates import alike_names, names_of, spelled_as_named, transposed_reading
from synhead_tools.geometry.identify.residuals import IDENTITY, Hypothesis, angle_deg
from synhead_tools.geometry.quaternions import rotmat_from_quat_xyzw

LISTED = 4
"""How many readings a verdict lists, besides all with a name, before it counts."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One reading of the labels, and how far its rotations are from the true ones.

    Attributes
    ----------
    convention : EulerConvention
        Its ``order`` tells the columns; its ``spec`` says all of it, spelled as the named convention it is or is like.
    names, alike : tuple of str
        Named conventions that are this very reading, whatever unit and order are said to be; and those that write the
        same angles in another unit or order than is found.
    residual_deg : float
        What readings are ranked by: the mean angle, a frame counting as `Identification.cap_deg` at most.
    mean_deg, median_deg, p95_deg : float
        Plain mean, median and 95 % quantile of the angles. Like the residual, these are of all frames for the best
        readings (all up to 2000 frames, sixteen at least), of a sample of 2000 for the others.
    side : str
        Where a constant rotation C was fitted: ``"none"``, ``"head"`` (R = R_reading C), ``"camera"``
        (R = C R_reading).
    constant : array, shape (3, 3)
        C; the identity where none was fitted.
    constant_deg : float
        Angle of C.
    transposed : bool
        Whether this reading is for true rotations that were R_camera_to_head.
    """

    convention: EulerConvention
    names: tuple[str, ...]
    alike: tuple[str, ...]
    residual_deg: float
    mean_deg: float
    median_deg: float
    p95_deg: float
    side: str
    constant: np.ndarray
    constant_deg: float
    transposed: bool = False

    @property
    def label(self) -> str:
        """Its names or, without any, its spec, and whether the true rotations are taken for transposed."""
        text = " = ".join(self.names) or self.convention.spec
        if not self.names and self.alike:
            text += f" ({' = '.join(self.alike)} in another unit or order)"
        return f"{text} if the rotations are transposed" if self.transposed else text


@dataclass(frozen=True, eq=False)
class Identification:
    """Readings of the labels, the best first, and how sure the first one is.

    Attributes
    ----------
    frames : int
    ranked : tuple of Candidate
        The best group, those with a name first, for its order is chance; then all others, by residual.
    groups : tuple of tuple of Candidate
        The same readings, sorted by which the frames cannot tell apart, the best group first: rotations of a group's
        readings differ from those of its first by less than `tolerance_deg`, root mean square over the frames.
    rivals : tuple of Candidate
        Readings beside the first of `ranked` that may be the right one: the rest of the best group, and the groups
        that have a smaller residual in more than 5 % of the resamplings of the frames. None where none fits.
    certainty : str
        ``"certain"``: no rivals, the residual of the best of the other groups is twice as large or more (a hundred
        times, with fewer than ten frames, which do not tell their noise), and the best group wins in 99 % of the
        resamplings. ``"likely"``: no rivals, but less than that. ``"cannot tell"``: rivals.
        ``"none fits"``: the best residual exceeds 10 degrees, or 2 degrees and half of `spread_deg`.
    ratio : float
        Residual of the best reading outside of the best group over that of the best one, of all frames or without the
        worst tenth, whichever is larger; infinite if there is none.
    win_fraction : float
        Part of the resamplings of the frames, with replacement, in which the best group has the smallest residual.
        Frames are taken for independent, which those of a film are not.
    tolerance_deg, cap_deg : float
        See `groups` and `Candidate.residual_deg`.
    spread_deg : float
        Mean angle of the true rotations to their mean, without the worst tenth of the frames.
    still : tuple of str
        Columns that do not move enough to tell their sign.
    """

    frames: int
    ranked: tuple[Candidate, ...]
    groups: tuple[tuple[Candidate, ...], ...]
    rivals: tuple[Candidate, ...]
    certainty: str
    ratio: float
    win_fraction: float
    tolerance_deg: float
    cap_deg: float
    spread_deg: float
    still: tuple[str, ...]

    @property
    def best(self) -> Candidate:
        """The first of `ranked`."""
        return self.ranked[0]

    @property
    def verdict(self) -> str:
        """One line: how sure, which reading or readings, and what stands in the way of telling more."""
        best = self.best
        if self.certainty == "none fits":
            return (
                f"none fits (best residual {best.residual_deg:.3g} deg): labels and rotations may not be of the same "
                "frames, or a constant rotation lies between them"
            )
        if not self.rivals:
            return f"{self.certainty}: {best.label}{_if_transposed(best)}"
        told = sorted((best, *self.rivals), key=lambda candidate: not candidate.names)
        shown = [candidate.label for candidate in told if candidate.names]
        shown += [candidate.label for candidate in told[len(shown) : LISTED]]
        more = f" and {len(told) - len(shown)} more" if len(told) > len(shown) else ""
        listed = ", ".join(shown) if len(shown) > 2 or more else " and ".join(shown)
        return f"{self.certainty}: {listed}{more}; {self._obstacle()}"

    def _obstacle(self) -> str:
        if all(rival.transposed for rival in self.rivals):
            return "labels do not tell rotations from transposed ones"
        if len(self.still) == 3:
            return "the labels never move"
        if self.still:
            return f"{' and '.join(self.still)} never move{'s' if len(self.still) == 1 else ''}"
        if len(self.groups[0]) == 1:
            return f"the first is better in {self.win_fraction:.0%} of the resamplings of {self.frames} frames"
        return (
            f"readings that differ by less than {self.tolerance_deg:.2g} deg are the same on {self.frames} "
            f"frame{'s' * (self.frames != 1)} with a residual of {self.best.residual_deg:.2g} deg"
        )


def candidate_of(
    hypothesis: Hypothesis,
    angles_deg: np.ndarray,
    residual_deg: float,
    order: Sequence[str] | None,
    unit: str | None,
) -> Candidate:
    """Describe a reading whose angles to the true rotations are `angles_deg`; `order` and `unit` as in `names_of`."""
    names = names_of(hypothesis.convention, order, unit)
    alike = alike_names(hypothesis.convention, order, unit)
    return Candidate(
        convention=spelled_as_named(hypothesis.convention, names or alike),
        names=names,
        alike=alike,
        residual_deg=residual_deg,
        mean_deg=float(angles_deg.mean()),
        median_deg=float(np.median(angles_deg)),
        p95_deg=float(np.quantile(angles_deg, 0.95)),
        side=hypothesis.side,
        constant=rotmat_from_quat_xyzw(hypothesis.constant),
        constant_deg=float(angle_deg(hypothesis.constant, IDENTITY)),
    )


def twin_of(candidate: Candidate, order: Sequence[str] | None, unit: str | None) -> Candidate:
    """The reading of the same labels, as good to the last digit, for true rotations that were transposed."""
    convention = transposed_reading(candidate.convention)
    names, alike = names_of(convention, order, unit), alike_names(convention, order, unit)
    return replace(
        candidate,
        convention=spelled_as_named(convention, names or alike),
        names=names,
        alike=alike,
        side={"head": "camera", "camera": "head"}.get(candidate.side, candidate.side),
        constant=candidate.constant.T,
        transposed=True,
    )


def _if_transposed(best: Candidate) -> str:
    """A hint where the reading itself has no name but that for transposed rotations does."""
    names = () if best.names or best.alike else names_of(transposed_reading(best.convention), best.convention.order)
    return f" (or {' = '.join(names)}, if the rotations are R_camera_to_head)" if names else ""
