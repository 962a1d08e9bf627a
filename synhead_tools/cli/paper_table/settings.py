"""How large a reproduction is: full, or quick, and what the command line changes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from synhead_tools.cli.chain import ChainSettings
from synhead_tools.cli.paper_table.published import LABELS
from synhead_tools.errors import SynheadError
from synhead_tools.rendering.framing import CROPS

if TYPE_CHECKING:
    from synhead_tools.learning.config import TrainConfig

RANGES_FULL = ("-60:75:5", "-80:80:5", "0")  # pitch + looks up in `synhead`; in-plane turns come with the tracks
RANGES_QUICK = ("-60:75:15", "-75:75:15", "-30:30:30")


@dataclass(frozen=True)
class TableSettings:
    """All that decides a reproduction, besides its target.

    Attributes
    ----------
    chain : ChainSettings
        Source, matching and training.
    embedded_frames : int
        Frames of each held-out head, where the target is embedded.
    methods : tuple of str
        Names of `synhead_tools.learning.adaptation.METHODS`.
    seeds : tuple of int
        Of training.
    seed : int
        Of rendering.
    """

    chain: ChainSettings
    embedded_frames: int
    methods: tuple[str, ...] = tuple(LABELS)
    seeds: tuple[int, ...] = (0, 1, 2)
    seed: int = 0

    def facts(self) -> dict[str, Any]:
        """What a resumed run must agree with: all but which methods and seeds the table has, since more may follow."""
        chain = asdict(self.chain)
        training = chain.pop("training")
        del chain["runs"]  # the demo's
        named = {f"training setting {name}": value for name, value in training.items()}
        return {**chain, "embedded_frames": self.embedded_frames, "seed": self.seed, **named}

    def train_config(self) -> TrainConfig:
        """Settings of every run, but for its method and seed.

        Raises
        ------
        TrainingError
            One of them is not allowed.
        """
        from synhead_tools.learning.config import TrainConfig

        return TrainConfig.from_dict({**self.chain.training, "method": "source-only"})


FULL = TableSettings(
    ChainSettings(
        ranges=RANGES_FULL,
        tracks=70,
        track_frames=300,
        max_targets=None,
        training={"input_px": 112, "batch_size": 128, "stage1_steps": 12000, "stage2_steps": 4000, "log_every": 50},
    ),
    embedded_frames=500,
)  # SynHead has 70 tracks of 730 frames on average
QUICK = TableSettings(
    ChainSettings(
        ranges=RANGES_QUICK,
        tracks=6,
        track_frames=150,
        max_targets=600,
        training={"input_px": 64, "batch_size": 64, "stage1_steps": 800, "stage2_steps": 200, "log_every": 50},
    ),
    embedded_frames=120,
    seeds=(0,),
)
QUICK_EMBEDDED = replace(
    QUICK,
    chain=replace(
        QUICK.chain,
        tracks=3,
        track_frames=80,
        max_targets=300,
        training={"input_px": 48, "batch_size": 64, "stage1_steps": 200, "stage2_steps": 100, "log_every": 50},
    ),
)


def table_settings(
    preset: TableSettings,
    *,
    training: dict[str, Any] | None = None,
    chain: dict[str, Any] | None = None,
    **others: Any,
) -> TableSettings:
    """A preset with changes; a value of None changes nothing.

    Pictures are rendered as large as the network's input asks for: a face box of `input_px` pixels.

    Raises
    ------
    TrainingError, SynheadError
        A training setting, a method or a seed is not allowed.
    """
    training = {**preset.chain.training, **_given(training)}
    settings = replace(preset, **_given(others))
    settings = replace(settings, chain=replace(preset.chain, **_given(chain), training=training))
    config = settings.train_config()
    if not settings.methods or not settings.seeds:
        raise SynheadError("no method or no seed is given; a table needs at least one of each")
    if settings.chain.tracks < 1 or settings.chain.track_frames < 1:
        raise SynheadError("the source needs at least one track of one frame")
    size_px = 2 * round(config.input_px * CROPS["wide"] / 2)
    known = config.to_dict()
    del known["method"], known["seed"]
    return replace(settings, chain=replace(settings.chain, size_px=size_px, training=known))


def _given(values: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (values or {}).items() if value is not None}
