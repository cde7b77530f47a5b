"""The input of a cluster, split into ranges that can be read anywhere, in any order, and still know where they stand."""

from __future__ import annotations

import io
import json
import os
import platform
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Self

from laptruong.errors import LaptruongError, ReadError
from laptruong.reading.raw import Raw, problem
from laptruong.reading.reader import RawReader, guarded
from laptruong.reading.sources import Source, find_sources, is_remote, open_source
from laptruong.reading.tables import read_lines, read_parquet, row_groups

LARGEST, SMALLEST = 64_000_000, 1_000_000
"""Bytes of a range: what is labelled again when a node dies, and what a part file is made of."""
SHARE = 256
"""Into how many ranges little input is split, so that it, too, keeps a cluster busy."""
_FILES = 1000
"""Most files of a range: pages are small, and each is a visit to the storage."""
_PIECE = 1 << 20


class Range(NamedTuple):
    """Some files in a row, or a piece of one.

    Attributes
    ----------
    files : tuple of Source
    size : int
        Bytes in the files, about.
    start : int, optional
        The byte at which a piece of JSON Lines begins: it holds the lines that begin in the `size` bytes from here on.
    groups : tuple of int, optional
        The row groups that make up a piece of a Parquet file.
    before : int
        Lines or rows of the file that stand before the piece.
    problem : str, optional
        Why there is nothing to read.
    """

    files: tuple[Source, ...]
    size: int
    start: int | None = None
    groups: tuple[int, ...] | None = None
    before: int = 0
    problem: str | None = None

    def to_json(self) -> str:
        """Write the range down."""
        return json.dumps(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        files, size, start, groups, *rest = json.loads(text)
        return cls(tuple(Source(*each) for each in files), size, start, None if groups is None else tuple(groups), *rest)


def find_ranges(inputs: Iterable[str], skip: Callable[[str], bool]) -> list[Range]:
    """Find all files of the inputs and split them; the ranges stand in the order of the input.

    Parameters
    ----------
    inputs : iterable of str
    skip : callable
        Tells paths in folders to pass over.
    """
    found = list(_find(inputs, skip))
    size = min(LARGEST, max(SMALLEST, sum(each.size for each in found) // SHARE))
    ranges: list[Range] = []
    whole: list[Source] = []
    filled = 0

    def close() -> None:
        nonlocal filled
        if whole:
            ranges.append(Range(tuple(whole), filled))
        whole.clear()
        filled = 0

    for each in found:
        pieces = [each] if isinstance(each, Range) else _cut(each, size)
        if isinstance(each, Source) and not pieces:
            whole.append(each)
            filled += each.size
        if pieces or filled >= size or len(whole) >= _FILES:
            close()
        ranges += pieces
    close()
    return ranges


def _find(inputs: Iterable[str], skip: Callable[[str], bool]) -> Iterator[Source | Range]:
    """Give files, and where there are none a range that says so, as `RawReader` does."""
    for name in inputs:
        try:
            yield from find_sources(name, skip)
        except (ReadError, OSError) as err:
            reason = err.what if isinstance(err, ReadError) else f"cannot be read: {err.strerror or err}"
            yield Range((Source(name, None, 0),), 0, problem=reason)


def _cut(source: Source, size: int) -> list[Range]:
    """Cut a large file into pieces, where its kind allows that; else give none."""
    if source.size <= size or source.packed:
        return []
    if source.kind in (".jsonl", ".ndjson"):
        return [Range((source,), min(size, source.size - start), start=start) for start in range(0, source.size, size)]
    if source.kind != ".parquet":
        return []
    try:
        rows = row_groups(source)
    except ReadError:  # told when the file is read as a whole
        return []
    pieces, before, group = [], 0, 0
    while group < len(rows):
        upto, held = group, 0
        while upto < len(rows) and (upto == group or held * source.size < size * sum(rows)):
            held, upto = held + rows[upto], upto + 1
        share = source.size * held // max(sum(rows), 1)
        pieces.append(Range((source,), share, groups=tuple(range(group, upto)), before=before))
        before, group = before + held, upto
    return pieces


class RangeReader:
    """Reads the records of a range, each with its place in the whole file.

    Parameters
    ----------
    work : Range

    Attributes
    ----------
    lines : int
        Lines that a piece of JSON Lines has, once it is read.
    """

    def __init__(self, work: Range) -> None:
        self.work, self.lines = work, 0

    def __iter__(self) -> Iterator[Raw]:
        work = self.work
        first = work.files[0]
        if work.problem is not None:
            yield problem(first.path, work.problem)
            return
        for source in work.files:
            _check_seen(source)
        if work.start is not None:
            yield from guarded(self._read_lines(first, work.start), first.path)
        elif work.groups is not None:
            yield from guarded(read_parquet(first, list(work.groups), work.before), first.path)
        else:
            yield from RawReader([source.path for source in work.files])

    def _read_lines(self, source: Source, start: int) -> Iterator[Raw]:
        raw, stream = open_source(source.path)
        with raw, stream:
            begin = start
            if start:  # the line in which the piece begins is the last one's, unless it begins right here
                stream.seek(start - 1)
                while (piece := stream.readline(_PIECE)) and not piece.endswith(b"\n"):
                    pass
                begin = stream.tell()
            lines = _Counting(stream)
            yield from read_lines(lines, source.path, before=self.work.before, size=start + self.work.size - begin)
            self.lines = lines.count


class _Counting(io.BufferedReader):
    """A stream that counts the lines read from it."""

    count = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        self.count += line.endswith(b"\n")
        return line


def _check_seen(source: Source) -> None:
    """Tell a node that does not see a file from a file that cannot be read: the latter is the input's fault alone."""
    if is_remote(source.path):
        return
    try:
        same = os.path.getsize(source.path) == source.size
    except OSError:
        same = False
    if not same:
        raise LaptruongError(
            f"{source.path}: node {platform.node()} does not see it as the node does that runs the command; the inputs must lie on storage "
            "that all nodes share, under the same name, and stay as they are"
        )
