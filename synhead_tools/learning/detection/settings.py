"""Frozen settings whose fields say their own limits, and that go to plain values and back."""

from __future__ import annotations

from dataclasses import asdict, field, fields
from difflib import get_close_matches
from typing import Any, TypeVar

from synhead_tools.errors import TrainingError

T = TypeVar("T", bound="Settings")


def number(default: float, low: float, high: float) -> Any:
    """A field that holds a number of the type of `default` from `low` to `high`, both included."""
    return field(default=default, metadata={"range": (low, high)})


def choice(default: str, *others: str) -> Any:
    """A field that holds one of a few words."""
    return field(default=default, metadata={"choices": (default, *others)})


class Settings:
    """Base of frozen dataclasses whose fields are made by `number`, `choice`, or are true or false.

    Raises
    ------
    TrainingError
        A value is of the wrong type or outside its range.
    """

    def __post_init__(self) -> None:
        for entry in fields(self):  # type: ignore[arg-type]
            _check(entry.name, getattr(self, entry.name), entry)

    def to_dict(self) -> dict[str, Any]:
        """All settings as plain values."""
        return asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls: type[T], values: dict[str, Any]) -> T:
        """Settings of plain values; what is left out keeps its default.

        Raises
        ------
        TrainingError
            A key is unknown or a value is not allowed.
        """
        known = [entry.name for entry in fields(cls)]  # type: ignore[arg-type]
        for key in values:
            if key not in known:
                near = get_close_matches(key, known, 1)
                hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
                raise TrainingError(f"unknown detector setting {key!r:.60}{hint}")
        return cls(**values)


def _check(name: str, value: Any, entry: Any) -> None:
    limits, choices = entry.metadata.get("range"), entry.metadata.get("choices")
    if choices is not None and value not in choices:
        raise TrainingError(f"{name} = {value!r:.60} must be one of {', '.join(choices)}")
    if limits is not None:
        whole = isinstance(entry.default, int)
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            raise TrainingError(f"{name} = {value!r:.60} must be {'an integer' if whole else 'a number'}")
        if not limits[0] <= value <= limits[1]:
            raise TrainingError(f"{name} = {value!r:.60} must be between {limits[0]:g} and {limits[1]:g}")
    if limits is None and choices is None and isinstance(entry.default, bool) and not isinstance(value, bool):
        raise TrainingError(f"{name} = {value!r:.60} must be true or false")
