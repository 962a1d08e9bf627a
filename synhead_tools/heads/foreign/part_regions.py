"""What a part of a foreign head is, by its name."""

from __future__ import annotations

import re

from synhead_tools.heads.regions import Region

# the first word that fits decides: an eyebrow is no eye
_WORDS = (
    (Region.BROW, ("brow", "eyebrow")),
    (Region.LASH, ("lash", "eyelash")),
    (Region.GLASSES, ("glass", "eyeglass", "spectacle", "lens", "sunglass")),
    (Region.MOUTH_INSIDE, ("teeth", "tooth", "tongue", "gum", "mouthinside")),
    (Region.EYELID, ("eyelid", "lid")),
    (Region.EYE, ("eye", "iris", "cornea", "sclera", "pupil")),
    (Region.HAIR, ("hair", "beard", "moustache", "mustache", "scalp", "ponytail", "bun")),
    (Region.HEADGEAR, ("hat", "helmet", "headgear", "cap", "beanie", "hood", "turban", "headphone")),
    (Region.CLOTH, ("cloth", "shirt", "jacket", "suit", "dress", "collar", "sweater", "scarf", "outfit", "torso")),
    (Region.LIP, ("lip",)),
    (Region.NOSE, ("nose",)),
    (Region.EAR, ("ear",)),
    (Region.NECK, ("neck", "shoulder")),
)


def region_of_name(name: str) -> Region:
    """Return the region that a part's name speaks of; skin if it speaks of none.

    Names are taken apart at capitals and signs: ``Wolf3D_EyeLeft`` and ``high-poly.eyes`` are eyes.
    """
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]
    for region, known in _WORDS:
        if any(word in (start, start + "s", start + "es") for word in words for start in known):
            return region
    return Region.SKIN
