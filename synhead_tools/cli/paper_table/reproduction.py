"""From a target to the table: build the sources, train and score what is missing, write the table after each run."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from synhead_tools.cli.chain import MATCHED, SYNHEAD, SYNHEAD_PLUS, Chain, Run
from synhead_tools.cli.chain_target import ChainTarget, embedded_target
from synhead_tools.cli.paper_table.folder import reproduction_folder
from synhead_tools.cli.paper_table.protocol import table_protocol
from synhead_tools.cli.paper_table.published import SOURCES
from synhead_tools.cli.paper_table.results import ResultFile, RunResult
from synhead_tools.cli.paper_table.runs import TableRun, planned_runs
from synhead_tools.cli.paper_table.settings import TableSettings
from synhead_tools.cli.paper_table.summary import table_rows
from synhead_tools.cli.paper_table.table import Table, write_table
from synhead_tools.formats.dataset import open_dataset

CONVENTION = "biwi+"
BUILDING_STAGES = ("SynHead and SynHead+", "target pictures", "SynBiwi+ and SynHead++")


class Reproduction:
    """One run of the command in a folder that is its own.

    Parameters
    ----------
    out : Path
    settings : TableSettings
    target : ChainTarget or None
        Real pictures; None renders the embedded target.
    say : callable
        Told what happens, line by line.
    workers : int
        Processes that render and turn, threads that cut crops.
    device : torch.device
        Where estimators are trained.
    """

    def __init__(
        self,
        out: Path,
        settings: TableSettings,
        target: ChainTarget | None,
        say: Callable[[str], None],
        workers: int,
        device: Any,
    ) -> None:
        self.settings, self.device = settings, device
        # everything in the folder is of these settings, so whatever is there may be gone on with
        self.chain = Chain(out, settings.chain, say, workers, settings.seed, resume=True, device=device)
        self.runs = planned_runs(settings.methods, settings.seeds)
        self._target = target
        self._stage = 0
        self._target_crops = self._match = self._frames = None
        self._results = ResultFile(out)

    def make(self) -> Table:
        """Do all that is not done yet; the table is on disk when this returns."""
        self._begin_stage(BUILDING_STAGES[0])
        self.chain.build_source()
        self._begin_stage(BUILDING_STAGES[1])
        target = self._open_target()
        self._begin_stage(BUILDING_STAGES[2])
        self._match = self.chain.match(target.poses)
        self._frames = self._count_frames()
        self._write_table(target)
        for source in SOURCES:
            self._train_all(source, [run for run in self.runs if run.source == source], target)
        return self._write_table(target)

    def _begin_stage(self, name: str, how: str = "") -> None:
        self._stage += 1
        self.chain.say(f"{self._stage} of {len(BUILDING_STAGES) + len(self.runs)}: {name}{how}")

    def _open_target(self) -> ChainTarget:
        target = self._target
        if target is None:
            chain, frames = self.chain, self.settings.embedded_frames
            size_px = self.settings.chain.size_px
            target = embedded_target(chain.out, frames, size_px, chain.workers, chain.seed, resume=True)
        self.chain.say(target.name)
        return target

    def _count_frames(self) -> dict[str, int]:
        folders = {"SynHead": SYNHEAD, "SynHead+": SYNHEAD_PLUS}
        folders |= {name: f"{MATCHED}/{folder}" for name, folder in SOURCES.items()}
        return {name: len(open_dataset(self.chain.out / folder)) for name, folder in folders.items()}

    def _train_all(self, source: str, runs: list[TableRun], target: ChainTarget) -> None:
        """Every run on one source; its pictures are read once, where any run is missing."""
        crops = None
        for run in runs:
            done = run in self._results.results
            self._begin_stage(str(run), ", scored already" if done else "")
            if done:
                continue
            if crops is None:
                crops = self._read_source(source)
            start = time.monotonic()
            report = self._train_and_score(run, crops, target)
            self._results.add(RunResult(run, self.device.type, time.monotonic() - start, report))
            self._write_table(target)
            self.chain.say(f"{run}: MAE {report['scores'][0]['mae_deg']:.2f} degrees")

    def _read_source(self, source: str) -> Any:
        from synhead_tools.learning.pictures.data import read_labelled_crops

        return self._read(read_labelled_crops, self.chain.matched(SOURCES[source]), "source pictures read")

    def _read(self, reader: Callable[..., Any], source: Any, what: str) -> Any:
        config = self.settings.train_config()
        return reader(
            source, config.crop_px, config.margin, device=self.device, workers=self.chain.workers, placement="auto",
            scratch=self.chain.out, progress=self.chain.progress(what),
        )  # fmt: skip

    def _train_and_score(self, run: TableRun, crops: Any, target: ChainTarget) -> dict[str, Any]:
        from synhead_tools.learning.adaptation import METHODS
        from synhead_tools.learning.pictures.data import read_crops
        from synhead_tools.learning.predict import Estimator
        from synhead_tools.learning.scores.evaluate import evaluate

        if self._target_crops is None:
            self._target_crops = self._read(read_crops, target.pictures, "target pictures read")
        out = self._model_folder(run)
        # crops carry no labels; who needs those reads the target itself
        pictures = target.pictures if METHODS.load(run.method).uses_target_labels else self._target_crops
        self.chain.train_run(Run(str(run), run.method), crops, pictures, run.seed, out, self._stage1(run))
        return evaluate(
            Estimator.load(out, self.device), target.pictures, convention=CONVENTION, crops=self._target_crops,
            reference_rotmat=target.reference, reference_name=target.reference_name,
        ).to_dict()  # fmt: skip

    def _model_folder(self, run: TableRun) -> Path:
        return self.chain.out / "models" / SOURCES[run.source] / f"seed{run.seed}" / run.method

    def _stage1(self, run: TableRun) -> Path | None:
        """Stage 1 of another method on this source with this seed, if there is one and `run` did not begin its own."""
        from synhead_tools.learning.run_folder import FACTS_NAME, STAGE1_NAME, read_facts

        out = self._model_folder(run)
        if (out / FACTS_NAME).exists() and read_facts(out)["stage-1 checkpoint"] is None:
            return None
        others = (self._model_folder(TableRun(run.source, each, run.seed)) for each in self._methods_on(run.source))
        return next((each / STAGE1_NAME for each in others if each != out and _has_stage1(each)), None)

    def _methods_on(self, source: str) -> list[str]:
        """Methods that are or will be there, those whose runs are begun included though this table has them not."""
        begun = (self.chain.out / "models" / SOURCES[source]).glob("*/*")
        named = [run.method for run in self.runs if run.source == source]
        return list(dict.fromkeys([*named, *sorted(folder.name for folder in begun)]))

    def _write_table(self, target: ChainTarget) -> Table:
        settings, wanted = self.settings, set(self.runs)
        results = [self._results.results[run] for run in self.runs if run in self._results.results]
        protocol = table_protocol(target, self._frames, self._match, settings.train_config().to_dict(), results)
        table = Table(
            title=f"PADACO's table on {target.extent.split(':')[0]}",
            rows=table_rows(
                {run: each for run, each in self._results.results.items() if run in wanted},
                settings.methods, settings.seeds,
            ),
            trivial=results[0].trivial if results else [],
            seeds=settings.seeds,
            protocol=protocol,
        )  # fmt: skip
        write_table(self.chain.out, table)
        return table


def _has_stage1(folder: Path) -> bool:
    from synhead_tools.learning.checkpoint import RECORD_NAME
    from synhead_tools.learning.run_folder import STAGE1_NAME

    return (folder / STAGE1_NAME / RECORD_NAME).is_file()


def reproduce(
    out: Path,
    settings: TableSettings,
    target: ChainTarget | None = None,
    *,
    workers: int = 1,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Table:
    """Build the sources, train and score every estimator of the table, and write it.

    Parameters
    ----------
    out : Path
        Gets ``synhead``, ``synhead+``, ``matched``, ``models``, ``results.jsonl`` (a line per finished run) and
        ``table.md``, ``table.json``, ``table.csv``, written anew after each run.
    settings : TableSettings
    target : ChainTarget, optional
        Of `synhead_tools.cli.chain_target.biwi_target`; the embedded one without.
    workers : int
        Processes that render, threads that read.
    device : str
        Where estimators are trained; ``auto`` is the first GPU, else the CPU.
    resume, overwrite : bool
        Go on with the run of the same settings in `out`; throw it away. Other methods and seeds may be asked for when
        resuming: what is there of them is kept.
    say : callable
        Told what happens, line by line.

    Raises
    ------
    OutputExistsError
        `out` holds something, and neither `resume` nor `overwrite` fits it.
    UnknownNameError, TrainingError
        A method or training setting is not known, or the initial weights or the device cannot be used.
    """
    from synhead_tools.learning.adaptation import METHODS
    from synhead_tools.learning.backbones.pretrained import find_weights
    from synhead_tools.learning.device import resolve_device

    for method in settings.methods:
        METHODS[method]  # UnknownNameError lists the known ones
    found, config = resolve_device(device), settings.train_config()
    if config.init_weights is not None:
        find_weights(config.init_weights, config.backbone, config.init_sha256)
    facts = {**settings.facts(), "target": "embedded" if target is None else target.extent}
    facts["target poses"] = None if target is None else len(target.poses)
    with reproduction_folder(out, facts, resume=resume, overwrite=overwrite):
        return Reproduction(out, settings, target, say, workers, found).make()
