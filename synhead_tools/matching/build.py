"""SynHead+ and a target's poses -> SynBiwi+ (turned frames) and SynHead++ (their union)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools import __version__
from synhead_tools.errors import ManifestError
from synhead_tools.formats.dataset import Dataset
from synhead_tools.formats.manifest import Manifest
from synhead_tools.formats.open import open_any
from synhead_tools.formats.runs.output_folder import disk_full_explained, prepare_folder
from synhead_tools.formats.runs.shard_run import run_shards, shard_tasks
from synhead_tools.formats.runs.workers import write_shards
from synhead_tools.formats.sample import SampleSource
from synhead_tools.matching.choice import Choice, choose, picture_size_px
from synhead_tools.matching.folders import PICTURE_NAME, SYNBIWI_NAME, finish_dataset, matched_folder
from synhead_tools.matching.match_poses import Matches, match_poses
from synhead_tools.matching.pose_frames import read_rotations
from synhead_tools.matching.report import match_report
from synhead_tools.matching.report_picture import write_match_picture
from synhead_tools.matching.results import honest_fields, write_matches, write_report, write_union
from synhead_tools.matching.settings import MatchSettings
from synhead_tools.matching.target import MatchTarget, read_target
from synhead_tools.matching.turned_shards import TurnOpening

NO_HEAD = b"source"
"""Stands for the head where a source does not say which one a frame shows."""


def build_matched(
    source: str | Path | SampleSource,
    target: SampleSource | MatchTarget,
    out: str | Path,
    settings: MatchSettings | None = None,
    *,
    workers: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
    rows_per_shard: int | None = None,
) -> dict[str, Any]:
    """Write SynBiwi+ and SynHead++ under one folder.

    Every target pose is matched (``matches.parquet``); frames are turned for all matches, or for those of
    `MatchSettings.max_targets` targets. The files have the same bytes whatever `workers` is and however often the run
    was killed and resumed.

    Parameters
    ----------
    source : path or SampleSource
        SynHead+, any dataset of ours, or what a reader opens. Without pictures, only labels are written.
    target : SampleSource or MatchTarget
        Has a ``rotmat`` column; ``target_id`` names its frames.
    out : path
        Folder to make: ``synbiwi+``, ``synhead++`` (unless only labels are written, or the source is foreign),
        ``matches.parquet``, ``report.json``, ``report.png``.
    settings : MatchSettings, optional
    workers : int
        Processes that turn pictures, and threads that match.
    resume : bool
        Go on with what an interrupted run left; finished shards are kept.
    overwrite : bool
        Throw away what is there.
    progress : callable
        Told frames done and frames in all.
    rows_per_shard : int, optional
        Default: `TurnOpening.rows_per_shard`.

    Returns
    -------
    dict
        The report: counts, residual percentiles over all matches and per head.

    Raises
    ------
    ManifestError
        There is nothing to match or to write, or `resume` and what is there is of another run.
    LabelFormatError
        Source or target lacks a column.
    OutputExistsError
        `out` is there, and neither `resume` nor `overwrite` is given, or it holds something else.
    """
    settings = settings or MatchSettings()
    source = source if isinstance(source, SampleSource) else open_any(source)
    target = target if isinstance(target, MatchTarget) else read_target(target, settings.frame)
    if "image" not in source.columns:
        settings = replace(settings, labels_only=True)
    rotmat = read_rotations(source, settings.frame)
    matches = _match(source, rotmat, target, settings, workers)
    choice = choose(matches, source, settings)
    _check_something_drawn(choice, matches, settings)
    report = _report(matches, choice, target, settings, len(source))
    with matched_folder(out, overwrite, resume, reads=(source, target.source)) as folder, disk_full_explained():
        run = _run(source, target, matches.take(choice.drawn), settings)
        rows = rows_per_shard or run.opening.rows_per_shard
        turned = _write_turned(folder / SYNBIWI_NAME, run, rows, workers, progress)
        write_matches(folder, matches, choice.drawn, target.target_id)
        report["synbiwi+_frames"] = len(turned)
        if isinstance(source, Dataset) and not settings.labels_only:
            report["synhead++_frames"] = len(write_union(source, turned, folder))
        turned.close()
        write_match_picture(matches, rotmat, target.rotmat, folder / PICTURE_NAME)
        write_report(folder, report)
    return report


def _match(
    source: SampleSource, rotmat: np.ndarray, target: MatchTarget, settings: MatchSettings, workers: int
) -> Matches:
    heads = source.read("head_id") if "head_id" in source.columns else np.full(len(source), NO_HEAD)
    matches = match_poses(
        rotmat, heads, target.rotmat, mode=settings.mode, per_head=settings.per_head, k=settings.nearest,
        max_residual_deg=settings.max_residual_deg, max_uses=settings.max_uses, workers=workers,
    )  # fmt: skip
    if not len(matches):
        raise ManifestError(f"no match is within {settings.max_residual_deg} degrees; allow more or render more poses")
    return matches


def _check_something_drawn(choice: Choice, matches: Matches, settings: MatchSettings) -> None:
    if not choice.drawn.any() and choice.empty_corners:
        raise ManifestError(
            f"the crop of every one of {choice.empty_corners} turned frames would show an empty corner; render wider "
            "pictures (--crop wide), or keep corners (--keep-corners)"
        )
    if not choice.drawn.any():
        raise ManifestError(f"none of the {settings.max_targets} targets has a match; choose more of them")


def _report(
    matches: Matches, choice: Choice, target: MatchTarget, settings: MatchSettings, n_source: int
) -> dict[str, Any]:
    report = match_report(matches, choice.drawn, len(target), target.facts, target.rotmat, n_source)
    kept = settings.keep_corners or settings.mode == "so3"
    return report | {
        "target_labels_used": target.labels_used,
        "target_poses": target.poses,
        "targets_without_prediction": list(target.without_pose),
        "settings": settings.to_dict(),
        "empty_corners": {"frames": choice.empty_corners, "written": bool(kept and choice.empty_corners)},
    }


@dataclass(frozen=True, eq=False)
class _Run:
    """What the shards of a run are made from, and the manifest they will have."""

    opening: TurnOpening
    manifest: Manifest
    run_sha256: str


def _run(source: SampleSource, target: MatchTarget, matches: Matches, settings: MatchSettings) -> _Run:
    own = isinstance(source, Dataset)
    size_px = picture_size_px(source)
    convention = source.manifest.convention if own else str(source.describe()["convention"])
    composed = bool(source.describe().get("composed", False))
    opening = TurnOpening(source, matches, target.target_id, convention, composed, size_px, settings.labels_only)
    config = settings.to_dict()
    run_sha256 = _run_sha256(source, opening, config)
    told = honest_fields(source, target, {**config, "run_sha256": run_sha256})
    if own:
        manifest = replace(source.manifest, kind="SynBiwi+", shards=(), **told)
    else:
        image = {} if size_px is None else {"width": size_px[0], "height": size_px[1]}
        versions = {"synhead": __version__}
        manifest = Manifest("SynBiwi+", convention, (), image, versions=versions, composed=composed, **told)
    return _Run(opening, manifest, run_sha256)


def _run_sha256(source: SampleSource, opening: TurnOpening, config: dict[str, Any]) -> str:
    """Hash of all that decides the bytes of the turned shards: the source, the matches and this release."""
    facts = {"config": config, "convention": opening.convention, "version": __version__, "frames": len(source)}
    if isinstance(source, Dataset):
        facts["source"] = [(each.sha256, each.selected_sha256) for each in source.manifest.shards]
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    matches = opening.matches
    arrays = (matches.source, matches.in_plane_deg, matches.residual_deg, opening.target_id[matches.target])
    for array in (*arrays, source.read("rotmat", np.unique(matches.source))):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _write_turned(
    out: Path, run: _Run, rows_per_shard: int, workers: int, progress: Callable[[int, int], None]
) -> Dataset:
    """Turn and write the matched frames, but for shards that are there; the folder is locked by whoever calls."""
    out.mkdir(exist_ok=True)
    prepare_folder(out, resume=True, overwrite=False)
    opening = run.opening
    attributes = {"kind": "SynBiwi+", "convention": opening.convention, "run_sha256": run.run_sha256}
    tasks = shard_tasks(out, len(opening.matches), rows_per_shard, attributes)
    engine = partial(write_shards, opening, workers=workers)
    entries, journal = run_shards(out, tasks, run.run_sha256, engine, progress)
    dataset = finish_dataset(out, replace(run.manifest, shards=entries))
    journal.remove()
    return dataset
