"""Read the records of all inputs, in order: cut quickly, each with its place.

What is cut here is parsed elsewhere (`laptruong.reading.inputs.parse`), in other processes where there are many.
"""

from __future__ import annotations

import codecs
import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from laptruong.errors import ReadError
from laptruong.reading.raw import KEPT, LIMIT, Raw, problem
from laptruong.reading.sources import SUFFIXES, Source, find_sources, open_source
from laptruong.reading.tables import read_csv, read_lines, read_parquet

STDIN = "standard input"


class RawReader:
    """Reads the records of all inputs, in order, and knows how far it is.

    Parameters
    ----------
    inputs : iterable of str or Path
    stdin : binary file, optional
        Read for ``-``; `sys.stdin` by default.
    skip : callable
        Tells paths in folders to pass over.
    """

    def __init__(
        self, inputs: Iterable[str | Path], stdin: IO[bytes] | None = None, skip: Callable[[str], bool] = lambda path: False
    ) -> None:
        self.inputs, self.stdin, self.skip = [str(name) for name in inputs], stdin, skip
        self._done = 0
        self._tell: Callable[[], int] = lambda: 0

    @property
    def position(self) -> int:
        """Bytes of the files read so far, before unpacking."""
        return self._done + self._tell()

    def total(self) -> int | None:
        """Give the bytes of all files; None where that cannot be known, as of standard input."""
        try:
            return None if "-" in self.inputs else sum(source.size for name in self.inputs for source in find_sources(name, self.skip))
        except (ReadError, OSError):
            return None

    def __iter__(self) -> Iterator[Raw]:
        for name in self.inputs:
            if name == "-":
                yield from guarded(_read_stdin(self.stdin or sys.stdin.buffer), STDIN)
                continue
            try:
                for source in find_sources(name, self.skip):
                    yield from guarded(self._read(source), source.path)
                    self._tell, self._done = lambda: 0, self._done + source.size
            except (ReadError, OSError) as err:
                yield problem(name, err.what if isinstance(err, ReadError) else f"cannot be read: {err.strerror or err}")

    def _read(self, source: Source) -> Iterator[Raw]:
        if source.kind is None:
            raise ReadError(source.path, f"is of no known kind; rename it to one of {', '.join(SUFFIXES)} if it is one of these")
        if source.kind == ".parquet":
            if source.packed:
                raise ReadError(source.path, "Parquet is compressed inside; unpack the file first")
            yield from read_parquet(source)
            return
        raw, stream = open_source(source.path)
        self._tell = raw.tell
        with raw, stream:
            if source.kind in (".jsonl", ".ndjson"):
                yield from read_lines(stream, source.path)
            elif source.kind in (".csv", ".tsv"):
                yield from read_csv(stream, source.path)
            else:
                yield _read_page(stream, source.path, source.page_id, is_html=source.kind != ".txt")
            self._tell = lambda: 0


def guarded(reading: Iterator[Raw], where: str) -> Iterator[Raw]:
    """Turn what goes wrong with a file into a record that tells it."""
    try:
        yield from reading
    except ReadError as err:
        yield problem(err.where, err.what)
    except (gzip.BadGzipFile, zlib.error, EOFError):
        yield problem(where, "is damaged gzip data; fetch it again")
    except OSError as err:
        yield problem(where, f"cannot be read: {err.strerror or ' '.join(str(err).split())[:160]}")


def _read_stdin(raw: IO[bytes]) -> Iterator[Raw]:
    """Read standard input as what it looks like: JSON Lines, HTML or text."""
    stream = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, io.BytesIO(raw.read())))
    if stream.peek(2).startswith(b"\x1f\x8b"):
        stream = io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=stream)))
    opening = stream.peek(4096).removeprefix(codecs.BOM_UTF8).lstrip()
    if opening.startswith(b"{"):
        yield from read_lines(stream, STDIN)
    else:
        yield _read_page(stream, STDIN, "stdin", is_html=opening[:1] == b"<")


def _read_page(stream: IO[bytes], where: str, name: str, is_html: bool) -> Raw:
    data = stream.read(LIMIT + 1)
    if len(data) > LIMIT:
        reason = f"is larger than {LIMIT // 10**6} MB, which no single article is; give many articles as JSON Lines"
        return problem(where, reason, data[:KEPT])
    return Raw(where, "html" if is_html else "text", data, name)
