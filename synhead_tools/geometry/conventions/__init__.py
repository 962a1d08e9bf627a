"""Euler conventions by name. To add one: a module with a frozen value, and one line in `CONVENTIONS`."""

from __future__ import annotations

from synhead_tools.geometry.axis_turns import SEQUENCES
from synhead_tools.geometry.conventions.convention import EulerConvention, parse_spec
from synhead_tools.registry import Table

__all__ = ["CONVENTIONS", "EulerConvention", "get_convention", "parse_spec"]

_HERE = "synhead_tools.geometry.conventions"

CONVENTIONS = Table(
    "Euler convention",
    {
        "biwi": f"{_HERE}.biwi:BIWI",
        "biwi+": f"{_HERE}.biwi:BIWI_PLUS",
        "hopenet": f"{_HERE}.hopenet:HOPENET",
        "300w-lp": f"{_HERE}.w300lp:W300LP",
        "aflw2000": f"{_HERE}.w300lp:AFLW2000",
        "6drepnet": f"{_HERE}.sixdrepnet:SIXDREPNET",
        "whenet": f"{_HERE}.whenet:WHENET",
        "openvino": f"{_HERE}.openvino:OPENVINO",
        "trg": f"{_HERE}.trg:TRG",
        "openface": f"{_HERE}.openface:OPENFACE",
        "3ddfa_v2": f"{_HERE}.threeddfa_v2:THREEDDFA_V2",
        "mediapipe": f"{_HERE}.mediapipe:MEDIAPIPE",
        "synhead": f"{_HERE}.synhead:SYNHEAD",
    },
)


def get_convention(convention: str | EulerConvention) -> EulerConvention:
    """Return the convention of that name, or parse it as a spec such as ``"xyz:+--:deg"`` or ``"ZXZ"``.

    Raises
    ------
    UnknownNameError
        No such name, and it does not look like a spec.
    ConventionError
        It looks like a spec but is malformed.
    """
    if isinstance(convention, EulerConvention):
        return convention
    if (
        convention not in CONVENTIONS
        and isinstance(convention, str)
        and (":" in convention or convention.lower() in SEQUENCES)
    ):
        return parse_spec(convention)
    return CONVENTIONS.load(convention)
