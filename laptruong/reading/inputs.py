"""From records to articles; what cannot be read is told and costs nothing else."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from laptruong.articles import Article
from laptruong.encoding import decode
from laptruong.errors import ReadError
from laptruong.reading import html
from laptruong.reading.pages import Refusal, article_from_text
from laptruong.reading.raw import LIMIT, Header, Raw
from laptruong.reading.reader import RawReader
from laptruong.reading.records import article_from_record, parse_line


def read_articles(inputs: Iterable[str | Path], stdin: IO[bytes] | None = None, skip: Collection[Path] = ()) -> Iterator[Article | Refusal]:
    """Read articles from files, folders, globs, URLs and ``-`` (standard input), one at a time.

    Parameters
    ----------
    inputs : iterable of str or Path
        Folders are read with all below them, in sorted order; their files of other kinds are passed over. A URL
        (``s3://``, ``https://`` …) is read through fsspec.
    stdin : binary file, optional
        Read for ``-``; `sys.stdin` by default.
    skip : collection of Path, optional
        Resolved paths to pass over, such as the labels that an earlier run left in the folder.

    Yields
    ------
    Article or Refusal
        In the order of the inputs.
    """
    for raw in RawReader(inputs, stdin, lambda path: Path(path).resolve() in skip):
        try:
            yield parse(raw)
        except ReadError as err:
            yield Refusal(err.where, err.what)


def parse(raw: Raw) -> Article:
    """Read one record.

    Raises
    ------
    ReadError
        If it is no article.
    """
    if raw.problem is not None:
        raise ReadError(raw.place, raw.problem)
    if raw.kind == "json":
        return article_from_record(parse_line(raw.payload, raw.place) or {}, raw.place)
    if raw.kind == "row" and raw.header is not None:
        return article_from_record(_row(raw.header, raw.payload, raw.place), raw.place)
    return _page(raw)


def _row(header: Header, payload: bytes, place: str) -> dict[str, Any]:
    text = payload.decode("utf-8", "surrogateescape")
    csv.field_size_limit(LIMIT)
    row = next(csv.reader(io.StringIO(text, newline=""), delimiter=header.delimiter))
    if len(row) != len(header.names):
        raise ReadError(place, f"has {len(row)} cells where the header has {len(header.names)}; check its quotes")
    if any("\udc80" <= char <= "\udcff" for char in text):
        raise ReadError(place, "is not UTF-8; export the table as 'CSV UTF-8'")
    return {name: cell for name, cell in zip(header.names, row, strict=True) if cell or name == "text"}


def _page(raw: Raw) -> Article:
    text = decode(raw.payload, raw.place)
    if not text.strip():
        raise ReadError(raw.place, "is empty; nothing to label")
    if raw.kind == "text":
        return article_from_text(text, where=raw.place, article_id=raw.name)
    page = html.extract(text, raw.place)
    article = article_from_text(page.text, where=raw.place, article_id=raw.name, title=page.title, date=page.date)
    return html.with_metadata(article, page)
