"""A record as it stands in the input, before anything is read into it."""

from __future__ import annotations

import hashlib
from typing import Literal, NamedTuple

LIMIT = 20_000_000
"""Bytes of a page or record; what is larger is no article. The limit keeps memory flat."""
KEPT = 1_000_000
"""Bytes that are kept of a record above the limit."""


class Header(NamedTuple):
    """What the first line of a CSV file says of its rows."""

    delimiter: str
    names: tuple[str, ...]


class Raw(NamedTuple):
    """A record of the input.

    Attributes
    ----------
    place : str
        The file, with the line or row.
    kind : str
        How to read it: one JSON object, one row of CSV, a page as text or as HTML.
    payload : bytes
        The record's bytes; a row of Parquet as JSON.
    name : str
        The id of a page.
    header : Header, optional
        Of a row.
    problem : str, optional
        Why it cannot be read, where that is known already.
    """

    place: str
    kind: Literal["json", "row", "text", "html"]
    payload: bytes
    name: str = ""
    header: Header | None = None
    problem: str | None = None

    def digest(self) -> bytes:
        """Hash what makes the record what it is, wherever it stands; 8 bytes."""
        return hashlib.blake2b(self.payload.rstrip(b"\r\n"), digest_size=8, person=self.kind.encode(), key=self.name.encode()[:64]).digest()


def problem(place: str, reason: str, payload: bytes = b"") -> Raw:
    """Make a record of what could not be cut into one."""
    return Raw(place, "text", payload, problem=reason)
