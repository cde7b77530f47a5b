"""From units to the article, by section 5 of the codebook."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from laptruong.articles import Statement
from laptruong.labels import Abstention, TopicLabel, UnitLabels
from laptruong.scheme import Pair, Scheme

BODY_SHARE = 4
"""An article has a topic that one in so many of its body paragraphs has."""


def article_topics(
    units: Sequence[UnitLabels], probabilities: Sequence[np.ndarray], scheme: Scheme
) -> tuple[list[TopicLabel], list[Abstention]]:
    """Give the article's topics: those of headline or lead, and those of at least a quarter of the body.

    Parameters
    ----------
    units : sequence of UnitLabels
    probabilities : sequence of ndarray, shape (n_topics,)
        Of each unit; they give the article's probability as if units were independent.

    Returns
    -------
    list of TopicLabel
        In the scheme's order; at most one where topics are exclusive.
    list of Abstention
        Topics that the article would have, had its units not withheld them.
    """
    sure: list[set[str | None]] = [{label.topic for label in labels.topics} for labels in units]
    decided = [has | {each.topic for each in labels.abstained if each.stance is None} for has, labels in zip(sure, units, strict=True)]
    head = [labels.unit.is_head for labels in units]
    given, withheld = [], []
    for topic, column in zip(scheme.topic_ids, zip(*(each.tolist() for each in probabilities), strict=True), strict=False):
        p = topic_probability(head, column)
        if _has_topic(topic, sure, head):
            given.append(TopicLabel(topic, p))
        elif _has_topic(topic, decided, head):
            withheld.append(Abstention("article", None, None, topic, None, p))
    if scheme.exclusive and given:
        given = [max(given, key=lambda label: label.probability)]
    return given, withheld


def _has_topic(topic: str, units: Sequence[set[str | None]], head: Sequence[bool]) -> bool:
    having = [topic in each for each in units]
    in_body = sum(has for has, is_head in zip(having, head, strict=True) if not is_head)
    in_head = any(has for has, is_head in zip(having, head, strict=True) if is_head)
    return in_head or (in_body > 0 and in_body * BODY_SHARE >= head.count(False))


def topic_probability(is_head: Sequence[bool], probabilities: Sequence[float]) -> float:
    """Give the probability that the head has a topic or at least a quarter of the body does (Poisson binomial): that the article has it."""
    not_in_head, body = 1.0, 0
    counts = [1.0]  # how probable it is that none, one, two … of the body's paragraphs have it
    for p, head in zip(probabilities, is_head, strict=True):
        if head:
            not_in_head *= 1 - p
        else:
            body += 1
            counts = [with_less * p + as_many * (1 - p) for with_less, as_many in zip([0.0, *counts], [*counts, 0.0], strict=True)]
    in_body = sum(counts[-(-body // BODY_SHARE) :]) if body else 0.0
    return 1 - (1 - in_body) * not_in_head


def article_stances(units: Sequence[UnitLabels], topics: Sequence[TopicLabel], scheme: Scheme) -> tuple[list[Statement], list[Abstention]]:
    """Give each actor's stance in the article: the headline's, else that of most paragraphs; neutral only if no
    paragraph shows a position.

    A stance is withheld at article level where all its paragraphs withheld it.
    """
    given = {label.topic for label in topics}
    shown: dict[Pair, list[tuple[UnitLabels, Statement]]] = {}
    unsure: dict[Pair, list[Abstention]] = {}
    for labels in units:
        for statement in labels.stances:
            shown.setdefault((statement.actor, statement.topic), []).append((labels, statement))
        for each in labels.abstained:
            if each.stance is not None:
                unsure.setdefault((each.actor, each.topic), []).append(each)
    wanted = scheme.topics is None
    stances = [_weightiest(pair, seen, scheme) for pair, seen in shown.items() if wanted or pair[1] in given]
    withheld = [_unsure_article(pair, seen) for pair, seen in unsure.items() if pair not in shown and (wanted or pair[1] in given)]
    order = {stance: place for place, stance in enumerate(scheme.stance_ids)}
    stances.sort(key=lambda s: (scheme.topic_ids.index(s.topic) if s.topic else 0, order[s.stance], -s.probability, s.actor or ""))
    return stances, withheld


def _weightiest(pair: Pair, seen: list[tuple[UnitLabels, Statement]], scheme: Scheme) -> Statement:
    positions = [(labels, each) for labels, each in seen if each.stance != scheme.neutral]
    counted = positions or seen
    in_head = [each for labels, each in counted if labels.unit.is_head]
    if in_head:
        stance = in_head[0].stance
    else:
        votes: dict[str, list[float]] = {}
        for _, each in counted:
            votes.setdefault(each.stance, []).append(each.probability)
        stance = max(votes, key=lambda name: (len(votes[name]), sum(votes[name])))
    showing = [(labels, each) for labels, each in counted if each.stance == stance]
    evidence = sorted({index for labels, each in showing for index in naming_paragraphs(labels, each.actor)})
    probability = sum(each.probability for _, each in showing) / len(showing)
    return Statement(*pair, stance, probability, tuple(evidence))


def _unsure_article(pair: Pair, seen: list[Abstention]) -> Abstention:
    best = max(seen, key=lambda each: each.probability)
    return Abstention("article", None, *pair, best.stance, best.probability)


def naming_paragraphs(labels: UnitLabels, actor: str | None) -> list[int]:
    """List the paragraphs of a unit that name an actor; all of them where none does."""
    if len(labels.unit.parts) == 1:
        return [labels.unit.parts[0][0]]
    starts = [start for _, start in labels.unit.parts]
    naming = set()
    for mention in labels.mentions:
        if mention.actor == actor:
            part = max(place for place, start in enumerate(starts) if start <= mention.start)
            naming.add(labels.unit.parts[part][0])
    return sorted(naming) or [index for index, _ in labels.unit.parts]
