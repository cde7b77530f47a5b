"""The rules that one labelled article must keep; each gives the mistakes it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from laptruong.actors import ActorFinder
from laptruong.aggregate import article_stances, article_topics
from laptruong.articles import Statement, Unit
from laptruong.classifiers.base import Gold
from laptruong.corpus.records import LabelledArticle
from laptruong.corpus.schema import ArticleRecord, ParagraphRecord
from laptruong.labels import TopicLabel, UnitLabels
from laptruong.scheme import Scheme


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a corpus file: as it stands there, as it was read, and where it was."""

    place: str
    record: ArticleRecord
    labelled: LabelledArticle

    def paragraphs_of(self, unit: Unit) -> list[ParagraphRecord]:
        """Give the paragraphs that a unit joins."""
        return [self.record.paragraphs[index] for index, _ in unit.parts]


Mistakes = Iterator[tuple[int | None, str]]
"""Pairs of a paragraph's index (None: the article) and a sentence."""
Rule = Callable[[Entry, Scheme, ActorFinder], Mistakes]


def boilerplate_is_bare(entry: Entry, scheme: Scheme, finder: ActorFinder) -> Mistakes:
    """Boilerplate has no labels (codebook, section 1)."""
    for index, each in enumerate(entry.record.paragraphs):
        if each.kind == "boilerplate" and (each.topics or each.stances or each.off_topic or each.names or each.not_actors):
            yield index, "boilerplate with labels; boilerplate has none"


def head_is_one_unit(entry: Entry, scheme: Scheme, finder: ActorFinder) -> Mistakes:
    """Headline and lead open the article and are one unit: both carry its labels (codebook, section 1)."""
    kinds = [each.kind for each in entry.record.paragraphs if each.kind != "boilerplate"]
    if not kinds:
        yield None, "holds nothing but boilerplate"
    rank = [("headline", "lead", "body").index(kind) for kind in kinds]
    if rank != sorted(rank) or kinds.count("headline") > 1 or kinds.count("lead") > 1:
        yield None, f"its paragraphs are {', '.join(kinds[:6])} …; at most one headline, then at most one lead, then the body"
    for each in entry.record.paragraphs:
        if each.kind == "headline" and each.text != entry.record.title:
            yield None, f"the title is not the headline {each.text[:40]!r}"
    for unit, _ in entry.labelled.units:
        first, *rest = entry.paragraphs_of(unit)
        for (index, _), each in zip(unit.parts[1:], rest, strict=True):
            if (first.topics, first.stances, first.off_topic) != (each.topics, each.stances, each.off_topic):
                yield index, "the lead's labels differ from the headline's; both carry those of the two read together"


def topics_are_in_order(entry: Entry, scheme: Scheme, finder: ActorFinder) -> Mistakes:
    """Topics stand once each, in the scheme's order, and a paragraph without one says what it is about."""
    kinds = {each.id for each in scheme.off_topic}
    for index, each in enumerate(entry.record.paragraphs):
        if each.topics != [topic for topic in scheme.topic_ids if topic in each.topics]:
            yield index, f"topics {each.topics} must stand once each, in the scheme's order"
        if each.off_topic is not None and each.topics:
            yield index, f"has topics and 'off_topic: {each.off_topic}'; only a paragraph without a topic has the latter"
        if kinds and not each.topics and each.off_topic is None and each.kind != "boilerplate":
            yield index, f"has neither a topic nor 'off_topic'; say what it is about: {', '.join(sorted(kinds))}"
        if each.off_topic is not None and each.off_topic not in kinds:
            yield index, f"unknown 'off_topic' {each.off_topic!r}; the scheme has {', '.join(sorted(kinds)) or 'none'}"


def pairs_are_complete(entry: Entry, scheme: Scheme, finder: ActorFinder) -> Mistakes:
    """Each actor stands once per topic of the paragraph, neutral ones included (codebook, section 6)."""
    for unit, gold in entry.labelled.units:
        actors = {actor for actor, _ in gold.stances if actor is not None}
        missing = sorted(f"{actor} on {topic}" for actor, topic in set(scheme.pairs(actors, gold.topics)) - set(gold.stances))
        if (gold.topics or scheme.topics is None) and missing:
            yield unit.parts[0][0], f"no stance of {', '.join(missing)}; every actor has one on every topic of the paragraph"


def actors_are_named(entry: Entry, scheme: Scheme, finder: ActorFinder) -> Mistakes:
    """Who has a stance is named in the paragraph, and who is named there has one (codebook, section 3)."""
    if scheme.actors is None:
        return
    for unit, gold in entry.labelled.units:
        paragraphs, index = entry.paragraphs_of(unit), unit.parts[0][0]
        found = unit.mentions if unit.mentions is not None else finder.find(unit.text, entry.labelled.article.date)
        named = {mention.actor for mention in found}
        spelled = {name.actor for each in paragraphs for name in each.names}
        unmade = {actor for each in paragraphs for actor in each.not_actors}
        labelled = {actor for actor, _ in gold.stances if actor is not None}
        yield from (
            (index, f"{actor} has a stance and is not named; give the place in 'names'") for actor in sorted(labelled - named - spelled)
        )
        yield from ((index, f"{actor} stands in 'not_actors' and has a stance") for actor in sorted(labelled & unmade))
        yield from ((index, f"{actor} stands in 'not_actors' and its names are not there") for actor in sorted(unmade - named))
        yield from ((index, f"{actor} stands in 'names' and has no stance") for actor in sorted(spelled - labelled))
        if unit.mentions is not None and any(actor.aliases for actor in scheme.actors):
            yield index, "brings 'mentions' where the scheme knows names; give what it does not know in 'names'"
        if gold.topics:
            nameless = sorted(named - labelled - unmade)
            yield from ((index, f"{actor} is named and has no stance; label it, or list it in 'not_actors'") for actor in nameless)


def spans_lie_inside(entry: Entry, scheme: Scheme, finder: ActorFinder) -> Mistakes:
    """The places in ``names`` lie in the paragraph's text and hold whole words."""
    for index, each in enumerate(entry.record.paragraphs):
        if len({(name.actor, name.start, name.end) for name in each.names}) < len(each.names):
            yield index, "the same name is given twice in 'names'"
        for name in each.names:
            surface = each.text[name.start : name.end]
            if not name.start < name.end <= len(each.text):
                yield index, f"the name of {name.actor} [{name.start}:{name.end}] lies outside the text (0 to {len(each.text)})"
            elif surface != surface.strip() or _within_word(each.text, name.start) or _within_word(each.text, name.end):
                yield index, f"the name of {name.actor} [{name.start}:{name.end}] is no whole word: {surface!r}"


def _within_word(text: str, place: int) -> bool:
    return 0 < place < len(text) and text[place - 1].isalnum() and text[place].isalnum()


def article_follows_paragraphs(entry: Entry, scheme: Scheme, finder: ActorFinder) -> Mistakes:
    """The article's labels follow from its paragraphs' (codebook, section 5)."""
    right = article_gold(entry.labelled, scheme)
    record = entry.record
    if record.topics != [topic for topic in scheme.topic_ids if topic in right.topics]:
        yield None, f"the article's topics are {record.topics}; by its paragraphs they are {sorted(right.topics)}"
    given = {(each.actor, each.topic): each.stance for each in record.stances}
    if len(given) < len(record.stances):
        yield None, "the article gives an actor two stances on one topic"
    wrong = sorted(" on ".join(filter(None, pair)) for pair in {**given, **right.stances} if given.get(pair) != right.stances.get(pair))
    if wrong:
        yield None, f"the article's stances do not follow from its paragraphs' for {', '.join(wrong)}"


def article_gold(labelled: LabelledArticle, scheme: Scheme) -> Gold:
    """Give an article's labels from those of its units, by section 5 of the codebook."""
    units = [
        UnitLabels(
            unit,
            topics=tuple(TopicLabel(topic, 1.0) for topic in scheme.topic_ids if topic in gold.topics),
            stances=tuple(Statement(*pair, stance) for pair, stance in gold.stances.items()),
        )
        for unit, gold in labelled.units
    ]
    certain = [np.array([float(topic in gold.topics) for topic in scheme.topic_ids]) for _, gold in labelled.units]
    topics, _ = article_topics(units, certain, scheme)
    stances, _ = article_stances(units, topics, scheme)
    return Gold(frozenset(label.topic for label in topics), {(each.actor, each.topic): each.stance for each in stances})


RULES: dict[str, Rule] = {
    "boilerplate": boilerplate_is_bare,
    "head": head_is_one_unit,
    "topics": topics_are_in_order,
    "pairs": pairs_are_complete,
    "actors": actors_are_named,
    "spans": spans_lie_inside,
    "article": article_follows_paragraphs,
}
