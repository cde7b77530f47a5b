"""The raw labelling passes: two blind ones, and a third that decides where they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from laptruong.classifiers.base import Gold
from laptruong.corpus.rules import Entry
from laptruong.corpus.schema import PairRecord
from laptruong.errors import CorpusError, ReadError
from laptruong.reading.records import parse_line
from laptruong.schemas import Closed, dotted, sentences
from laptruong.scheme import Scheme

PASSES = ("pass_a", "pass_b", "adjudicated")
Key = tuple[str, int]
"""A unit: its article's id and the index of its first paragraph."""


class PassRecord(Closed):
    """What one labeller said of one unit."""

    id: str = Field(min_length=1, description="the article")
    paragraph: int = Field(ge=0, description="index of the unit's first paragraph")
    topics: list[str] = Field(description="ids of its topics")
    stances: list[PairRecord] = Field(description="every actor named, per topic")
    off_topic: str | None = Field(default=None, description="without a topic: what it is about")
    boilerplate: bool = Field(default=False, description="no part of the article")

    @property
    def gold(self) -> Gold:
        """Its topics and stances."""
        return Gold(frozenset(self.topics), {(each.actor, each.topic): each.stance for each in self.stances})


@dataclass(frozen=True, slots=True)
class Annotation:
    """The passes of one layer."""

    folder: Path
    pass_a: Mapping[Key, PassRecord]
    pass_b: Mapping[Key, PassRecord]
    adjudicated: Mapping[Key, PassRecord]

    def decided(self, key: Key, scheme: Scheme) -> Gold | None:
        """Give the labels that follow: the third's word, else what both say; None where the two differ and no third spoke."""
        if key in self.adjudicated:
            return complete(self.adjudicated[key].gold, scheme)
        if key not in self.pass_a or key not in self.pass_b:
            return None
        one, two = (complete(each[key].gold, scheme) for each in (self.pass_a, self.pass_b))
        return one if one == two and self.pass_a[key].boilerplate == self.pass_b[key].boilerplate else None

    def is_boilerplate(self, key: Key) -> bool:
        """Tell whether a unit was decided to be no part of the article."""
        decisive = self.adjudicated.get(key) or self.pass_a[key]
        return decisive.boilerplate


def complete(gold: Gold, scheme: Scheme) -> Gold:
    """Add the pairs that a labeller of several topics left out: an actor named for one topic is neutral on the others."""
    actors = {actor for actor, _ in gold.stances if actor is not None}
    pairs = scheme.pairs(actors, gold.topics) if gold.topics or scheme.topics is None else []
    return Gold(gold.topics, {pair: gold.stances.get(pair, scheme.neutral) for pair in pairs} | dict(gold.stances))


def read_annotation(folder: Path) -> Annotation:
    """Read the passes of a folder: ``pass_a.jsonl``, ``pass_b.jsonl`` and ``adjudicated.jsonl``.

    Raises
    ------
    CorpusError
        If a file is missing, or for the first record that breaks the format or labels a unit twice.
    """
    return Annotation(folder, *(_read(folder / f"{name}.jsonl") for name in PASSES))


def _read(path: Path) -> dict[Key, PassRecord]:
    found: dict[Key, PassRecord] = {}
    try:
        lines = path.read_bytes().splitlines()
        for number, line in enumerate(lines, 1):
            place = f"{path}, line {number}"
            record = PassRecord.model_validate(parse_line(line, place))
            if found.setdefault((record.id, record.paragraph), record) is not record:
                raise CorpusError(f"{place}: {record.id}, paragraph {record.paragraph} is labelled twice in this pass")
    except OSError as err:
        raise CorpusError(f"{path}: cannot be read: {err.strerror}") from None
    except ReadError as err:
        raise CorpusError(str(err)) from None
    except ValidationError as err:
        spot, text = next(sentences(PassRecord, err))
        raise CorpusError(f"{place}: {text or dotted(spot)}") from None
    return found


def unfounded(entries: list[Entry], annotation: Annotation, scheme: Scheme) -> Iterator[tuple[str, str, str]]:
    """Find labels that do not follow from the passes, units that were not labelled twice, and labels of no unit.

    Yields
    ------
    tuple of str
        Rule, place and sentence of each mistake.
    """
    said: dict[str, set[int]] = defaultdict(set)
    for article, index in (*annotation.pass_a, *annotation.pass_b, *annotation.adjudicated):
        said[article].add(index)
    for entry in entries:
        units = {unit.parts[0][0]: gold for unit, gold in entry.labelled.units}
        for index in sorted(set(units) | said[entry.record.id]):
            problem = _problem((entry.record.id, index), units.get(index), entry, annotation, scheme)
            if problem:
                yield "annotation", f"{entry.place}, paragraphs[{index}]", problem


def _problem(key: Key, gold: Gold | None, entry: Entry, annotation: Annotation, scheme: Scheme) -> str | None:
    missing = [name for name in PASSES[:2] if key not in getattr(annotation, name)]
    if missing:
        return f"is not labelled in {' and '.join(missing)}; every unit is labelled twice"
    decided = annotation.decided(key, scheme)
    if decided is None:
        return "the two passes differ and 'adjudicated' does not decide"
    paragraphs = entry.record.paragraphs
    if gold is None:
        is_noise = key[1] < len(paragraphs) and paragraphs[key[1]].kind == "boilerplate"
        return None if is_noise and annotation.is_boilerplate(key) else "is labelled in the passes and is no unit of the article"
    if annotation.is_boilerplate(key):
        return "was decided to be boilerplate and is not marked so"
    return None if decided == gold else "the labels are not those that follow from the passes"
