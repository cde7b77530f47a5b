"""Label files read back, and their statements as tables for Discourse Network Analyzer.

The tables have the columns that rDNA's ``dna_addDocuments`` and ``dna_addStatement`` take as arguments (rDNA 3.1,
https://github.com/leifeld-lab/dna, ``rDNA/rDNA/R/rDNA.R``). DNA is written in Java: its positions count UTF-16 code units.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import os
import re
import textwrap
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Annotated, Any, Literal, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from infer.records import safe_cell
from laptruong.articles import Kind
from laptruong.errors import LaptruongError, ReadError
from laptruong.reading import Refusal
from laptruong.reading.records import parse_line
from laptruong.schemas import sentences
from laptruong.scheme import Scheme

AGREEMENT = {"positive": 1, "negative": 0}
"""DNA's agreement by tone; it knows yes and no alone, so that a mixed stance has none until a researcher decides."""
DOCUMENT_FIELDS = ("documentID", "title", "text", "author", "source", "section", "type", "notes", "date_time")
STATEMENT_FIELDS = (
    "documentID", "startCaret", "endCaret", "person", "organization", "concept", "agreement", "stance", "tone", "probability",
    "paragraph", "article", "date",
)  # fmt: skip
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_TITLE_WIDTH = 100


def _legible(text: str) -> str:
    """Keep what both XML 1.0 and R can hold, with line ends of one character, as R reads them."""
    return _NOT_IN_XML.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def _day(value: object) -> object:
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


Text = Annotated[str, AfterValidator(_legible)]
Day = Annotated[dt.date | None, BeforeValidator(_day)]


class _Read(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class StatementRecord(_Read):
    """Who stands where, and how sure that is."""

    actor: Text | None
    topic: Text | None
    stance: Text
    probability: float = Field(ge=0, le=1)


class ParagraphRecord(_Read):
    """A paragraph with its statements."""

    kind: Kind
    text: Text
    stances: list[StatementRecord]


class LabelRecord(_Read):
    """What is read of a record that ``laptruong label`` wrote."""

    schema_version: Literal[1]
    id: Text
    title: Text | None = None
    date: Day = None
    outlet: Text | None = None
    author: Text | None = None
    url: Text | None = None
    stances: list[StatementRecord]
    paragraphs: list[ParagraphRecord]


def read_labels(paths: Iterable[Path], scheme: Scheme, refused: Callable[[Refusal], None] = lambda refusal: None) -> Iterator[LabelRecord]:
    """Read label files, one article at a time.

    Parameters
    ----------
    paths : iterable of Path
        ``.jsonl``, also as ``.gz``.
    scheme : Scheme
    refused : callable, optional
        Called with each line or file that cannot be read; the others are.

    Raises
    ------
    LaptruongError
        If a label is not one of the scheme's: all numbers would be wrong.
    """
    for path in paths:
        count = 0
        try:
            with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
                for number, line in enumerate(cast(IO[bytes], stream), 1):
                    try:
                        record = _parse(line, f"{path}, line {number}", scheme)
                    except ReadError as err:
                        refused(Refusal(err.where, err.what))
                        count += 1
                        continue
                    if record is not None:
                        count += 1
                        yield record
            if not count:
                refused(Refusal(str(path), "is empty; no labels in it"))
        except (gzip.BadGzipFile, zlib.error, EOFError):
            refused(Refusal(str(path), "is damaged gzip data; fetch it again"))
        except OSError as err:
            refused(Refusal(str(path), f"cannot be read: {err.strerror or err}"))


def _parse(line: bytes, place: str, scheme: Scheme) -> LabelRecord | None:
    raw = parse_line(line, place)
    if raw is None:
        return None
    try:
        record = LabelRecord.model_validate(raw)
    except ValidationError as err:
        raise ReadError(place, f"is no record of 'laptruong label -o': {next(sentences(LabelRecord, err))[1]}") from None
    for each in (*record.stances, *(each for paragraph in record.paragraphs for each in paragraph.stances)):
        strange = _strange(each, scheme)
        if strange:
            raise LaptruongError(f"{place}: {strange} is not in the scheme '{scheme.name}'; name the scheme of these labels with --scheme")
    return record


def _strange(each: StatementRecord, scheme: Scheme) -> str | None:
    """Say what a scheme has no place for; actors it does not name are well, for records may bring their own."""
    if each.stance not in scheme.stance_ids:
        return f"the stance '{each.stance}'"
    if each.topic not in (scheme.topic_ids or (None,)):
        return f"the topic '{each.topic}'" if each.topic else "a stance without a topic"
    if (each.actor is None) != (scheme.actors is None):
        return f"the actor '{each.actor}'" if each.actor else "a stance without an actor"
    return None


@contextmanager
def whole_files(paths: Iterable[Path]) -> Iterator[list[Path]]:
    """Give a path beside each of ``paths`` to write to, and move all into place once all went well.

    Raises
    ------
    LaptruongError
        If one is a folder, is named twice, or cannot be written.
    """
    parts: list[tuple[Path, Path]] = []
    with ExitStack() as stack:
        for path in paths:
            if path.is_dir():
                raise LaptruongError(f"{path}: is a folder; name a file to write")
            if path.resolve() in {other.resolve() for _, other in parts}:
                raise LaptruongError(f"{path}: two outputs have the same name; give each its own")
            part = path.with_name(f".{path.name}.{os.getpid()}")
            try:
                part.touch()
            except OSError as err:
                raise LaptruongError(f"{path}: cannot be written: {err.strerror}; give a place that exists and is yours") from None
            stack.callback(part.unlink, missing_ok=True)
            parts.append((part, path))
        yield [part for part, _ in parts]
        for part, path in parts:
            part.replace(path)


class DnaTables:
    """Writes statements, and the documents they stand in, article by article.

    A statement is an (actor, topic, stance) of a paragraph and covers the paragraph. A neutral one states nothing and is
    left out, as are documents without statements and paragraphs of boilerplate. Without actors in the scheme the author
    is the person and the outlet the organization; without topics the scheme's name is the concept.

    Parameters
    ----------
    scheme : Scheme
    statements : text file
    documents : text file, optional
    """

    def __init__(self, scheme: Scheme, statements: IO[str], documents: IO[str] | None) -> None:
        self.scheme, self.tones = scheme, {stance.id: stance.tone for stance in scheme.stances}
        self.documents = self.statements = 0
        self._statements = _table(statements, STATEMENT_FIELDS)
        self._documents = _table(documents, DOCUMENT_FIELDS) if documents is not None else None

    def write(self, record: LabelRecord) -> None:
        """Write the statements of one article, and the article if it has any."""
        shown = [(index, each) for index, each in enumerate(record.paragraphs) if each.kind != "boilerplate"]
        text = "\n".join(each.text for _, each in shown)
        rows, head = [], set[tuple[str | None, str | None]]()
        start = len(safe_cell(text)) - len(text)  # an apostrophe before a formula: positions count in what the table holds
        for index, paragraph in shown:
            end = start + _utf16_length(paragraph.text)
            for each in paragraph.stances:
                decided = paragraph.kind == "lead" and (each.actor, each.topic) in head  # once, together with the headline
                if self.tones[each.stance] != "neutral" and not decided:
                    rows.append({"startCaret": start, "endCaret": end, "paragraph": index, **self._variables(record, each)})
            head = {(each.actor, each.topic) for each in paragraph.stances} if paragraph.kind == "headline" else set()
            start = end + 1
        if not rows:
            return
        self.documents += 1
        self.statements += len(rows)
        self._statements.writerows({"documentID": self.documents, **_safe(row)} for row in rows)
        if self._documents is not None:
            notes = " ".join(filter(None, (record.id, record.url)))
            title = record.title or textwrap.shorten(text, _TITLE_WIDTH, placeholder=" …")
            facts = {"title": title, "text": text, "author": record.author, "source": record.outlet, "notes": notes}
            self._documents.writerow({"documentID": self.documents, "date_time": record.date, **_safe(facts)})

    def _variables(self, record: LabelRecord, each: StatementRecord) -> dict[str, Any]:
        tone = self.tones[each.stance]
        return {
            "person": record.author if self.scheme.actors is None else None,
            "organization": record.outlet if self.scheme.actors is None else self.scheme.label(each.actor),
            "concept": self.scheme.label(each.topic) if each.topic else self.scheme.name,
            "agreement": AGREEMENT.get(tone), "stance": each.stance, "tone": tone, "probability": each.probability,
            "article": record.id, "date": record.date,
        }  # fmt: skip


def _table(stream: IO[str], fields: Iterable[str]) -> csv.DictWriter[str]:
    stream.write("\ufeff")  # without it Excel takes UTF-8 for the system's legacy encoding
    writer = csv.DictWriter(stream, list(fields))
    writer.writeheader()
    return writer


def _safe(row: dict[str, Any]) -> dict[str, Any]:
    return {key: safe_cell(value) for key, value in row.items()}


def _utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
