"""Cut JSON Lines, CSV and Parquet into records, as a stream; a bad one costs only itself."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from laptruong.encoding import is_binary
from laptruong.errors import ReadError
from laptruong.reading.raw import KEPT, LIMIT, Header, Raw, problem
from laptruong.reading.sources import Source, is_remote, open_source

_PARQUET_FIELDS = ("id", "title", "date", "outlet", "author", "url", "text", "paragraphs", "mentions")


def read_lines(stream: IO[bytes], where: str, *, before: int = 0, size: int | None = None) -> Iterator[Raw]:
    """Cut JSON Lines.

    Parameters
    ----------
    stream : binary file
    where : str
    before : int
        Lines of the file that stand before the stream's beginning.
    size : int, optional
        Bytes to read, which end with a line; by default all.
    """
    number, read, found = before, 0, False
    while (size is None or read < size) and (line := stream.readline(LIMIT + 1)):
        number, read = number + 1, read + len(line)
        place = f"{where}, line {number}"
        if len(line) > LIMIT:
            found, kept = True, line[:KEPT]
            while line and not line.endswith(b"\n"):  # passed over in pieces
                line = stream.readline(LIMIT)
                read += len(line)
            yield problem(place, f"is longer than {LIMIT // 10**6} MB, which no article is", kept)
        elif line.strip(codecs.BOM_UTF8 + b" \t\r\n\v\f"):
            found = True
            yield Raw(place, "json", line)
    if not found and size is None:
        raise ReadError(where, "is empty; nothing to label")


class _Lines:
    """Lines of a CSV file, which remembers those that the row being read took."""

    def __init__(self, lines: io.TextIOWrapper) -> None:
        self.lines, self.taken = lines, [""]

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self.lines)
        self.taken.append(line)
        return line

    def take(self) -> bytes:
        """Give the lines taken since the last call."""
        taken = "".join(self.taken).encode("utf-8", "surrogateescape")
        self.taken.clear()
        return taken


def read_csv(stream: io.BufferedReader, where: str) -> Iterator[Raw]:
    """Cut CSV with a header: comma, semicolon or tab, UTF-8 or UTF-16 as spreadsheets save them."""
    csv.field_size_limit(LIMIT)
    head = stream.peek(4096)
    is_utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if is_binary(head) and not is_utf16:
        raise ReadError(where, "is a binary file, not CSV; export it as 'CSV UTF-8'")
    text = io.TextIOWrapper(stream, encoding="utf-16" if is_utf16 else "utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield from _read_rows(text, where)
    finally:
        text.detach()  # the file is the caller's to close


def _read_rows(text: io.TextIOWrapper, where: str) -> Iterator[Raw]:
    header = _header(text.readline())
    if not header.names:
        raise ReadError(where, "is empty; nothing to label")
    if "text" not in header.names:
        shown = ", ".join(header.names)[:200]
        raise ReadError(where, f"has no column 'text' (it has: {shown}); rename the one that holds the articles to 'text'")
    lines = _Lines(text)
    lines.take()
    rows = csv.reader(lines, delimiter=header.delimiter, strict=True)  # an open quote must not swallow rows in silence
    number = 1
    while True:
        number += 1
        place = f"{where}, row {number}"
        try:
            row = next(rows)
        except StopIteration:
            if number == 2:
                raise ReadError(where, "has a header and no rows; nothing to label") from None
            return
        except csv.Error as err:
            yield problem(place, f"is not CSV ({err}); export the table again as 'CSV UTF-8'", lines.take()[:KEPT])
            continue
        payload = lines.take()
        if row:
            yield Raw(place, "row", payload, header=header)


def _header(line: str) -> Header:
    """Give the delimiter and the columns: of the delimiters the one that finds a column 'text', or else most columns."""
    readings = []
    for delimiter in ",;\t":
        try:
            names = [name.strip().lower() for name in next(csv.reader([line], delimiter=delimiter), [])]
        except csv.Error:
            names = []
        readings.append(("text" in names, len(names), delimiter, names))
    _, _, delimiter, names = max(readings, key=lambda reading: reading[:2])
    return Header(delimiter, tuple(names))


def read_parquet(source: Source, groups: list[int] | None = None, before: int = 0) -> Iterator[Raw]:
    """Cut rows of Parquet, a few at a time; each becomes one JSON object of the fields that an article has.

    Parameters
    ----------
    source : Source
    groups : list of int, optional
        Row groups to read; by default all.
    before : int
        Rows that stand before them.
    """
    where = source.path
    with _opened(source) as table:
        wanted = [name for name in _PARQUET_FIELDS if name in table.schema_arrow.names]
        for batch in table.iter_batches(batch_size=256, columns=wanted, row_groups=groups):
            for record in batch.to_pylist():
                before += 1
                yield Raw(
                    f"{where}, row {before}", "json", json.dumps(record, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")
                )


def row_groups(source: Source) -> list[int]:
    """Give the number of rows of each row group of a Parquet file.

    Raises
    ------
    ReadError
        If it cannot be read as articles.
    """
    with _opened(source) as table:
        return [table.metadata.row_group(group).num_rows for group in range(table.num_row_groups)]


@contextmanager
def _opened(source: Source) -> Iterator[Any]:
    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    where = source.path
    stream = open_source(where)[1] if is_remote(where) else None
    try:
        table = pq.ParquetFile(stream or where, buffer_size=1 << 22)
        names = table.schema_arrow.names
        if not {"text", "paragraphs"} & set(names):
            raise ReadError(
                where, f"has no column 'text' (it has: {', '.join(names)[:200]}); rename the one that holds the articles to 'text'"
            )
        yield table
    except (ArrowException, OSError) as err:
        raise ReadError(where, f"is no Parquet file that can be read ({' '.join(str(err).split())[:120]}); write it again") from None
