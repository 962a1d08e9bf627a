"""Answers as CSV, JSON or JSON lines, written as they come; nothing at all before the first of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, BinaryIO, Protocol

from synhead_tools.errors import PictureError
from synhead_tools.learning.prediction.answers import Answer, AnswerStyle

_FORMULA_STARTS = ("=", "+", "-", "@")


class AnswerWriter(Protocol):
    """Takes answers in order."""

    def write(self, answers: Sequence[Answer]) -> None:
        """Append some."""

    def finish(self, counts: Mapping[str, Any]) -> None:
        """Say what there was in all."""


class CsvAnswers:
    """UTF-8, a header, Unix line ends.

    A name that a spreadsheet would take for a formula gets ``./`` in front, which is the same file; bytes of a name
    that are no text are written as escapes.
    """

    def __init__(self, file: BinaryIO, style: AnswerStyle, facts: Mapping[str, Any]) -> None:
        self._file, self._style, self._head = file, style, [style.titles]

    def write(self, answers: Sequence[Answer]) -> None:
        """Append rows."""
        if answers:
            self._write_rows([[plain_name(row[0]), *row[1:]] for row in self._style.rows(answers)])

    def finish(self, counts: Mapping[str, Any]) -> None:
        """See that there is a header."""
        self._write_rows([])

    def _write_rows(self, rows: Sequence[Sequence[str]]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*self._head, *rows])
        self._head = []
        self._file.write(text.getvalue().encode("utf-8", "backslashreplace"))
        self._file.flush()


class JsonLinesAnswers:
    """One object per face and line."""

    def __init__(self, file: BinaryIO, style: AnswerStyle, facts: Mapping[str, Any]) -> None:
        self._file, self._style = file, style

    def write(self, answers: Sequence[Answer]) -> None:
        """Append lines."""
        if answers:
            self._file.writelines(json.dumps(told).encode() + b"\n" for told in self._style.documents(answers))
            self._file.flush()

    def finish(self, counts: Mapping[str, Any]) -> None:
        """Nothing is left to write."""


class JsonAnswers:
    """One document: the facts about the run, ``answers`` with one object per face and line, then the counts."""

    def __init__(self, file: BinaryIO, style: AnswerStyle, facts: Mapping[str, Any]) -> None:
        self._file, self._style = file, style
        head = json.dumps(dict(facts), indent=1)
        self._before = (f"{head[:-2]},\n" if facts else "{\n").encode() + b' "answers": [\n'

    def write(self, answers: Sequence[Answer]) -> None:
        """Append objects."""
        for told in self._style.documents(answers) if answers else ():
            self._file.write(self._before + b"  " + json.dumps(told).encode())
            self._before = b",\n"
        self._file.flush()

    def finish(self, counts: Mapping[str, Any]) -> None:
        """Close the document."""
        counted = "".join(f",\n {json.dumps(name)}: {json.dumps(value)}" for name, value in counts.items())
        self._file.write(b"\n" if self._before == b",\n" else self._before)
        self._file.write(f" ]{counted}\n}}\n".encode())


WRITERS = {".csv": CsvAnswers, ".json": JsonAnswers, ".jsonl": JsonLinesAnswers}


def writer_of(name: str) -> type:
    """The writer for a file of that name.

    Raises
    ------
    PictureError
        The suffix is none of `WRITERS`.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in WRITERS:
        raise PictureError(f"answers cannot be written to {name}; its name must end with {', '.join(WRITERS)}")
    return WRITERS[suffix]


def plain_name(name: str) -> str:
    """A file name that no spreadsheet takes for a formula."""
    return f"./{name}" if name.startswith(_FORMULA_STARTS) else name
