"""Euler conventions by name. To add one: a module with a frozen value, and one line in `CONVENTIONS`."""

from __future__ import annotations

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
        "synhead": f"{_HERE}.synhead:SYNHEAD",
    },
)


def get_convention(convention: str | EulerConvention) -> EulerConvention:
    """Return the convention of that name, or parse it as a spec such as ``"xyz:+--:deg"``.

    Raises
    ------
    UnknownNameError
        No such name, and it does not look like a spec.
    ConventionError
        It looks like a spec but is malformed.
    """
    if isinstance(convention, EulerConvention):
        return convention
    if convention not in CONVENTIONS and ":" in convention:
        return parse_spec(convention)
    return CONVENTIONS.load(convention)
