"""JSON Lines, CSV and Parquet, one article a line or row, read as a stream; a bad one costs only itself."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from laptruong.articles import Article
from laptruong.encoding import is_binary
from laptruong.errors import ReadError
from laptruong.reading.pages import Refusal
from laptruong.reading.records import article_from_record, parse_line


def read_jsonl(stream: IO[bytes], where: str, limit: int) -> Iterator[Article | Refusal]:
    """Read JSON Lines; a bad line is refused by its number and the others are read.

    Yields
    ------
    Article or Refusal
    """
    count = 0
    for number, line in _numbered_lines(stream, limit):
        place = f"{where}, line {number}"
        try:
            if line is None:
                raise ReadError(place, f"is longer than {limit // 10**6} MB, which no article is")
            record = parse_line(line, place)
            if record is not None:
                count += 1
                yield article_from_record(record, place)
        except ReadError as err:
            count += 1
            yield Refusal(err.where, err.what)
    if not count:
        yield Refusal(where, "is empty; nothing to label")


def _numbered_lines(stream: IO[bytes], limit: int) -> Iterator[tuple[int, bytes | None]]:
    """Give each line with its number; None for one above the limit, which is passed over in pieces."""
    number = 0
    while line := stream.readline(limit + 1):
        number += 1
        too_long = len(line) > limit
        while too_long and not line.endswith(b"\n") and line:
            line = stream.readline(limit)
        yield number, None if too_long else line


def read_csv(stream: IO[bytes], where: str, limit: int) -> Iterator[Article | Refusal]:
    """Read CSV with a header; comma, semicolon or tab, UTF-8 or UTF-16 as spreadsheets save them.

    Yields
    ------
    Article or Refusal
    """
    csv.field_size_limit(limit)
    head = stream.read(4096)
    is_utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if is_binary(head) and not is_utf16:
        raise ReadError(where, "is a binary file, not CSV; export it as 'CSV UTF-8'")
    encoding = "utf-16" if is_utf16 else "utf-8-sig"
    stream.seek(0)
    lines = io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="")
    try:
        yield from _read_rows(lines, where)
    finally:
        lines.detach()  # the file is the caller's to close


def _read_rows(lines: io.TextIOWrapper, where: str) -> Iterator[Article | Refusal]:
    delimiter, names = _header(lines.readline())
    if not names:
        raise ReadError(where, "is empty; nothing to label")
    if "text" not in names:
        shown = ", ".join(names)[:200]
        raise ReadError(where, f"has no column 'text' (it has: {shown}); rename the one that holds the articles to 'text'")
    rows = csv.reader(lines, delimiter=delimiter, strict=True)  # an open quote must not swallow rows in silence
    number = 1
    while True:
        number += 1
        place = f"{where}, row {number}"
        try:
            row = next(rows)
            if row:
                yield article_from_record(_row(names, row, place), place)
        except StopIteration:
            if number == 2:
                raise ReadError(where, "has a header and no rows; nothing to label") from None
            return
        except ReadError as err:
            yield Refusal(err.where, err.what)
        except csv.Error as err:
            yield Refusal(place, f"is not CSV ({err}); export the table again as 'CSV UTF-8'")


def _header(line: str) -> tuple[str, list[str]]:
    """Give the delimiter and the columns: of the delimiters the one that finds a column 'text', or else most columns."""
    readings = []
    for delimiter in ",;\t":
        try:
            names = [name.strip().lower() for name in next(csv.reader([line], delimiter=delimiter), [])]
        except csv.Error:
            names = []
        readings.append(("text" in names, len(names), delimiter, names))
    _, _, delimiter, names = max(readings, key=lambda reading: reading[:2])
    return delimiter, names


def _row(names: list[str], row: list[str], place: str) -> dict[str, str]:
    if len(row) != len(names):
        raise ReadError(place, f"has {len(row)} cells where the header has {len(names)}; check its quotes")
    if any("\udc80" <= char <= "\udcff" for cell in row for char in cell):
        raise ReadError(place, "is not UTF-8; export the table as 'CSV UTF-8'")
    return {name: cell for name, cell in zip(names, row, strict=True) if cell or name == "text"}


def read_parquet(path: Path) -> Iterator[Article | Refusal]:
    """Read Parquet in batches of rows.

    Yields
    ------
    Article or Refusal
    """
    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    try:
        table = pq.ParquetFile(path)
        columns = table.schema_arrow.names
        if not {"text", "paragraphs"} & set(columns):
            raise ReadError(
                str(path), f"has no column 'text' (it has: {', '.join(columns)[:200]}); rename the one that holds the articles to 'text'"
            )
        number = 0
        for batch in table.iter_batches(batch_size=256):
            for record in batch.to_pylist():
                number += 1
                place = f"{path}, row {number}"
                try:
                    yield article_from_record(record, place)
                except ReadError as err:
                    yield Refusal(err.where, err.what)
    except (ArrowException, OSError) as err:
        raise ReadError(str(path), f"is no Parquet file that can be read ({' '.join(str(err).split())[:120]}); write it again") from None
