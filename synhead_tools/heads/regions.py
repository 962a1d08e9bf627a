"""What each triangle, and so each pixel, of a head belongs to."""

from __future__ import annotations

from enum import IntEnum


class Region(IntEnum):
    """Region ids as stored in the ``region`` column; 13 to 15 are worn, 16 is held before the head."""

    BACKGROUND = 0
    SKIN = 1
    NECK = 2
    EYE = 3
    BROW = 4
    LASH = 5
    LIP = 6
    NOSE = 7
    EAR = 8
    EYELID = 9
    MOUTH_INSIDE = 10
    EYE_SOCKET = 11
    HAIR = 12
    CLOTH = 13
    GLASSES = 14
    HEADGEAR = 15
    OCCLUDER = 16


FACE_REGIONS = (Region.SKIN, Region.EYE, Region.BROW, Region.LIP, Region.NOSE, Region.EYELID)
"""Regions that make up the visible face: the share of them that is seen decides how occluded a face is."""

BODY_REGIONS = (Region.NECK, Region.CLOTH)
"""Regions that belong to the body below the head: no head box has them in it."""

OTHER_REGIONS = (*BODY_REGIONS, Region.OCCLUDER)
"""Regions that are not the head's: its body's, and what is held before it."""
