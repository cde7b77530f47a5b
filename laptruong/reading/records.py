"""From one record of a file (a JSON object, a row) to an article."""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from laptruong.articles import KINDS, Article, Kind, Mention, Paragraph
from laptruong.dates import parse_date
from laptruong.encoding import refuse_legacy
from laptruong.errors import ReadError
from laptruong.reading.pages import article_from_text

_FIELDS = "id, text (or paragraphs), and if known title, date, outlet, author, url"


def parse_line(line: bytes, place: str, *, once: bool = False) -> dict[str, Any] | None:
    """Parse one line of JSON Lines; None for a blank one.

    Parameters
    ----------
    line : bytes
    place : str
    once : bool
        Refuse an object that gives a key twice, where otherwise the later one counts.

    Raises
    ------
    ReadError
        If it is not one JSON object in UTF-8.
    """
    try:
        text = line.decode("utf-8-sig" if line.startswith(codecs.BOM_UTF8) else "utf-8").strip()
        if not text:
            return None
        record = json.loads(text, object_pairs_hook=_keys_once if once else None)
    except UnicodeDecodeError as err:
        raise ReadError(place, f"is not UTF-8 (byte {err.start}); save the file as UTF-8") from None
    except json.JSONDecodeError as err:
        raise ReadError(place, f"is not JSON ({err.msg} at column {err.colno}); each line must be one JSON object") from None
    except (RecursionError, ValueError) as err:
        raise ReadError(place, f"is not JSON that can be read ({err}); each line must be one flat JSON object") from None
    if not isinstance(record, dict):
        raise ReadError(place, f"is a JSON {type(record).__name__}, not an object" + ("" if once else f" with {_FIELDS}"))
    return record


def _keys_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key '{next(key for key in keys if keys.count(key) > 1)}' is given twice")
    return found


def article_from_record(record: Mapping[str, Any], place: str) -> Article:
    """Make an article of a record: of its ``text`` as of a page's, or of the ``paragraphs`` it brings.

    Raises
    ------
    ReadError
        If it has neither, or a field of the wrong type.
    """
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
    return check_characters(value, place).strip()


def check_characters(text: str, place: str) -> str:
    """Give the text back, or raise `ReadError` if it holds half a character, which no file can be written with."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ReadError(place, "holds half of a character (a lone surrogate); write the file again as UTF-8") from None
    return text


def _required_text(record: Mapping[str, Any], place: str) -> str:
    if "text" not in record:
        shown = ", ".join(map(str, list(record)[:12])) or "none"
        raise ReadError(place, f"has no field 'text' (it has: {shown}); rename the one that holds the article to 'text'")
    text = record["text"]
    if not isinstance(text, str):
        raise ReadError(place, f"'text' must be text, not {type(text).__name__}")
    if not text.strip():
        raise ReadError(place, "'text' is empty; nothing to label")
    return check_characters(text, place)


def _paragraphs(raw: Any, place: str) -> tuple[Paragraph, ...]:
    if not isinstance(raw, list) or not raw:
        raise ReadError(place, "'paragraphs' must be a list with at least one paragraph")
    found, start = [], 0
    brought = any(isinstance(each, dict) and each.get("mentions") is not None for each in raw)
    mentions: tuple[Mention, ...] | None
    for index, each in enumerate(raw):
        spot = f"{place}, paragraphs[{index}]"
        if not isinstance(each, dict) or not isinstance(each.get("text"), str) or not each["text"].strip():
            raise ReadError(spot, "must be an object with a 'text' that is not empty")
        check_characters(each["text"], spot)
        kind: Kind = each.get("kind", "body")
        if kind not in KINDS:
            raise ReadError(spot, f"'kind' is {kind!r}; it must be one of {', '.join(KINDS)}")
        mentions = () if brought else None  # a record that brings mentions brings them all
        if each.get("mentions") is not None:
            mentions = read_mentions(each["mentions"], each["text"], spot)
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
        if not (isinstance(actor, str) and actor.strip()):
            raise ReadError(place, f"a mention's actor is {actor!r}; it must be an id")
        if not (type(start) is int and type(end) is int and 0 <= start < end <= len(text)):
            raise ReadError(place, f"the mention {actor!r} [{start!r}:{end!r}] lies outside the text (0 to {len(text)})")
        found.append(Mention(actor, start, end, text[start:end]))
    found.sort(key=lambda mention: mention.start)
    for one, two in pairwise(found):
        if two.start < one.end:
            raise ReadError(place, f"the mentions of {one.actor} and {two.actor} overlap at {two.start}; keep one")
    return tuple(found)


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
    if sum(len(paragraph.mentions or ()) for paragraph in paragraphs) < len(mentions):
        raise ReadError(place, "a mention lies across paragraphs or outside them; each must lie within one")
    return replace(article, paragraphs=tuple(paragraphs))
