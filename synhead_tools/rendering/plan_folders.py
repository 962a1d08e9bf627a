"""Which folders of pictures a plan reads, and what is in them: a part of what decides its bytes."""

from __future__ import annotations

from synhead_tools.rendering.background import Background
from synhead_tools.rendering.looks.environment_files import MAPS
from synhead_tools.rendering.looks.environment_formulas import FORMULAS
from synhead_tools.rendering.looks.picture_folder import folder_sha256


def plan_folders(lighting: str, background: str | None) -> dict[str, str]:
    """Hashes of the lists of the folders that are read, by what they are for.

    Parameters
    ----------
    lighting, background : str, str or None
        As in `synhead_tools.rendering.plan.RenderPlan`.
    """
    light, _, light_folder = lighting.partition(":")
    behind = Background.parse(background) if background else Background()
    found = {}
    if light == "environment" and light_folder and light_folder not in FORMULAS:
        found["lighting"] = folder_sha256(light_folder, MAPS)
    if behind.kind == "folder":
        found["background"] = folder_sha256(behind.argument)
    return found
