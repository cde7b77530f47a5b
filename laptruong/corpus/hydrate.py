"""Join labels with the texts that they are of: the labels may be given away, the texts may not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unicodedata import normalize

from pydantic import ValidationError

from laptruong.corpus.records import labelled_article, write_records
from laptruong.corpus.rules import article_gold
from laptruong.corpus.schema import ArticleRecord, RealRecord
from laptruong.errors import CorpusError, ReadError
from laptruong.reading.records import check_characters, parse_line, text_id
from laptruong.schemas import sentences
from laptruong.scheme import Scheme


@dataclass(slots=True)
class Hydrated:
    """What joining found.

    Attributes
    ----------
    articles : int
        Labelled texts that were found and written.
    missing : list of str
        Ids of labels whose text is in none of the files.
    refused : list of tuple of str
        Place and reason of each text that was not joined.
    """

    articles: int = 0
    missing: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def hydrate(labels: Path, texts: Iterable[Path], output: Path, scheme: Scheme) -> Hydrated:
    """Write a corpus file of the texts for which there are labels.

    Parameters
    ----------
    labels : Path
        JSON Lines, each the labels of one text (`RealRecord`).
    texts : iterable of Path
        JSON Lines with a ``text`` and perhaps a ``title``. A text's id is computed, not believed.
    output : Path
        Written anew, and only when all is read.
    scheme : Scheme

    Raises
    ------
    CorpusError
        If the labels break their format, a file cannot be read, or no text has labels.
    """
    texts = list(texts)
    if output.resolve() in {path.resolve() for path in (labels, *texts)}:
        raise CorpusError(f"{output}: is one of the files to read; write to another")
    wanted = {record.id: record for record in _labels(labels)}
    if not wanted:
        raise CorpusError(f"{labels}: holds no labels")
    done, found = Hydrated(), {}
    for path in texts:
        for place, raw in _lines(path, done):
            text = raw.get("text")
            record = wanted.get(text_id(text)) if isinstance(text, str) else None
            if record is None or record.id in found:
                continue
            try:
                found[record.id] = _article(record, str(text), raw.get("title"), place, scheme)
            except ReadError as err:
                done.refused.append((err.where, err.what))
            except CorpusError as err:
                done.refused.append((place, str(err).removeprefix(f"{place}: ")))
    done.articles, done.missing = len(found), sorted(set(wanted) - set(found))
    if not found:
        raise CorpusError(
            f"{labels}: none of its {len(wanted)} labels has its text in the files given; --texts must name the files they are of"
        )
    write_records((found[each] for each in wanted if each in found), output)
    return done


def _labels(path: Path) -> Iterator[RealRecord]:
    seen: dict[str, str] = {}
    for place, raw in _lines(path, None):
        try:
            record = RealRecord.model_validate(raw)
        except ValidationError as err:
            raise CorpusError(f"{place}: {next(sentences(RealRecord, err))[1]}") from None
        if seen.setdefault(record.id, place) != place:
            raise CorpusError(f"{place}: the id {record.id} is given twice (first: {seen[record.id]})")
        yield record


def _lines(path: Path, done: Hydrated | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the records of a file; a bad one is listed in ``done``, or raised where every record counts."""
    try:
        with open(path, "rb") as stream:
            for number, line in enumerate(stream, 1):
                try:
                    raw = parse_line(line, f"{path}, line {number}", once=done is None)
                except ReadError as err:
                    if done is None:
                        raise CorpusError(str(err)) from None
                    done.refused.append((err.where, err.what))
                    continue
                if raw is not None:
                    yield f"{path}, line {number}", raw
    except OSError as err:
        raise CorpusError(f"{path}: cannot be read: {err.strerror}") from None


def _article(record: RealRecord, text: str, title: object, place: str, scheme: Scheme) -> dict[str, Any]:
    """Put the lines of a text and its labels together, and add the article's labels."""
    lines = [normalize("NFC", line).strip() for line in check_characters(text, place).rstrip("\n").split("\n")]
    if len(lines) != len(record.paragraphs):
        raise CorpusError(f"{place}: the text has {len(lines)} lines, and there are labels for {len(record.paragraphs)}")
    labels = record.model_dump(mode="json", exclude_defaults=True, exclude={"schema_version"})
    paragraphs = [{"text": line} | each for line, each in zip(lines, labels.pop("paragraphs"), strict=True)]
    headline = next((each["text"] for each in paragraphs if each["kind"] == "headline"), None)
    name = headline or (title if isinstance(title, str) and title.strip() else lines[0])
    article = {"id": record.id, "title": normalize("NFC", name).strip(), "date": None, **labels, "paragraphs": paragraphs}
    gold = article_gold(labelled_article(article, place, scheme), scheme)
    article |= {
        "topics": [topic for topic in scheme.topic_ids if topic in gold.topics],
        "stances": [{"actor": actor, "topic": topic, "stance": stance} for (actor, topic), stance in gold.stances.items()],
    }
    try:
        ArticleRecord.model_validate(article)
    except ValidationError as err:
        raise CorpusError(f"{place}: {next(sentences(ArticleRecord, err))[1]}") from None
    return article
