"""The report as a picture: residuals, coverage and reuse above; poses of source, target and result below."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.formats.atomic import atomic_write_bytes
from synhead_tools.geometry.conventions import EulerConvention, get_convention
from synhead_tools.geometry.conventions.looks import looks
from synhead_tools.geometry.euler import angles_of_triples, euler_from_rotmat
from synhead_tools.matching.in_plane import turn_about_optical_axis
from synhead_tools.matching.match_poses import Matches
from synhead_tools.matching.report import WITHIN_DEG, YAW_EDGES_DEG, nearest_residuals_deg, yaw_bins

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = {"source": "#777777", "target": "#4477aa", "result": "#cc6633"}
_WITHIN_COLOURS = ("#225588", "#6699cc", "#bbccee")
_MOST_POINTS = 6_000


def write_match_picture(
    matches: Matches,
    source_rotmat: np.ndarray,
    target_rotmat: np.ndarray,
    path: str | os.PathLike,
    overwrite: bool = True,
    convention: str | EulerConvention = "biwi+",
) -> None:
    """Write the report as PNG.

    Parameters
    ----------
    matches : Matches
        At least one.
    source_rotmat, target_rotmat : arrays, shape (n, 3, 3), (m, 3, 3)
        What was matched: `Matches.source` and `Matches.target` are rows of them.
    path : path
    overwrite : bool
    convention : str or EulerConvention
        In which poses are stated.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    convention = get_convention(convention)
    figure = Figure(figsize=(14, 11), dpi=100)
    # spaces by hand: fitting them to the text would take as long again as drawing
    space = {"left": 0.06, "right": 0.99, "bottom": 0.05, "top": 0.94, "wspace": 0.32, "hspace": 0.4}
    axes = figure.subplots(4, 4, gridspec_kw=space)
    _draw_residuals(axes[0, 0], axes[0, 1], matches)
    _draw_coverage(axes[0, 2], matches, target_rotmat)
    _draw_uses(axes[0, 3], matches, len(source_rotmat))
    result = turn_about_optical_axis(matches.in_plane_deg) @ np.asarray(source_rotmat, float)[matches.source]
    poses = {"source": source_rotmat, "target": target_rotmat, "result": result}
    poses = {name: angles_of_triples(euler_from_rotmat(each, convention), convention) for name, each in poses.items()}
    # a few frames beyond the poles would otherwise squeeze all others into the middle
    low, high = np.percentile(np.concatenate(list(poses.values())), (0.3, 99.7), axis=0) + np.array([[-5], [5]])
    for row, (name, angles_deg) in zip(axes[1:], poses.items(), strict=True):
        _draw_poses(row, name, np.clip(angles_deg, low, high), convention)
    _share_limits(axes[1:], convention)
    figure.suptitle(
        f"{len(matches)} matches ({matches.mode}), {matches.n_targets} targets, {len(source_rotmat)} source frames"
    )
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    # without the version of matplotlib in it, equal data give equal bytes
    figure.savefig(buffer, format="png", metadata={"Software": None})
    atomic_write_bytes(path, buffer.getvalue(), overwrite)


def _draw_residuals(counts: Axes, cumulative: Axes, matches: Matches) -> None:
    """Residuals of all matches, and for each head the share of targets with a match so near."""
    top = max(float(np.percentile(matches.residual_deg, 99.5)), 1e-3)
    counts.hist(np.minimum(matches.residual_deg, top), bins=np.linspace(0, top, 41), color=_COLOURS["result"])
    counts.set(xlabel="residual (degrees; last bar: all beyond)", ylabel="matches")
    for residual_deg, head in zip(nearest_residuals_deg(matches), matches.asked, strict=True):
        found = np.sort(residual_deg[np.isfinite(residual_deg)])
        share = (np.arange(len(found)) + 1) / matches.n_targets
        thin = slice(None, None, max(1, len(found) // 2000))
        cumulative.plot(found[thin], share[thin], linewidth=1, label=head.decode())
    cumulative.set(
        xlabel="residual of the nearest match (degrees)", ylabel="share of targets", xlim=(0, top), ylim=(0, 1)
    )
    if 1 < len(matches.asked) <= 10:
        cumulative.legend(fontsize=6, ncols=2, loc="lower right")


def _draw_coverage(axes: Axes, matches: Matches, target_rotmat: np.ndarray) -> None:
    """Share of targets within `WITHIN_DEG`, mean over heads, by yaw; as wide as the bins."""
    nearest, which = nearest_residuals_deg(matches), yaw_bins(target_rotmat)
    edges = np.array(YAW_EDGES_DEG)
    for limit, colour in reversed(list(zip(WITHIN_DEG, _WITHIN_COLOURS, strict=True))):
        for i in np.unique(which):
            share = (nearest[:, which == i] <= limit).mean()
            axes.bar(edges[i], share, edges[i + 1] - edges[i], align="edge", color=colour, edgecolor="white")
        axes.bar(0, 0, color=colour, label=f"within {limit} deg")
    present = np.unique(which)
    axes.set(xlabel="yaw of the target (degrees, biwi+)", ylabel="share, mean over heads", ylim=(0, 1))
    axes.set_xlim(edges[present[0]], edges[present[-1] + 1])
    axes.legend(fontsize=7, loc="lower center")


def _draw_uses(axes: Axes, matches: Matches, n_source: int) -> None:
    """How many source frames are used how often; unused ones are told in words."""
    uses = np.bincount(matches.source, minlength=n_source)
    times, frames = np.unique(uses[uses > 0], return_counts=True)
    if len(times) <= 12:
        axes.bar(times.astype(str), frames, color=_COLOURS["result"])
    else:
        axes.plot(times, frames, ".", color=_COLOURS["result"])
        axes.set(xscale="log", yscale="log")
    axes.set(xlabel="uses of a source frame", ylabel="source frames")
    axes.set_title(f"{(uses > 0).sum()} of {n_source} frames used", fontsize=9)


def _draw_poses(row: np.ndarray, name: str, angles_deg: np.ndarray, convention: EulerConvention) -> None:
    """Histograms of the three angles, in shares, and where the second and first lie; edges hold all beyond."""
    weights = np.full(len(angles_deg), 1.0 / len(angles_deg))
    for k, angle in enumerate(convention.angles):
        low, high = np.floor(angles_deg[:, k].min() / 5) * 5, np.floor(angles_deg[:, k].max() / 5) * 5 + 5
        row[k].hist(angles_deg[:, k], bins=np.arange(low, high + 2.5, 5.0), weights=weights, color=_COLOURS[name])
        row[k].set(xlabel=f"{angle} (degrees, {convention.name})", ylabel=f"share of {name}")
    thin = angles_deg[:: max(1, len(angles_deg) // _MOST_POINTS)]
    row[3].plot(thin[:, 1], thin[:, 0], ".", markersize=1.5, alpha=0.5, color=_COLOURS[name])
    row[3].set(xlabel=convention.angles[1], ylabel=convention.angles[0])
    row[3].set_title(f"{name}: {len(angles_deg)}", fontsize=9)


def _share_limits(rows: np.ndarray, convention: EulerConvention) -> None:
    """The same limits in every row of poses, so that columns compare by eye."""
    for column in rows.T:
        for side in ("x", "y"):
            limits = np.array([getattr(axes, f"get_{side}lim")() for axes in column])
            for axes in column:
                getattr(axes, f"set_{side}lim")(limits[:, 0].min(), limits[:, 1].max())
    up_and_down, sideways = looks(convention)[:2]
    for axes in rows[:, 3]:
        if up_and_down.face[1] > 0:
            axes.invert_yaxis()  # what looks down is drawn below, what looks to image left on the left
        if sideways.face[0] < 0:
            axes.invert_xaxis()
