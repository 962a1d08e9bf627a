"""Tables of plug-ins: a name, and where its object lives. Nothing is imported before it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from synhead_tools.errors import UnknownNameError


class Table(Mapping):
    """A mapping from names to ``"package.module:attribute"`` strings, resolved by `load`.

    Parameters
    ----------
    kind : str
        What the entries are, for messages: ``"Euler convention"``.
    entries : dict of str to str
        Name to dotted path. Adding one line here is how a new entry is registered.
    """

    def __init__(self, kind: str, entries: dict[str, str]) -> None:
        self.kind = kind
        self._entries = dict(entries)

    def __getitem__(self, name: str) -> str:
        """Return the dotted path of `name`."""
        try:
            return self._entries[name]
        except (KeyError, TypeError):  # a list or a table of a settings file cannot be looked up
            known = ", ".join(self._entries)
            raise UnknownNameError(f"unknown {self.kind} {name!r}; known: {known}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def names(self) -> tuple[str, ...]:
        """Names in the order of registration."""
        return tuple(self._entries)

    def load(self, name: str) -> Any:
        """Import and return the object registered under `name`.

        Raises
        ------
        UnknownNameError
            The name is not in the table; the message lists those that are.
        """
        module, _, attribute = self[name].partition(":")
        return getattr(import_module(module), attribute)
