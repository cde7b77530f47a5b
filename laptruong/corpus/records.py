"""Labelled articles: read and checked against the scheme, flattened into what a classifier learns from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laptruong.actors import ActorFinder
from laptruong.articles import Article, Unit
from laptruong.classifiers.base import Example, Gold
from laptruong.errors import CorpusError, ReadError
from laptruong.reading.records import article_from_record, parse_line
from laptruong.schemas import nearest
from laptruong.scheme import Pair, Scheme


@dataclass(frozen=True, slots=True)
class LabelledArticle:
    """An article with its right labels.

    Attributes
    ----------
    units : tuple of (Unit, Gold)
        In reading order; headline and lead are one unit and share their labels.
    split : str or None
        The side of the split that the record names.
    origin : str or None
        Where the text comes from, as the record says: constructed, real …
    """

    article: Article
    units: tuple[tuple[Unit, Gold], ...]
    split: str | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """Units ready to learn from or to be scored on, each with its article; all sequences are of equal length."""

    examples: list[Example]
    gold: list[Gold]
    groups: list[str]
    units: list[Unit]
    articles: list[LabelledArticle]

    def __len__(self) -> int:
        return len(self.examples)


def file_sha256(path: Path) -> str:
    """Hash a file: what the manifest says of the data."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_corpus(paths: Iterable[Path], scheme: Scheme, split: str | None = None) -> list[LabelledArticle]:
    """Read corpus files: JSON Lines of articles, or of single paragraphs with ``text``, ``topics`` and ``stances``.

    Parameters
    ----------
    paths : iterable of Path
    scheme : Scheme
        The labels that may occur; actors beyond it may, too.
    split : str, optional
        Only articles of this split.

    Returns
    -------
    list of LabelledArticle
        Boilerplate is in no unit.

    Raises
    ------
    CorpusError
        For the first record that cannot be read or has a label that the scheme has not, with file and line.
    """
    found: list[LabelledArticle] = []
    for path in paths:
        before = len(found)
        try:
            with open(path, "rb") as stream:
                for number, line in enumerate(stream, 1):
                    place = f"{path}, line {number}"
                    record = parse_line(line, place)
                    if record is not None and split in (None, record.get("split")):
                        found.append(labelled_article(record, place, scheme))
        except OSError as err:
            raise CorpusError(f"{path}: cannot be read: {err.strerror}") from None
        except ReadError as err:
            raise CorpusError(str(err)) from None
        if len(found) == before:
            wanted = f" of the split '{split}'" if split else ""
            raise CorpusError(f"{path}: holds no labelled record{wanted}; give JSON Lines in the corpus format (see data/)")
    return found


def labelled_article(record: Mapping[str, Any], place: str, scheme: Scheme) -> LabelledArticle:
    """Make a labelled article of a record.

    Raises
    ------
    CorpusError, ReadError
        If it breaks the format, or names a label that the scheme has not.
    """
    if "paragraphs" not in record:
        record = {**record, "paragraphs": [_as_paragraph(record)]}
    article = article_from_record(record, place)
    labels = [_gold(each, f"{place}, paragraphs[{index}]", scheme) for index, each in enumerate(record["paragraphs"])]
    units = tuple((unit, _joined([labels[index] for index, _ in unit.parts], scheme)) for unit in article.units())
    return LabelledArticle(article, units, record.get("split"), record.get("origin"))


def _as_paragraph(record: Mapping[str, Any]) -> dict[str, Any]:
    kind = "boilerplate" if record.get("boilerplate") else "lead"
    return {"kind": kind} | {key: record[key] for key in ("text", "topics", "stances", "mentions") if key in record}


def _gold(paragraph: Mapping[str, Any], place: str, scheme: Scheme) -> Gold:
    topics = paragraph.get("topics") or []
    statements = paragraph.get("stances") or []
    if not isinstance(topics, list) or not isinstance(statements, list):
        raise CorpusError(f"{place}: 'topics' and 'stances' must be lists")
    for topic in topics:
        _known(topic, scheme.topic_ids, "topic", place)
    if scheme.exclusive and len(topics) > 1:
        raise CorpusError(f"{place}: {len(topics)} topics, where scheme '{scheme.name}' allows one")
    stances: dict[Pair, str] = {}
    for each in statements:
        if not isinstance(each, dict) or "stance" not in each:
            raise CorpusError(f"{place}: each of 'stances' must be an object with actor, topic and stance")
        pair = _pair(each, place, scheme)
        _known(each["stance"], scheme.stance_ids, "stance", place)
        if scheme.topics is not None and pair[1] not in topics:
            raise CorpusError(f"{place}: a stance on '{pair[1]}', which is not among the paragraph's topics")
        if pair in stances:
            raise CorpusError(f"{place}: the pair {pair} is labelled twice; keep one")
        stances[pair] = each["stance"]
    return Gold(frozenset(topics), stances)


def _pair(statement: Mapping[str, Any], place: str, scheme: Scheme) -> Pair:
    actor, topic = statement.get("actor"), statement.get("topic")
    if actor is not None and (not isinstance(actor, str) or not actor.strip()):
        raise CorpusError(f"{place}: the actor {actor!r} is no id")
    if (actor is None) != (scheme.actors is None):
        raise CorpusError(f"{place}: a stance {'without' if actor is None else 'with'} an actor, which scheme '{scheme.name}' does not ask")
    if scheme.topics is not None:
        _known(topic, scheme.topic_ids, "topic", place)
    return actor, topic if scheme.topics is not None else None


def _known(label: object, known: Sequence[str], what: str, place: str) -> None:
    if label not in known:
        raise CorpusError(f"{place}: unknown {what} '{label}'{nearest(str(label), list(known))}")


def _joined(labels: Sequence[Gold], scheme: Scheme) -> Gold:
    """Join the labels of the paragraphs of one unit: the first that shows a position counts."""
    stances: dict[Pair, str] = {}
    for gold in labels:
        for pair, stance in gold.stances.items():
            if stances.get(pair, scheme.neutral) == scheme.neutral:
                stances[pair] = stance
    return Gold(frozenset().union(*(gold.topics for gold in labels)), stances)


def make_examples(article: Article, finder: ActorFinder) -> list[tuple[Unit, Example]]:
    """Give the units of an article as a classifier sees them, with the mentions they brought or those found."""
    return [
        (unit, Example(unit.text, unit.mentions if unit.mentions is not None else tuple(finder.find(unit.text, article.date))))
        for unit in article.units()
    ]


def flatten(articles: Iterable[LabelledArticle], finder: ActorFinder) -> Dataset:
    """Flatten articles into units; the group of each is its article."""
    data = Dataset([], [], [], [], [])
    for number, labelled in enumerate(articles):
        for (unit, example), (_, gold) in zip(make_examples(labelled.article, finder), labelled.units, strict=True):
            data.examples.append(example)
            data.gold.append(gold)
            data.groups.append(f"{number}:{labelled.article.id}")
            data.units.append(unit)
            data.articles.append(labelled)
    return data


def write_records(records: Iterable[Mapping[str, Any]], output: Path) -> None:
    """Write records as JSON Lines; the file appears whole or not at all.

    Raises
    ------
    CorpusError
        If it cannot be written.
    """
    part = output.with_name(output.name + ".part")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        part.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records), "utf-8")
        part.replace(output)
    except (OSError, ValueError) as err:
        if part.is_file():
            part.unlink()
        raise CorpusError(f"{output}: cannot be written: {err}") from None
