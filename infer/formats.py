"""The forms in which labels go out: each renders an article's labels as bytes that are appended to a file.

Rendering is done where the labels are made, in many processes; the bytes are written in the order of the input by one.
"""

from __future__ import annotations

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from infer import parquet
from infer.records import ROW_FIELDS, safe_cell, to_record, to_rows
from laptruong.errors import LaptruongError
from laptruong.labels import ArticleLabels
from laptruong.scheme import Scheme


class Format(ABC):
    """A form of output.

    Parameters
    ----------
    scheme : Scheme
        Names and tones of the labels.
    """

    joint: ClassVar[bytes] = b""
    """Stands between what two chunks give."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme

    def opening(self) -> bytes:
        """Give what a file begins with."""
        return b""

    def closing(self) -> bytes:
        """Give what it ends with."""
        return b""

    @abstractmethod
    def render(self, labels: Sequence[ArticleLabels]) -> bytes:
        """Give the bytes of some articles; none where there is nothing to say of them."""

    def complete(self, part: Path, made: Path) -> None:  # noqa: B027  most are that already
        """Make the file what its name promises, once everything is in it; nothing where the part is that already."""


class Records(Format):
    """JSON Lines, one article a line."""

    def render(self, labels: Sequence[ArticleLabels]) -> bytes:
        return "".join(json.dumps(to_record(each), ensure_ascii=False) + "\n" for each in labels).encode()


class RecordsParquet(Format):
    """Parquet, one article a row, with nested lists as in the records."""

    def render(self, labels: Sequence[ArticleLabels]) -> bytes:
        return parquet.to_ipc([to_record(each) for each in labels], parquet.record_schema())

    def complete(self, part: Path, made: Path) -> None:
        parquet.from_ipc(part, made, parquet.record_schema())


class RowsCsv(Format):
    """CSV for spreadsheets, one statement a row."""

    def opening(self) -> bytes:
        # without the byte order mark Excel takes UTF-8 for the system's legacy encoding
        return f"\ufeff{','.join(ROW_FIELDS)}\r\n".encode()

    def render(self, labels: Sequence[ArticleLabels]) -> bytes:
        stream = io.StringIO(newline="")
        rows = ({key: safe_cell(value) for key, value in row.items()} for each in labels for row in to_rows(each))
        csv.DictWriter(stream, ROW_FIELDS).writerows(rows)
        return stream.getvalue().encode()


class RowsParquet(Format):
    """Parquet for data frames, one statement a row."""

    def render(self, labels: Sequence[ArticleLabels]) -> bytes:
        return parquet.to_ipc([row for each in labels for row in to_rows(each)], parquet.row_schema())

    def complete(self, part: Path, made: Path) -> None:
        parquet.from_ipc(part, made, parquet.row_schema())


class Html(Format):
    """A page for reading."""

    def __init__(self, scheme: Scheme) -> None:
        from infer.page import Page  # Jinja takes a while to import

        super().__init__(scheme)
        self.page = Page(scheme)

    def opening(self) -> bytes:
        return self.page.head().encode()

    def closing(self) -> bytes:
        return self.page.END.encode()

    def render(self, labels: Sequence[ArticleLabels]) -> bytes:
        return "".join(map(self.page.article, labels)).encode()


class LabelStudio(Format):
    """Label Studio tasks of what was withheld."""

    joint: ClassVar[bytes] = b",\n"

    def opening(self) -> bytes:
        return b"[\n"

    def closing(self) -> bytes:
        return b"\n]\n"

    def render(self, labels: Sequence[ArticleLabels]) -> bytes:
        from laptruong.label_studio import tasks

        found: list[dict[str, Any]] = [task for each in labels for task in tasks(each, self.scheme)]
        return ",\n".join(json.dumps(task, ensure_ascii=False) for task in found).encode()


class LabelStudioInterface(Format):
    """The labelling interface that shows these tasks."""

    def opening(self) -> bytes:
        from laptruong.label_studio import config

        return config(self.scheme).encode()

    def render(self, labels: Sequence[ArticleLabels]) -> bytes:
        return b""


EXPORTS = {"label-studio": ("label-studio.json", "label-studio.xml")}
"""What an export writes beside the first output."""
FORMATS: dict[str, type[Format]] = {
    "records.jsonl": Records, "records.parquet": RecordsParquet, "rows.csv": RowsCsv, "rows.parquet": RowsParquet, "page.html": Html,
    "label-studio.json": LabelStudio, "label-studio.xml": LabelStudioInterface,
}  # fmt: skip


def records_format(path: Path) -> str:
    """Give the format of ``--output`` by the file's name.

    Raises
    ------
    LaptruongError
        If the name promises another.
    """
    suffix = path.suffix.lower()
    if suffix in (".csv", ".gz", ".zst", ".html"):
        better = {".csv": "use --rows for a table", ".html": "use --html for a page"}.get(suffix, "compress it afterwards")
        raise LaptruongError(f"{path}: --output writes JSON Lines or .parquet; {better}")
    return "records.parquet" if suffix == ".parquet" else "records.jsonl"


def rows_format(path: Path) -> str:
    """Give the format of ``--rows`` by the file's name.

    Raises
    ------
    LaptruongError
        If it is neither CSV nor Parquet.
    """
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise LaptruongError(f"{path}: --rows writes .csv or .parquet; give the file one of these endings")
    return f"rows{path.suffix.lower()}"
