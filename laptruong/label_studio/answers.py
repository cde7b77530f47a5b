"""From one person's answers to the labels of a unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from laptruong.articles import Mention
from laptruong.errors import CorpusError
from laptruong.label_studio.interface import ACTOR, OFF_TOPIC, TOPIC, stance_control
from laptruong.label_studio.schema import Annotation, Value
from laptruong.schemas import nearest
from laptruong.scheme import Pair, Scheme


@dataclass(frozen=True, slots=True)
class Answer:
    """The labels that a person gave a unit; two that say the same are equal."""

    topics: tuple[str, ...]
    off_topic: str | None
    mentions: tuple[Mention, ...]
    stances: tuple[tuple[Pair, str], ...]


@dataclass(frozen=True, slots=True)
class _Said:
    """A result of one of the interface's controls."""

    region: str
    control: str
    value: Value


def read_answer(annotation: Annotation, text: str, scheme: Scheme) -> Answer:
    """Read an annotation.

    Stances on topics that are not chosen are passed over: they were asked of what the person took away. Of an actor that is marked
    more than once a position outweighs *neutral*.

    Raises
    ------
    CorpusError
        If it names a label that the scheme has not, or leaves a stance out, or gives two.
    """
    said = list(_known_results(annotation, scheme))
    topics = {topic for each in said if each.control == TOPIC for topic in _labels(each.value.choices, scheme.topic_ids, "topic")}
    if scheme.exclusive and len(topics) > 1:
        raise CorpusError(f"{len(topics)} topics, where scheme '{scheme.name}' allows one")
    kinds = [kind.id for kind in scheme.off_topic]
    about = [kind for each in said if each.control == OFF_TOPIC for kind in _labels(each.value.choices, kinds, "kind of text")]
    regions = {each.region: _mentions(each.value, text, scheme) for each in said if each.control == ACTOR}
    mentions = {each for named in regions.values() for each in named}
    whom = {each.actor for each in mentions}
    stances = [(pair, _stance(pair, said, regions, scheme)) for pair in scheme.pairs(whom, topics)]
    return Answer(
        tuple(topic for topic in scheme.topic_ids if topic in topics), about[0] if about and not topics else None,
        tuple(sorted(mentions, key=lambda each: (each.start, each.end, each.actor))), tuple(stances),
    )  # fmt: skip


def _known_results(annotation: Annotation, scheme: Scheme) -> Iterator[_Said]:
    """Give the results of the interface's own controls; a project may have added others."""
    topics: Sequence[str | None] = [None] if scheme.topics is None else scheme.topic_ids
    controls = {TOPIC, OFF_TOPIC, ACTOR, *map(stance_control, topics)}
    for each in annotation.result:
        if each.from_name in controls:
            try:
                yield _Said(each.id, each.from_name, Value.model_validate(each.value))
            except ValidationError as err:
                first = err.errors()[0]
                place = ".".join(map(str, first["loc"]))
                raise CorpusError(f"the result of '{each.from_name}' is not Label Studio's ({place}: {first['msg']})") from None


def _labels(labels: Sequence[str], known: Sequence[str], what: str) -> Sequence[str]:
    for each in labels:
        if each not in known:
            raise CorpusError(f"unknown {what} '{each}'{nearest(each, list(known))}")
    return labels


def _mentions(value: Value, text: str, scheme: Scheme) -> list[Mention]:
    actors = _labels(value.labels, sorted(scheme.actor_ids), "actor")
    start, end = _place(value, text)
    return [Mention(actor, start, end, text[start:end]) for actor in actors]


def _place(value: Value, text: str) -> tuple[int, int]:
    """Find a region's characters: whole words, without the blanks that a hand took along."""
    if value.start is None or value.end is None or not 0 <= value.start < value.end:
        raise CorpusError(f"a region without a place ({value.start} to {value.end})")
    start, end = value.start, value.end
    if isinstance(value.text, str) and not _same(text[start:end], value.text):
        start, end = _code_points(text, start), _code_points(text, end)
        if not _same(text[start:end], value.text):
            raise CorpusError(f"the region {value.start} to {value.end} is not {value.text!r} in the task's text; mark it again")
    if end > len(text) or not text[start:end].strip():
        raise CorpusError(f"the region {value.start} to {value.end} holds no text")
    start, end = end - len(text[start:end].lstrip()), start + len(text[start:end].rstrip())
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    return start, end


def _code_points(text: str, units: int) -> int:
    """Turn an offset in UTF-16, in which old releases of Label Studio counted, into one in code points."""
    return len(text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore"))


def _same(one: str, other: str) -> bool:
    return one.split() == other.split()


def _stance(pair: Pair, said: Sequence[_Said], regions: dict[str, list[Mention]], scheme: Scheme) -> str:
    """Give the one stance of a pair; mistakes are told by the names that people see in Label Studio."""
    actor, topic = pair
    chosen = {
        stance
        for each in said
        if each.control == stance_control(topic) and (actor is None or actor in {name.actor for name in regions.get(each.region, [])})
        for stance in _labels(each.value.choices, scheme.stance_ids, "stance")
    }
    about = " on ".join(scheme.label(each) for each in pair if each is not None) or "the text"
    if not chosen:
        raise CorpusError(f"no stance of {about}; choose one ('{scheme.label(scheme.neutral)}' where it shows no position)")
    positions = sorted(chosen - {scheme.neutral})
    if len(positions) > 1:
        raise CorpusError(f"two stances of {about}: {' and '.join(map(scheme.label, positions))}; keep one")
    return positions[0] if positions else scheme.neutral
