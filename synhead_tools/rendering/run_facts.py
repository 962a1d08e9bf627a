"""What decides the bytes of a rendering run: plan, heads, renderer, library versions."""

from __future__ import annotations

import hashlib
import json
import platform
from typing import Any

import numpy as np

from synhead_tools import __version__
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_shard import HeadShelf, check_identities


def describe_run(plan: RenderPlan, shelf: HeadShelf, rows_per_shard: int, compression: str) -> dict[str, Any]:
    """Everything that decides the bytes of the run, as the manifest will say it.

    Parameters
    ----------
    plan : RenderPlan
        With a backend of a definite name.
    shelf : HeadShelf
        The plan's heads.
    rows_per_shard : int
    compression : str

    Returns
    -------
    dict
        JSON values: ``config``, ``heads``, ``renderer``, ``versions``, and ``run_sha256``, the hash of it all.

    Raises
    ------
    HeadError
        Two heads cannot be told apart.
    BackendError
        The renderer does not work here.
    """
    facts = {name: shelf.facts(name) for name in shelf}
    check_identities(facts)
    run = {
        "config": {**plan.summary(), "rows_per_shard": rows_per_shard, "compression": compression},
        "heads": {h.name: {"licence": h.licence, "recipe_sha256": h.recipe_sha256} for h in facts.values()},
        "renderer": renderer_description(plan.backend, plan.samples_per_axis),
        "versions": library_versions(),
    }
    decides = {**run, "plan_sha256": plan.sha256()}
    decides["config"] = {key: value for key, value in run["config"].items() if key != "poses_from"}
    return {**run, "run_sha256": hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()}


def renderer_description(backend: str, samples_per_axis: int) -> str:
    """What a backend says of itself in this process."""
    opened = open_backend(backend, samples_per_axis=samples_per_axis)
    try:
        return opened.description
    finally:
        opened.close()


def library_versions() -> dict[str, str]:
    """Versions of this package, of Python and of the libraries that have a part in a shard's bytes."""
    import h5py
    import hdf5plugin
    import scipy

    return {
        "synhead": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "h5py": h5py.__version__,
        "hdf5": h5py.version.hdf5_version,
        "hdf5plugin": hdf5plugin.version,
    }
