"""What the nodes of a cluster do with a range: cut it, label it. Nothing here knows of Ray but by the rows that it hands over."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from infer.chunks import Chunk, grouped
from infer.parts import Parts
from infer.ranges import Range, RangeReader
from infer.work import Done, Worker
from laptruong._version import __version__
from laptruong.decision import Decision
from laptruong.errors import LaptruongError
from laptruong.labelling import Labeller
from laptruong.models import load

Row = dict[str, Any]
_TOLD = 20
"""Refusals of a range that the driver hears of; all are in the quarantine."""


class Found(NamedTuple):
    """What the first pass found in a range.

    Attributes
    ----------
    number : int
        Of the range, from 1 on.
    work : Range
        With the number of lines that stand before it.
    records : int
    digest : str
        Hash of the records' hashes.
    marks : bytes
        One bit a record: whether it repeats an earlier one.
    """

    number: int
    work: Range
    records: int
    digest: str
    marks: bytes

    def to_row(self) -> Row:
        """Give what Ray carries to a node."""
        return self._asdict() | {"work": self.work.to_json()}

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Read what `to_row` gave."""
        return cls(**row | {"work": Range.from_json(row["work"])})


@dataclass(frozen=True, slots=True)
class Setting:
    """What an actor needs to know beside its ranges.

    Attributes
    ----------
    here : str
        The folder in which the command was given.
    model : str
        Shipped model or folder.
    key : dict
        The model's name, version and hash, and the version of this program.
    decision : Decision
    parts : Parts
    """

    here: str
    model: str
    key: dict[str, str]
    decision: Decision
    parts: Parts


def key_of(labeller: Labeller) -> dict[str, str]:
    """Give what must be the same on all nodes."""
    return labeller.model | {"laptruong": __version__}


def hash_of(digests: bytes) -> str:
    """Hash the hashes of a range's records."""
    return hashlib.blake2b(digests, digest_size=16).hexdigest()


def cut(row: Row, here: str) -> Row:
    """Cut a range into records; give their hashes and the number of its lines."""
    with _answering(row["number"], here) as answer:
        reader = RangeReader(Range.from_json(row["work"]))
        digests = b"".join(raw.digest() for raw in reader)
        answer |= {"digests": digests, "lines": reader.lines}
    return {"digests": b"", "lines": 0} | answer


class Labelling:
    """An actor that labels ranges; it loads the model with the first of them.

    Parameters
    ----------
    setting : Setting
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._worker: Worker | None = None

    def __call__(self, row: Row) -> Row:
        setting, found = self.setting, Found.from_row(row)
        told: list[tuple[str, str]] = []
        with _answering(found.number, setting.here) as answer:
            if not setting.parts.folder.is_dir():
                raise LaptruongError(f"{setting.parts.folder}: is not there; outputs must lie on storage that all nodes share")
            counts = setting.parts.done(found.number)
            if counts is None:  # else a node was lost after it had written the parts, before its answer came through
                worker = self._worker = self._worker or self._load()
                counts = setting.parts.write(found.number, worker.formats, _results(found, worker, told))
            answer |= {"counts": json.dumps(asdict(counts)), "told": json.dumps(told[:_TOLD])}
        return {"counts": "", "told": ""} | answer

    def _load(self) -> Worker:
        labeller = load(self.setting.model)
        if key_of(labeller) != self.setting.key:
            raise LaptruongError(f"has {key_of(labeller)}, not {self.setting.key}; install the same on every node")
        return Worker(labeller.deciding(self.setting.decision), self.setting.parts.names)


def _results(found: Found, worker: Worker, told: list[tuple[str, str]]) -> Iterator[Done]:
    """Label a range chunk by chunk, and make sure at its end that it is the one that the marks are of."""
    marks = np.unpackbits(np.frombuffer(found.marks, dtype=np.uint8), count=found.records).astype(bool)
    digests: list[bytes] = []
    for records in grouped(RangeReader(found.work)):
        again = marks[len(digests) : len(digests) + len(records)]
        digests += [raw.digest() for raw in records]
        if len(digests) > found.records:
            break
        repeats = [bool(each) and raw.problem is None for each, raw in zip(again, records, strict=True)]
        done = worker.run(Chunk(records, repeats, len(digests), "", 0))
        told += [(refusal.where, refusal.reason) for refusal in done.refusals]
        yield done
    if hash_of(b"".join(digests)) != found.digest:
        raise LaptruongError(f"{found.work.files[0].path}: has changed since it was first read, or is another file here")


@contextmanager
def _answering(number: int, here: str) -> Iterator[Row]:
    """Stand where the command was given, and turn what a user can mend into an answer; Ray would print pages of it."""
    answer: Row = {"number": number, "error": ""}
    with suppress(OSError):  # a node that lacks the folder may need no relative name
        os.chdir(here)
    try:
        yield answer
    except LaptruongError as err:
        answer["error"] = f"node {platform.node()}: {err}"
    except OSError as err:
        answer["error"] = f"node {platform.node()}: {err.filename or 'the disk'}: {err.strerror or err}"
