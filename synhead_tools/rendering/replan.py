"""A rendered dataset's plan again, with other poses: its heads, camera and looks come from its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from synhead_tools.errors import PlanError
from synhead_tools.formats.manifest import Manifest
from synhead_tools.rendering.plan import RenderPlan

_OF_THE_POSES = ("rotmats", "track_id", "frame_id", "poses_from", "target_id", "convention")


def plan_at_poses(
    manifest: Manifest,
    rotmats: np.ndarray,
    target_id: np.ndarray | None = None,
    poses_from: dict[str, Any] | None = None,
) -> RenderPlan:
    """Plan to render the heads of a dataset at other rotations, all else being as it was.

    Parameters
    ----------
    manifest : Manifest
        Of a rendered dataset, or of one made from such (SynHead+).
    rotmats : array-like, shape (P, 3, 3)
        R_head_to_camera.
    target_id, poses_from
        See `RenderPlan`.

    Raises
    ------
    PlanError
        Nothing says how the dataset was rendered, or it cannot be done again.
    """
    config = _render_config({"config": manifest.config, "parents": manifest.parents})
    if config is None:
        raise PlanError(f"the manifest does not say how this {manifest.kind} was rendered; give one that was")
    if not isinstance(config.get("expressions", "none"), str):
        raise PlanError("its expressions came from a file that the dataset does not keep; give one without")
    names = [f.name for f in fields(RenderPlan) if f.name in config and f.name not in _OF_THE_POSES]
    values = {name: config[name] for name in names}
    return RenderPlan.from_dict(
        {
            **values, "rotmats": rotmats, "target_id": target_id, "poses_from": poses_from or {},
            "convention": manifest.convention,
        }
    )  # fmt: skip


def _render_config(told: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The configuration of the rendering run that a dataset, as its manifest tells it, descends from."""
    config = told.get("config", {})
    if "poses_sha256" in config and "heads" in config:
        return config
    for parent in told.get("parents", ()):
        found = _render_config(parent) if isinstance(parent, Mapping) else None
        if found is not None:
            return found
    return None
