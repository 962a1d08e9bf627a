"""The whole chain, from bundled heads to scored estimators: what ``synhead demo`` runs.

Only the top floor may see all rooms, so this is where they are put one after the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.cli.pose_options import PoseOptions
from synhead_tools.formats.dataset import Dataset, open_dataset
from synhead_tools.formats.labels import PoseTable, write_pose_csv
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.euler import angles_of_triples, euler_from_rotmat
from synhead_tools.geometry.pose_laws import smooth_track


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
    max_targets : int
        Target poses for which pictures are turned.
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
    max_targets: int = 300
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
    """

    def __init__(
        self, out: Path, settings: ChainSettings, say: Callable[[str], None], workers: int = 1, seed: int = 0
    ) -> None:
        self.out, self.settings, self._say = out, settings, say
        self.workers, self.seed = workers, seed
        self._start = time.monotonic()

    def say(self, line: str) -> None:
        """One line, with the time since the start."""
        self._say(f"[{time.monotonic() - self._start:5.0f} s] {line}")

    def build_source(self) -> Dataset:
        """Tracks -> SynHead -> SynHead+."""
        from synhead_tools.cli.plans import plan_from_options
        from synhead_tools.matching.synhead_plus import build_synhead_plus
        from synhead_tools.rendering.render_dataset import render_dataset

        settings, tracks = self.settings, self._write_tracks()
        plan = plan_from_options(
            heads=settings.heads, poses=PoseOptions(settings.ranges, tracks), convention="synhead",
            size_px=settings.size_px, lighting=settings.lighting, backend="auto", seed=self.seed,
        )  # fmt: skip
        render_dataset(plan, self.out / "synhead", workers=self.workers)
        self.say(f"SynHead: {len(plan)} frames of {len(plan.heads)} heads, labels in `synhead`")
        build_synhead_plus(self.out / "synhead", self.out / "synhead+")
        plus = open_dataset(self.out / "synhead+")
        self.say(f"SynHead+: the {len(plus)} frames that show a face, labels restated in `biwi+`")
        return plus

    def match(self, poses: SampleSource) -> Dataset:
        """SynHead+ and target poses -> SynBiwi+ and SynHead++."""
        from synhead_tools.matching.build import build_matched
        from synhead_tools.matching.settings import MatchSettings

        report = build_matched(
            self.out / "synhead+", poses, self.out / "matched", MatchSettings(max_targets=self.settings.max_targets)
        )
        residual = report["residual_deg"]
        self.say(
            f"SynBiwi+: {report['targets']} target poses x {report['heads']} heads matched, residual median "
            f"{residual['50']:.1f}, 95 % {residual['95']:.1f} degrees; {report['synbiwi+_frames']} pictures turned"
        )
        self.say(f"SynHead++: {report['synhead++_frames']} frames, the union of SynHead+ and SynBiwi+")
        return open_dataset(self.out / "matched" / "synhead++")

    def train(self, source: SampleSource, target: SampleSource, seed: int) -> dict[str, Path]:
        """Every run with one seed: title -> checkpoint folder."""
        from synhead_tools.learning.config import TrainConfig
        from synhead_tools.learning.train_estimator import train_estimator

        folders: dict[str, Path] = {}
        stage1: dict[str, Path] = {}
        for number, run in enumerate(self.settings.runs):
            out = self.out / "models" / f"{number}-{run.method}-seed{seed}"
            settings = {**self.settings.training, **run.settings, "method": run.method, "seed": seed}
            config, looks = TrainConfig.from_dict(settings), repr(run.settings)
            train_estimator(
                source, out, config, target=target, stage1_checkpoint=stage1.get(looks), workers=self.workers,
                log=self._log,
            )  # fmt: skip
            stage1.setdefault(looks, out / "stage1")
            self.say(f"trained '{run.title}', seed {seed}: {config.stage1_steps} + {config.stage2_steps} steps")
            folders[run.title] = out
        return folders

    def _log(self, entry: dict[str, Any]) -> None:
        if entry.get("stage") == "weights":
            self.say(
                f"PADACO weights: {entry['samples_with_weight']} of {entry['source_samples']} source samples count, "
                f"effective sample size {entry['effective_sample_size']:.0f}"
            )
        elif entry["step"] % 100 == 0:
            self.say(
                f"  {entry['stage']} step {entry['step']} of {entry['steps']}, {entry['images_per_s']:.0f} images/s"
            )

    def _write_tracks(self) -> tuple[Path, ...]:
        """Motion tracks as files, in the layout of SynHead's own: pitch, yaw, roll in the `synhead` convention."""
        folder = self.out / "tracks"
        folder.mkdir()
        paths = []
        for number in range(self.settings.tracks):
            track = smooth_track(self.settings.track_frames, np.random.default_rng((self.seed, number)))
            angles_deg = angles_of_triples(euler_from_rotmat(track, "synhead"), "synhead")
            paths.append(folder / f"{number:02d}.csv")
            write_pose_csv(paths[-1], PoseTable.from_angles(angles_deg))
        return tuple(paths)
