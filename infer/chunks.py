"""The input cut into chunks: what is worked on, and committed, at a time.

Chunks depend on the input alone. Each knows the hash of all the input up to its end, so that a run that goes on later
can prove that what it passes over is what it has labelled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from laptruong.errors import LaptruongError
from laptruong.reading.raw import Raw
from laptruong.reading.reader import RawReader

RECORDS, BYTES = 256, 256_000
"""A chunk ends with whichever is reached first: seconds of work at most, and enough for an encoder to sort by length."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records in a row.

    Attributes
    ----------
    records : list of Raw
    repeats : list of bool
        Of each record, whether it repeats an earlier one byte for byte.
    upto : int
        Records of the input up to the chunk's end.
    digest : str
        Hash of the input up to there.
    position : int
        Bytes of the files read up to there.
    """

    records: list[Raw]
    repeats: list[bool]
    upto: int
    digest: str
    position: int


class Seen:
    """The hashes of all records so far, in 8 bytes each: sorted runs, merged as they grow alike.

    Two different records share a hash with a probability of about ``n**2 / 2**65``: one in a million for six million.
    """

    def __init__(self) -> None:
        self._runs: list[np.ndarray] = []

    def repeats(self, hashes: np.ndarray) -> np.ndarray:
        """Tell of each hash whether it came before, here or earlier; shape (n,)."""
        again = np.ones(len(hashes), dtype=bool)
        again[np.unique(hashes, return_index=True)[1]] = False
        for run in self._runs:
            again |= run[np.minimum(np.searchsorted(run, hashes), len(run) - 1)] == hashes
        if not again.all():
            self._runs.append(np.sort(hashes[~again]))
        while len(self._runs) > 1 and len(self._runs[-2]) <= 2 * len(self._runs[-1]):
            self._runs[-2:] = [np.sort(np.concatenate(self._runs[-2:]), kind="stable")]
        return again


class Cutter:
    """Cuts an input into chunks, from the beginning or from where an earlier run stopped.

    Parameters
    ----------
    reader : RawReader
    """

    def __init__(self, reader: RawReader) -> None:
        self.reader = reader
        self._records: Iterator[Raw] = iter(reader)
        self._seen, self._hash, self._upto = Seen(), hashlib.blake2b(digest_size=16), 0

    def skip(self, count: int, digest: str) -> None:
        """Pass over what was labelled before.

        Raises
        ------
        LaptruongError
            If the input is not the one that was labelled.
        """
        while self._upto < count:
            records = list(islice(self._records, min(RECORDS, count - self._upto)))
            if not records:
                break
            self._take(records)
        if count and (self._upto < count or self._hash.hexdigest() != digest):
            raise LaptruongError(f"the input has changed: its first {count} records are not those that were labelled")

    def __iter__(self) -> Iterator[Chunk]:
        for records in grouped(self._records):
            repeats = self._take(records)
            yield Chunk(records, repeats, self._upto, self._hash.hexdigest(), self.reader.position)

    def _take(self, records: list[Raw]) -> list[bool]:
        digests = [raw.digest() for raw in records]
        for raw, digest in zip(records, digests, strict=True):
            self._hash.update(b"%s\0%s\0" % (raw.place.encode("utf-8", "surrogateescape"), digest))
        self._upto += len(records)
        again = self._seen.repeats(np.frombuffer(b"".join(digests), dtype=np.uint64))
        return [bool(each) and raw.problem is None for each, raw in zip(again, records, strict=True)]


def grouped(records: Iterable[Raw]) -> Iterator[list[Raw]]:
    """Give records in groups, each as many as make a chunk."""
    group: list[Raw] = []
    size = 0
    for raw in records:
        group.append(raw)
        size += len(raw.payload)
        if len(group) >= RECORDS or size >= BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group
