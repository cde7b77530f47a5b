"""Records to articles: JSON Lines, CSV and Parquet, one article a line or row, read as a stream."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from laptruong.articles import KINDS, Article, Kind, Mention, Paragraph
from laptruong.dates import parse_date
from laptruong.encoding import refuse_legacy
from laptruong.errors import ReadError

_FIELDS = "id, text (or paragraphs), and if known title, date, outlet, author, url"


def read_jsonl(stream: BinaryIO, where: str, limit: int) -> Iterator[Any]:
    """Read JSON Lines; a bad line is refused by its number and the others are read.

    Yields
    ------
    Article or Refusal
    """
    from laptruong.reading.inputs import Refusal

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


def _numbered_lines(stream: BinaryIO, limit: int) -> Iterator[tuple[int, bytes | None]]:
    """Give each line with its number; None for one above the limit, which is passed over in pieces."""
    number = 0
    while line := stream.readline(limit + 1):
        number += 1
        too_long = len(line) > limit
        while too_long and not line.endswith(b"\n") and line:
            line = stream.readline(limit)
        yield number, None if too_long else line


def parse_line(line: bytes, place: str) -> dict[str, Any] | None:
    """Parse one line of JSON Lines; None for a blank one.

    Raises
    ------
    ReadError
        If it is not one JSON object in UTF-8.
    """
    try:
        text = line.decode("utf-8-sig" if line.startswith(codecs.BOM_UTF8) else "utf-8").strip()
        if not text:
            return None
        record = json.loads(text)
    except UnicodeDecodeError as err:
        raise ReadError(place, f"is not UTF-8 (byte {err.start}); save the file as UTF-8") from None
    except json.JSONDecodeError as err:
        raise ReadError(place, f"is not JSON ({err.msg} at column {err.colno}); each line must be one JSON object") from None
    except (RecursionError, ValueError) as err:
        raise ReadError(place, f"is not JSON that can be read ({err}); each line must be one flat JSON object") from None
    if not isinstance(record, dict):
        raise ReadError(place, f"is a JSON {type(record).__name__}, not an object with {_FIELDS}")
    return record


def article_from_record(record: Mapping[str, Any], place: str) -> Article:
    """Make an article of a record: of its ``text`` as of a page's, or of the ``paragraphs`` it brings.

    Raises
    ------
    ReadError
        If it has neither, or a field of the wrong type.
    """
    from laptruong.reading.inputs import article_from_text

    meta = {name: _string(record, name, place) for name in ("id", "title", "outlet", "author", "url")}
    date = parse_date(record.get("date"))
    if record.get("paragraphs") is not None:
        paragraphs = _paragraphs(record["paragraphs"], place)
        text = "\n".join(paragraph.text for paragraph in paragraphs)
        found = Article(id=meta["id"] or text_id(text), source=place, paragraphs=paragraphs, title=meta["title"], date=date, text=text)
    else:
        text = _required_text(record, place)
        refuse_legacy(text, place)
        found = article_from_text(text, where=place, article_id=meta["id"] or text_id(text), title=meta["title"], date=date)
        if record.get("mentions") is not None:
            found = _with_mentions(found, record["mentions"], place)
    return Article(
        id=found.id, source=place, paragraphs=found.paragraphs, title=found.title, date=found.date,
        outlet=meta["outlet"] or found.outlet, author=meta["author"] or found.author, url=meta["url"], text=text,
    )  # fmt: skip


def text_id(text: str) -> str:
    """Give the id of a text without one: the first 12 hex digits of its SHA-1, as the real corpora have it."""
    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:12]


def _string(record: Mapping[str, Any], name: str, place: str) -> str | None:
    value = record.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool | int | float):
        return str(value)
    if not isinstance(value, str):
        raise ReadError(place, f"'{name}' must be text, not {type(value).__name__}")
    return value.strip()


def _required_text(record: Mapping[str, Any], place: str) -> str:
    if "text" not in record:
        shown = ", ".join(map(str, list(record)[:12])) or "none"
        raise ReadError(place, f"has no field 'text' (it has: {shown}); rename the one that holds the article to 'text'")
    text = record["text"]
    if not isinstance(text, str):
        raise ReadError(place, f"'text' must be text, not {type(text).__name__}")
    if not text.strip():
        raise ReadError(place, "'text' is empty; nothing to label")
    return text


def _paragraphs(raw: Any, place: str) -> tuple[Paragraph, ...]:
    if not isinstance(raw, list) or not raw:
        raise ReadError(place, "'paragraphs' must be a list with at least one paragraph")
    found, start = [], 0
    for index, each in enumerate(raw):
        spot = f"{place}, paragraphs[{index}]"
        if not isinstance(each, dict) or not isinstance(each.get("text"), str) or not each["text"].strip():
            raise ReadError(spot, "must be an object with a 'text' that is not empty")
        kind: Kind = each.get("kind", "body")
        if kind not in KINDS:
            raise ReadError(spot, f"'kind' is {kind!r}; it must be one of {', '.join(KINDS)}")
        mentions = None if each.get("mentions") is None else read_mentions(each["mentions"], each["text"], spot)
        found.append(Paragraph(each["text"], kind, start, start + len(each["text"]), mentions))
        start += len(each["text"]) + 1
    return tuple(found)


def read_mentions(raw: Any, text: str, place: str) -> tuple[Mention, ...]:
    """Read the mentions that a record brings: objects with ``actor``, ``start`` and ``end`` in the raw text.

    Raises
    ------
    ReadError
        If one is malformed or lies outside the text.
    """
    if not isinstance(raw, list):
        raise ReadError(place, "'mentions' must be a list of objects with actor, start and end")
    found = []
    for each in raw:
        try:
            actor, start, end = each["actor"], each["start"], each["end"]
        except (TypeError, KeyError):
            raise ReadError(place, "each mention must be an object with actor, start and end") from None
        if not (isinstance(actor, str) and type(start) is int and type(end) is int and 0 <= start < end <= len(text)):
            raise ReadError(place, f"the mention {actor!r} [{start!r}:{end!r}] lies outside the text (0 to {len(text)})")
        found.append(Mention(actor, start, end, text[start:end]))
    return tuple(sorted(found, key=lambda mention: mention.start))


def _with_mentions(article: Article, raw: Any, place: str) -> Article:
    """Hand mentions that are counted in the whole text to the paragraphs in which they lie."""
    mentions = read_mentions(raw, article.text, place)
    paragraphs = []
    for paragraph in article.paragraphs:
        start, end = paragraph.start, paragraph.end
        inside = () if start is None or end is None else tuple(
            Mention(m.actor, m.start - start, m.end - start, m.surface) for m in mentions if start <= m.start and m.end <= end
        )  # fmt: skip
        paragraphs.append(Paragraph(paragraph.text, paragraph.kind, start, end, inside))
    return Article(id=article.id, source=article.source, paragraphs=tuple(paragraphs), title=article.title, date=article.date, text=article.text)


def read_csv(stream: BinaryIO, where: str, limit: int) -> Iterator[Any]:
    """Read CSV with a header; comma, semicolon or tab, UTF-8 or UTF-16 as spreadsheets save them.

    Yields
    ------
    Article or Refusal
    """
    from laptruong.reading.inputs import Refusal

    csv.field_size_limit(limit)
    head = stream.read(4)
    encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    stream.seek(0)
    lines = io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="")
    header = lines.readline()
    if "\x00" in header:
        raise ReadError(where, "is a binary file, not CSV; export it as 'CSV UTF-8'")
    delimiter = max(",;\t", key=header.count)
    names = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
    if not names:
        raise ReadError(where, "is empty; nothing to label")
    if "text" not in names:
        raise ReadError(where, f"has no column 'text' (it has: {', '.join(names)[:200]}); rename the one that holds the articles to 'text'")
    rows = csv.reader(lines, delimiter=delimiter)
    number = 1
    while True:
        number += 1
        place = f"{where}, row {number}"
        try:
            row = next(rows)
            if row:
                yield article_from_record(_row(names, row, place), place)
        except StopIteration:
            return
        except ReadError as err:
            yield Refusal(err.where, err.what)
        except csv.Error as err:
            yield Refusal(place, f"is not CSV ({err}); export the table again as 'CSV UTF-8'")


def _row(names: list[str], row: list[str], place: str) -> dict[str, str]:
    if len(row) != len(names):
        raise ReadError(place, f"has {len(row)} cells where the header has {len(names)}; check its quotes")
    if any("\udc80" <= char <= "\udcff" for cell in row for char in cell):
        raise ReadError(place, "is not UTF-8; export the table as 'CSV UTF-8'")
    return dict(zip(names, row, strict=True))


def read_parquet(path: Path) -> Iterator[Any]:
    """Read Parquet in batches of rows.

    Yields
    ------
    Article or Refusal
    """
    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    from laptruong.reading.inputs import Refusal

    try:
        table = pq.ParquetFile(path)
        columns = table.schema_arrow.names
        if not {"text", "paragraphs"} & set(columns):
            raise ReadError(str(path), f"has no column 'text' (it has: {', '.join(columns)[:200]}); rename the one that holds the articles to 'text'")
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
