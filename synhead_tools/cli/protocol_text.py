"""Protocols of several runs in words."""

from __future__ import annotations

from typing import Any


def protocol_lines(protocols: dict[str, list[dict[str, Any]]]) -> list[str]:
    """What all runs share on one line, then what sets each apart; `protocols` has those of a title's runs."""
    every = [protocol for runs in protocols.values() for protocol in runs]
    shared = {key for key in every[0] if all(protocol[key] == every[0][key] for protocol in every)}
    lines = ["Protocol: " + _words({key: value for key, value in every[0].items() if key in shared})]
    for name, runs in protocols.items():
        own = {key: [run[key] for run in runs] for key in every[0] if key not in shared}
        lines.append(f"  {name}: " + _words({key: _one_or_all(values) for key, values in own.items()}))
    return lines


def word(value: Any) -> str:
    """``yes``, ``no``, ``unknown``, or the value itself."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "unknown" if value is None else str(value)


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if all(value == values[0] for value in values) else ", ".join(map(str, values))


def _words(protocol: dict[str, Any]) -> str:
    return "; ".join(f"{key.replace('_', ' ')}: {word(value)}" for key, value in protocol.items())
