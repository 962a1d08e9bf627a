"""Plots of what an evaluation found, in a folder of their own."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.new_folder import new_folder
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.conventions.convention import ANGLES
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.learning.scores.comparison import Comparison
from synhead_tools.learning.scores.evaluation_report import EvaluationReport
from synhead_tools.learning.scores.metrics import pitch_yaw_roll_deg
from synhead_tools.learning.scores.worst_frames import write_worst_frames

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_OURS = re.compile(r"(cumulative_error|error_by_yaw|error_by_pitch|scatter-.+|worst-.+)\.png")
_COLOURS = ("#4477aa", "#cc6633", "#228833", "#aa3377", "#66ccee", "#ccbb44", "#777777", "#000000")
_STEP_DEG = 10.0
_FEWEST_IN_BIN = 3
_MOST_POINTS = 6_000


@contextmanager
def plots_folder(out: str | os.PathLike, overwrite: bool, dataset: SampleSource) -> Iterator[Path]:
    """A folder for `write_plots` that takes its place `out` when the block ends well; see `new_folder`.

    Raises
    ------
    OutputExistsError
        `out` is there and `overwrite` is false, or it holds something other than plots.
    """
    with new_folder(out, overwrite, reads=(dataset,), check=_only_plots) as folder:
        yield folder


def write_plots(comparison: Comparison, dataset: SampleSource, folder: Path, convention: str = "biwi+") -> None:
    """Write the plots of all reports.

    ``cumulative_error.png``: for each geodesic error the share of frames with no more (CED curve);
    ``error_by_yaw.png`` and ``error_by_pitch.png``: mean geodesic error over the true angle; ``scatter-MODEL.png``:
    predicted over true pitch, yaw and roll; ``worst-MODEL.png``: see `synhead_tools.learning.scores.worst_frames`.

    Parameters
    ----------
    comparison : Comparison
        One report or several, with their rotations.
    dataset : SampleSource
        What was scored.
    folder : Path
        To write to.
    convention : str
        Of yaw and of the angles in the scatter plots.
    """
    _save(folder / "cumulative_error.png", (7, 5), lambda figure: _cumulative_error(figure, comparison))
    for angle in ("yaw", "pitch"):
        place = folder / f"error_by_{angle}.png"
        _save(place, (8, 5), lambda figure, angle=angle: _error_by_angle(figure, comparison, angle, convention))
    for name, report in comparison.reports.items():
        plain = re.sub(r"[^A-Za-z0-9.+-]+", "_", name).strip("_.") or "model"
        place = _free(folder / f"scatter-{plain}.png")
        _save(place, (13, 4.6), lambda figure, name=name, report=report: _scatter(figure, name, report, convention))
        with place.with_name(place.name.replace("scatter", "worst", 1)).open("wb") as file:
            write_worst_frames(report, dataset, file, name, convention)


def _only_plots(folder: Path) -> None:
    foreign = [path.name for path in folder.iterdir() if not _OURS.fullmatch(path.name)] if folder.is_dir() else ["it"]
    if foreign:
        raise OutputExistsError(f"{folder} holds {foreign[0]}, which is no plot; choose another place")


def _free(path: Path) -> Path:
    """`path`, or with a number where names of two models become the same."""
    number, place = 2, path
    while place.exists():
        place, number = path.with_name(f"{path.stem}-{number}{path.suffix}"), number + 1
    return place


def _save(path: Path, size_inch: tuple[float, float], draw: Callable[[Figure], None]) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size_inch, dpi=100)
    FigureCanvasAgg(figure)
    draw(figure)
    # spaces by hand: fitting them to the text would take as long again as drawing
    width, height = size_inch
    space = {"left": 0.75 / width, "right": 1 - 0.75 / width, "bottom": 0.6 / height, "top": 1 - 0.45 / height}
    figure.subplots_adjust(**space, wspace=0.25)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})  # equal data give equal bytes
    path.write_bytes(buffer.getvalue())


def _cumulative_error(figure: Figure, comparison: Comparison) -> None:
    axes = figure.subplots()
    top = 1.0
    for (name, report), colour in zip(comparison.reports.items(), cycle(_COLOURS), strict=False):
        error = np.sort(geodesic_distance_deg(report.predicted, report.true))
        share = 100 * np.arange(1, len(error) + 1) / len(error)
        axes.step(np.r_[0, error], np.r_[0, share], where="post", color=colour, label=_label(name))
        top = max(top, float(np.percentile(error, 98)))
    axes.set(xlim=(0, top), ylim=(0, 100), xlabel="geodesic error, degrees", ylabel="frames with no more, %")
    _finish(axes, "lower right")


def _error_by_angle(figure: Figure, comparison: Comparison, angle: str, convention: str) -> None:
    axes = figure.subplots()
    frames = axes.twinx()
    true = next(iter(comparison.reports.values())).true
    angle_deg = pitch_yaw_roll_deg(true, convention)[:, ANGLES.index(angle)]
    low, high = np.floor(angle_deg.min() / _STEP_DEG), np.ceil(angle_deg.max() / _STEP_DEG)
    edges = np.arange(low, max(high, low + 1) + 1) * _STEP_DEG
    number = np.clip(np.digitize(angle_deg, edges) - 1, 0, len(edges) - 2)
    counts = np.bincount(number, minlength=len(edges) - 1)
    middles = (edges[:-1] + edges[1:]) / 2
    frames.bar(middles, counts, width=0.9 * _STEP_DEG, color="#dddddd")
    frames.set_ylabel("frames (bars)")
    enough = counts >= _FEWEST_IN_BIN
    for (name, report), colour in zip(comparison.reports.items(), cycle(_COLOURS), strict=False):
        error = geodesic_distance_deg(report.predicted, report.true)
        mean = np.bincount(number, error, len(counts)) / np.maximum(counts, 1)
        axes.plot(middles[enough], mean[enough], "o-", color=colour, label=_label(name))
    axes.set(xlabel=f"true {angle}, degrees ({convention})", ylabel="mean geodesic error, degrees")
    axes.set_ylim(bottom=0)
    axes.set_zorder(frames.get_zorder() + 1)
    axes.patch.set_visible(False)
    _finish(axes, "best")


def _scatter(figure: Figure, name: str, report: EvaluationReport, convention: str) -> None:
    rows = np.unique(np.linspace(0, len(report.true) - 1, _MOST_POINTS).round().astype(int))
    true, said = (pitch_yaw_roll_deg(of[rows], convention) for of in (report.true, report.predicted))
    for axes, column, angle in zip(figure.subplots(1, 3), range(3), ANGLES, strict=True):
        both = np.r_[true[:, column], said[:, column]]
        ends = np.array([both.min() - 3, both.max() + 3])
        axes.plot(ends, ends, color="#777777", linewidth=1)
        axes.scatter(true[:, column], said[:, column], s=10, color=_COLOURS[0], alpha=0.5, linewidths=0)
        axes.set(xlim=ends, ylim=ends, xlabel=f"true {angle}, degrees", ylabel=f"predicted {angle}, degrees")
        axes.set_aspect("equal")
        axes.grid(alpha=0.3)
    figure.suptitle(f"{_label(name)}: {len(report.true)} frames, {convention}")


def _finish(axes: Axes, place: str) -> None:
    axes.grid(alpha=0.3)
    axes.legend(loc=place)


def _label(name: str) -> str:
    """A name as matplotlib shows it: nothing in it is a formula, and a first underscore hides nothing."""
    return ("\u200b" + name if name.startswith("_") else name).replace("$", r"\$")
