"""The raw labelling passes: two blind ones, and a third that decides where they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from laptruong.classifiers.base import Gold
from laptruong.corpus.rules import Entry
from laptruong.corpus.schema import PairRecord, Record
from laptruong.errors import CorpusError, ReadError
from laptruong.reading.records import parse_line
from laptruong.schemas import sentences
from laptruong.scheme import Scheme

PASSES = ("pass_a", "pass_b", "adjudicated")
Key = tuple[str, int]
"""A unit: its article's id and the index of its first paragraph."""


class PassRecord(Record):
    """What one labeller said of one unit."""

    id: str = Field(min_length=1, description="the article")
    paragraph: int = Field(ge=0, description="index of the unit's first paragraph")
    topics: list[str] = Field(description="ids of its topics")
    stances: list[PairRecord] = Field(description="every actor named, per topic")
    off_topic: str | None = Field(default=None, description="without a topic: what it is about")
    boilerplate: bool = Field(default=False, description="no part of the article")
    reason: str | None = Field(default=None, min_length=1, description="why the third overrules two passes that agree")

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
        return complete(self.pass_a[key].gold, scheme) if self.agree(key, scheme) else None

    def agree(self, key: Key, scheme: Scheme) -> bool:
        """Tell whether both passes label a unit, and alike but for what a unit without a topic is about."""
        if key not in self.pass_a or key not in self.pass_b:
            return False
        one, two = self.pass_a[key], self.pass_b[key]
        return complete(one.gold, scheme) == complete(two.gold, scheme) and one.boilerplate == two.boilerplate

    def off_topic(self, key: Key, scheme: Scheme) -> str | None:
        """Give what a unit without a topic is about: what both passes say; else, of two, the kind that is not near a topic.

        Of two near kinds the first pass's stands, of one alone that one, and of none the scheme's last.
        """
        said = [each[key].off_topic for each in (self.adjudicated, self.pass_a, self.pass_b) if key in each and each[key].off_topic]
        near = {each.id for each in scheme.off_topic if each.near}
        far = [kind for kind in said if kind not in near]
        return (far or said or [scheme.off_topic[-1].id if scheme.off_topic else None])[0]

    def is_boilerplate(self, key: Key) -> bool:
        """Tell whether a unit was decided to be no part of the article."""
        decisive = self.adjudicated.get(key) or self.pass_a[key]
        return decisive.boilerplate


def complete(gold: Gold, scheme: Scheme) -> Gold:
    """Add the pairs that a labeller of several topics left out: an actor named for one topic is neutral on the others."""
    actors = {actor for actor, _ in gold.stances if actor is not None}
    pairs = scheme.pairs(actors, gold.topics) if gold.topics or scheme.topics is None else []
    return Gold(gold.topics, {pair: gold.stances.get(pair, scheme.neutral) for pair in pairs} | dict(gold.stances))


def read_annotation(folder: Path, scheme: Scheme) -> Annotation:
    """Read the passes of a folder: ``pass_a.jsonl``, ``pass_b.jsonl`` and ``adjudicated.jsonl``.

    Raises
    ------
    CorpusError
        If a file is missing, or for the first record that breaks the format, has a label that the scheme has not, or
        labels a unit twice.
    """
    return Annotation(folder, *(_read(folder / f"{name}.jsonl", scheme) for name in PASSES))


def _read(path: Path, scheme: Scheme) -> dict[Key, PassRecord]:
    found: dict[Key, PassRecord] = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError as err:
        raise CorpusError(f"{path}: cannot be read: {err.strerror}") from None
    for number, line in enumerate(lines, 1):
        place = f"{path}, line {number}"
        record = _parse(line, place, scheme)
        if record is None:
            continue
        if (record.id, record.paragraph) in found:
            raise CorpusError(f"{place}: {record.id}, paragraph {record.paragraph} is labelled twice in this pass")
        found[record.id, record.paragraph] = record
    return found


def _parse(line: bytes, place: str, scheme: Scheme) -> PassRecord | None:
    try:
        raw = parse_line(line, place, once=True)
        if raw is None:
            return None
        record = PassRecord.model_validate(raw)
    except ReadError as err:
        raise CorpusError(str(err)) from None
    except ValidationError as err:
        raise CorpusError(f"{place}: {next(sentences(PassRecord, err))[1]}") from None
    kinds = {each.id for each in scheme.off_topic} | {None}
    known = set(record.topics) <= set(scheme.topic_ids) and {each.stance for each in record.stances} <= set(scheme.stance_ids)
    if not known or record.off_topic not in kinds:
        raise CorpusError(f"{place}: has a topic, stance or 'off_topic' that scheme '{scheme.name}' has not")
    pairs = [(each.actor, each.topic) for each in record.stances]
    if len(set(pairs)) < len(pairs) or (scheme.topics is not None and not {topic for _, topic in pairs} <= set(record.topics)):
        raise CorpusError(f"{place}: labels a pair twice, or a pair of a topic that is not among its topics")
    return record


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
    if key in annotation.adjudicated and annotation.agree(key, scheme) and annotation.adjudicated[key].reason is None:
        return "the third overrules two passes that agree, and gives no 'reason'"
    return _difference(key, gold, decided, entry, annotation, scheme)


def _difference(key: Key, gold: Gold | None, decided: Gold, entry: Entry, annotation: Annotation, scheme: Scheme) -> str | None:
    """Say in what a unit's labels differ from what was decided."""
    paragraphs = entry.record.paragraphs
    if gold is None:
        is_noise = key[1] < len(paragraphs) and paragraphs[key[1]].kind == "boilerplate"
        return None if is_noise and annotation.is_boilerplate(key) else "is labelled in the passes and is no unit of the article"
    if annotation.is_boilerplate(key):
        return "was decided to be boilerplate and is not marked so"
    if not gold.topics and paragraphs[key[1]].off_topic not in (None, annotation.off_topic(key, scheme)):
        return f"'off_topic' is not what follows from the passes: {annotation.off_topic(key, scheme)}"
    return None if decided == gold else "the labels are not those that follow from the passes"
