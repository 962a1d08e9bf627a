"""Where the time of a frame goes: processor milliseconds of each stage of rendering and writing a shard."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from synhead_tools.formats import shard_image, shard_writer
from synhead_tools.rendering import annotate, face_area, render_shard

#: Owner and name of the function of each stage. Those of the second list are parts of `frame_labels`.
STAGES = {
    "draw": (None, "render"),
    "plan": (render_shard.RenderPlan, "sample"),
    "pose_labels": (render_shard.ShardRenderer, "_label_columns"),
    "neck_maps": (render_shard, "neck_maps"),
    "bend": (render_shard, "bent_head"),
    "frame_labels": (render_shard, "frame_columns"),
    "finish_picture": (render_shard.ShardRenderer, "_pictures"),
    "compress_and_check": (shard_image.ShardImage, "append"),
    "write_and_compare": (shard_writer.ShardWriter, "_write"),
}
FRAME_LABELS = {
    "head_box": (annotate, "head_box_xyxy"),
    "visibility": (annotate, "seen_points"),
    "face_area": (face_area, "face_area_px"),
}


@contextmanager
def timed_stages(backend: object) -> Iterator[dict[str, float]]:
    """Time every stage while the block runs; yield the seconds, by stage."""
    seconds: dict[str, float] = {}
    replaced = []
    for stage, (owner, name) in {**STAGES, **FRAME_LABELS}.items():
        owner = backend if owner is None else owner
        plain = getattr(owner, name)
        setattr(owner, name, _timed(plain, seconds, stage))
        replaced.append((owner, name, plain))
    try:
        yield seconds
    finally:
        for owner, name, plain in replaced:
            setattr(owner, name, plain)


def _timed(function: Callable, seconds: dict[str, float], stage: str) -> Callable:
    def timed(*args, **options):
        begin = time.process_time()
        try:
            return function(*args, **options)
        finally:
            seconds[stage] = seconds.get(stage, 0.0) + time.process_time() - begin

    return timed


def stages_ms(run: Callable[[], None], backend: object, frames: int, rounds: int) -> dict[str, float]:
    """Median milliseconds per frame of each stage; ``beside_drawing`` is all that is not drawing."""
    taken = []
    for _ in range(rounds):
        with timed_stages(backend) as seconds:
            begin = time.process_time()
            run()
            seconds["all"] = time.process_time() - begin
        seconds["beside_drawing"] = seconds["all"] - seconds["draw"]
        taken.append(seconds)
    return {stage: round(1e3 * statistics.median(each[stage] for each in taken) / frames, 4) for stage in taken[0]}
