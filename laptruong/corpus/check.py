"""Check a corpus: format, codebook, splits, and that its labels follow from the raw passes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from laptruong.actors import ActorFinder
from laptruong.corpus.annotation import Annotation, unfounded
from laptruong.corpus.records import labelled_article, read_corpus
from laptruong.corpus.rules import RULES, Entry
from laptruong.corpus.schema import ArticleRecord
from laptruong.corpus.splits import HELD_OUT, Text, apart
from laptruong.errors import CorpusError, ReadError
from laptruong.reading.records import parse_line
from laptruong.schemas import sentences
from laptruong.scheme import Scheme


@dataclass(frozen=True, slots=True)
class Mistake:
    """A rule that is broken, where, and how."""

    rule: str
    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text} [{self.rule}]"


@dataclass(slots=True)
class Checked:
    """What checking a corpus found.

    Attributes
    ----------
    entries : list of Entry
        The records that keep the format.
    mistakes : list of Mistake
        Of the format, then of single articles, then those between articles.
    """

    entries: list[Entry] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)


def check_corpus(
    paths: Iterable[Path], scheme: Scheme, *, annotations: Sequence[Annotation] = (), held_out: Iterable[Path] = ()
) -> Checked:
    """Check corpus files together.

    Parameters
    ----------
    paths : iterable of Path
        JSON Lines in the corpus format.
    scheme : Scheme
    annotations : sequence of Annotation
        The raw passes; each article must be in one of them.
    held_out : iterable of Path
        Labelled files whose texts no training article may repeat.

    Raises
    ------
    CorpusError
        If a file cannot be read at all.
    """
    done = read_entries(paths, scheme)
    finder = ActorFinder(scheme)
    for entry in done.entries:
        for name, rule in RULES.items():
            for index, text in rule(entry, scheme, finder):
                done.mistakes.append(Mistake(name, entry.place if index is None else f"{entry.place}, paragraphs[{index}]", text))
    others = [
        Text(labelled.article.source, HELD_OUT, unit.text) for path in held_out for labelled in read_corpus([path], scheme)
        for unit, _ in labelled.units
    ]  # fmt: skip
    done.mistakes += [Mistake(*each) for each in apart(done.entries, others)]
    done.mistakes += [Mistake(*each) for each in _unfounded(done.entries, annotations, scheme)]
    return done


def read_entries(paths: Iterable[Path], scheme: Scheme) -> Checked:
    """Read corpus files and check no more than their format.

    Raises
    ------
    CorpusError
        If a file cannot be read at all.
    """
    done = Checked()
    for path in dict.fromkeys(paths):
        for place, record, problems in _records(path):
            done.mistakes += problems
            if record is not None:
                _read_article(place, record, scheme, done)
    return done


def _records(path: Path) -> Iterator[tuple[str, dict[str, Any] | None, list[Mistake]]]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as err:
        raise CorpusError(f"{path}: cannot be read: {err.strerror}") from None
    if not any(line.strip() for line in lines):
        raise CorpusError(f"{path}: is empty; give JSON Lines in the corpus format (see data/README.md)")
    for number, line in enumerate(lines, 1):
        place = f"{path}, line {number}"
        try:
            yield place, parse_line(line, place, once=True), []
        except ReadError as err:
            yield place, None, [Mistake("format", place, err.what)]


def _read_article(place: str, raw: dict[str, Any], scheme: Scheme, done: Checked) -> None:
    try:
        record = ArticleRecord.model_validate(raw)
        done.entries.append(Entry(place, record, labelled_article(raw, place, scheme)))
    except ValidationError as err:
        done.mistakes += [Mistake("format", place, text) for _, text in sentences(ArticleRecord, err)]
    except ReadError as err:
        done.mistakes.append(Mistake("format", err.where, err.what))
    except CorpusError as err:
        spot, what = str(err).removeprefix(place).split(": ", 1)  # the message begins with the place
        done.mistakes.append(Mistake("labels", place + spot, what))


def _unfounded(entries: list[Entry], annotations: Sequence[Annotation], scheme: Scheme) -> Iterator[tuple[str, str, str]]:
    rest = list(entries)
    for annotation in annotations:
        ids = {article for article, _ in (*annotation.pass_a, *annotation.pass_b)}
        yield from unfounded([each for each in rest if each.record.id in ids], annotation, scheme)
        rest = [each for each in rest if each.record.id not in ids]
    if annotations:
        yield from (("annotation", each.place, f"{each.record.id} is in no labelling pass") for each in rest)
