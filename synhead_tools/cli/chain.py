"""The whole chain, from bundled heads to scored estimators: what ``synhead demo`` and ``synhead reproduce`` run.

Only the top floor may see all rooms, so this is where they are put one after the other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synhead_tools.cli.pose_options import PoseOptions
from synhead_tools.cli.progress import LOG_INTERVAL_S
from synhead_tools.formats.dataset import Dataset, open_dataset
from synhead_tools.formats.labels import PoseTable, write_pose_csv
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.euler import angles_of_triples, euler_from_rotmat
from synhead_tools.geometry.pose_laws import smooth_track

if TYPE_CHECKING:
    from synhead_tools.learning.config import TrainConfig
    from synhead_tools.learning.pictures.data import DomainCrops, LabelledCrops
    from synhead_tools.rendering.plan import RenderPlan

SYNHEAD, SYNHEAD_PLUS, MATCHED, TRACKS = "synhead", "synhead+", "matched", "tracks"
"""Folders that the chain makes."""

STATE_EVERY = {"cpu": 100}
"""Steps between states to resume training from, by kind of device; 1000 on others, whose steps take little time."""


@dataclass(frozen=True)
class Run:
    """One estimator to train.

    Attributes
    ----------
    title : str
        Its row in the table of results.
    method : str
        Adaptation method.
    settings : dict
        What it changes in the chain's training settings. Runs with equal ones branch from one stage 1 per seed.
    """

    title: str
    method: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ChainSettings:
    """Sizes of a run.

    Attributes
    ----------
    heads : str
        Source heads, as `synhead render` takes them.
    size_px : int
        Side of the rendered pictures.
    ranges : tuple of str
        Pitch, yaw and roll of the grid, in the `synhead` convention.
    tracks, track_frames : int
        Motion tracks, and frames of each.
    lighting : str
        Of the source pictures.
    max_targets : int, optional
        Target poses for which pictures are turned; all by default.
    frame : str
        In which target poses and labels are compared: see `synhead_tools.matching.pose_frames`.
    training : dict
        Settings of `synhead_tools.learning.config.TrainConfig`.
    runs : tuple of Run
        Estimators to compare; each is trained for equally many steps.
    """

    heads: str = "all"
    size_px: int = 112
    ranges: tuple[str, str, str] = ("-60:60:20", "-75:75:15", "-30:30:30")
    tracks: int = 3
    track_frames: int = 80
    lighting: str = "random"
    max_targets: int | None = 300
    frame: str = "camera"
    training: dict[str, Any] = field(default_factory=dict)
    runs: tuple[Run, ...] = (Run("no adaptation (source-only)", "source-only"), Run("PADACO", "padaco"))


class Chain:
    """Runs the steps in one folder, saying what each made and how long it took.

    Parameters
    ----------
    out : Path
        Folder of all results.
    settings : ChainSettings
    say : callable
        Told one line per step.
    workers, seed : int
        Processes and seed of rendering; training uses `seed`, `seed` + 1 ...
    resume : bool
        Go on with what an interrupted run of the same settings left in `out`; what is finished is kept.
    device : str or torch.device
        Where estimators are trained.
    """

    def __init__(
        self,
        out: Path,
        settings: ChainSettings,
        say: Callable[[str], None],
        workers: int = 1,
        seed: int = 0,
        *,
        resume: bool = False,
        device: Any = "cpu",
    ) -> None:
        self.out, self.settings, self._say = out, settings, say
        self.workers, self.seed, self.resume, self.device = workers, seed, resume, device
        self._start = time.monotonic()

    def say(self, line: str) -> None:
        """One line, with the time since the start."""
        self._say(f"[{time.monotonic() - self._start:5.0f} s] {line}")

    def source_plan(self) -> RenderPlan:
        """What SynHead is rendered from; writes the motion tracks."""
        from synhead_tools.cli.plans import plan_from_options

        settings = self.settings
        return plan_from_options(
            heads=settings.heads, poses=PoseOptions(settings.ranges, self._write_tracks()), convention="synhead",
            size_px=settings.size_px, lighting=settings.lighting, backend="auto", seed=self.seed,
        )  # fmt: skip

    def build_source(self) -> Dataset:
        """Tracks -> SynHead -> SynHead+."""
        out = self.out / SYNHEAD_PLUS
        if not (self.resume and out.exists()):  # it appears whole, when SynHead is
            self._render_source(out)
        plus = open_dataset(out)
        self.say(f"SynHead+: the {len(plus)} frames that show a face, labels restated in `biwi+`")
        return plus

    def _render_source(self, out: Path) -> None:
        from synhead_tools.matching.synhead_plus import build_synhead_plus
        from synhead_tools.rendering.render_dataset import render_dataset

        plan, synhead = self.source_plan(), self.out / SYNHEAD
        render_dataset(plan, synhead, workers=self.workers, resume=self.resume, progress=self.progress("frames"))
        self.say(f"SynHead: {len(plan)} frames of {len(plan.heads)} heads, labels in `synhead`")
        build_synhead_plus(synhead, out)

    def match(self, poses: SampleSource) -> dict[str, Any]:
        """SynHead+ and target poses -> SynBiwi+ and SynHead++; returns the report of the match."""
        from synhead_tools.matching.build import build_matched
        from synhead_tools.matching.folders import REPORT_NAME
        from synhead_tools.matching.settings import MatchSettings

        made = self.out / MATCHED / REPORT_NAME
        if self.resume and made.is_file():  # it is written last
            report = json.loads(made.read_text("utf-8"))
        else:
            report = build_matched(
                self.out / SYNHEAD_PLUS, poses, self.out / MATCHED,
                MatchSettings(max_targets=self.settings.max_targets, frame=self.settings.frame),
                workers=self.workers, resume=self.resume, progress=self.progress("turned frames"),
            )  # fmt: skip
        residual = report["residual_deg"]
        self.say(
            f"SynBiwi+: {report['targets']} target poses x {report['heads']} heads matched, residual median "
            f"{residual['50']:.1f}, 95 % {residual['95']:.1f} degrees; {report['synbiwi+_frames']} pictures turned"
        )
        self.say(f"SynHead++: {report['synhead++_frames']} frames, the union of SynHead+ and SynBiwi+")
        return report

    def matched(self, name: str) -> Dataset:
        """``synbiwi+`` or ``synhead++``, which `match` has made."""
        return open_dataset(self.out / MATCHED / name)

    def train(self, source: SampleSource, target: SampleSource, seed: int) -> dict[str, Path]:
        """Every run with one seed: title -> checkpoint folder."""
        folders: dict[str, Path] = {}
        stage1: dict[str, Path] = {}
        for number, run in enumerate(self.settings.runs):
            out, looks = self.out / "models" / f"{number}-{run.method}-seed{seed}", repr(run.settings)
            config = self.train_run(run, source, target, seed, out, stage1.get(looks))
            self.say(f"trained '{run.title}', seed {seed}: {config.stage1_steps} + {config.stage2_steps} steps")
            stage1.setdefault(looks, out / "stage1")
            folders[run.title] = out
        return folders

    def train_run(
        self,
        run: Run,
        source: SampleSource | LabelledCrops,
        target: SampleSource | DomainCrops,
        seed: int,
        out: Path,
        stage1: Path | None = None,
    ) -> TrainConfig:
        """Train one estimator into `out`, from the stage-1 checkpoint in the folder `stage1` where one is given."""
        import torch

        from synhead_tools.learning.config import TrainConfig
        from synhead_tools.learning.train_estimator import train_estimator

        config = TrainConfig.from_dict({**self.settings.training, **run.settings, "method": run.method, "seed": seed})
        train_estimator(
            source, out, config, target=target, stage1_checkpoint=stage1, resume=self.resume,
            state_every=STATE_EVERY.get(torch.device(self.device).type, 1000), device=self.device,
            workers=self.workers, log=self._log,
        )  # fmt: skip
        return config

    def progress(self, what: str) -> Callable[[int, int], None]:
        """A function (done, total) that says a line now and then, where a step takes long."""
        last_s = time.monotonic()

        def show(done: int, total: int) -> None:
            nonlocal last_s
            if time.monotonic() - last_s >= LOG_INTERVAL_S:
                last_s = time.monotonic()
                self.say(f"  {done} of {total} {what}")

        return show

    def _log(self, entry: dict[str, Any]) -> None:
        if entry.get("stage") == "weights":
            self.say(
                f"weights: {entry['samples_with_weight']} of {entry['source_samples']} source samples count, "
                f"effective sample size {entry['effective_sample_size']:.0f}"
            )
        elif entry["step"] % max(100, entry["steps"] // 1000 * 100) == 0:
            self.say(
                f"  {entry['stage']} step {entry['step']} of {entry['steps']}, {entry['images_per_s']:.0f} images/s"
            )

    def _write_tracks(self) -> tuple[Path, ...]:
        """Motion tracks as files, in the layout of SynHead's own: pitch, yaw, roll in the `synhead` convention."""
        folder = self.out / TRACKS
        folder.mkdir(exist_ok=self.resume)
        paths = []
        for number in range(self.settings.tracks):
            track = smooth_track(self.settings.track_frames, np.random.default_rng((self.seed, number)))
            angles_deg = angles_of_triples(euler_from_rotmat(track, "synhead"), "synhead")
            paths.append(folder / f"{number:02d}.csv")
            write_pose_csv(paths[-1], PoseTable.from_angles(angles_deg), overwrite=self.resume)
        return tuple(paths)
