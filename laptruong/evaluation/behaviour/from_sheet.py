"""Cases from the sheet: sentences of our own, filled with actors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import TypeVar

from laptruong.actors import ActorFinder
from laptruong.articles import Mention
from laptruong.classifiers.base import Example
from laptruong.evaluation.behaviour.cases import Ask, Case, Check, exchanged, unchanged
from laptruong.evaluation.behaviour.edits import Names, Source
from laptruong.evaluation.behaviour.sheet import Sentence, Sheet, Twin
from laptruong.scheme import Scheme

T = TypeVar("T")


class Filler:
    """Puts actors into sentences.

    Parameters
    ----------
    names : Names
    finder : ActorFinder
    draw : Random
    """

    def __init__(self, names: Names, finder: ActorFinder, draw: Random) -> None:
        self._names, self._finder, self._draw = names, finder, draw

    def fill(self, text: str, who: dict[str, str]) -> Example:
        """Write the actors' states into a sentence and find whom it names."""
        text = text.format_map({slot: self._names.like(actor, "state") for slot, actor in who.items()})
        return Example(text, tuple(self._finder.find(text)))

    def rounds(self, items: Sequence[T]) -> Iterator[tuple[T, dict[str, str]]]:
        """Give each item with each actor once, in rounds of all items, so that each comes equally often."""
        actors = self._names.interchangeable
        orders = [self._draw.sample(actors, len(actors)) for _ in items]
        for number in range(len(actors)):
            for at in self._draw.sample(range(len(items)), len(items)):
                yield items[at], {"a": orders[at][number], "b": orders[at][number - 1]}

    def choose(self, texts: Sequence[T]) -> T:
        """Draw one."""
        return self._draw.choice(texts)


def says(sentences: Sequence[Sentence], filler: Filler) -> Iterator[Case]:
    """Ask for the stances that a sentence shows."""
    for sentence, who in filler.rounds(sentences):
        example = filler.fill(sentence.text, who)
        checks = (Check(Ask(example, (who.get(each, each), sentence.topic)), stance) for each, stance in sentence.says.items())
        yield Case(sentence.text, tuple(checks))


def has_topic(sentences: Sequence[Sentence], filler: Filler) -> Iterator[Case]:
    """Ask for the topic of a sentence."""
    for sentence, who in filler.rounds(sentences):
        example = filler.fill(sentence.text, who)
        yield Case(sentence.text, (Check(Ask(example, (None, sentence.topic), True), "yes"),))


def twins(pairs: Sequence[Twin], filler: Filler, *, back: bool = False) -> Iterator[Case]:
    """Ask for the stance after a change or, with ``back``, after it was undone."""
    for twin, who in filler.rounds(pairs):
        old, new, stance = (twin.after, twin.before, twin.was) if back else (twin.before, twin.after, twin.becomes)
        yield Case(f"{old} → {new}", (Check(Ask(filler.fill(new, who), (who["a"], twin.topic)), stance),))


def negated_beside(pairs: Sequence[Twin], filler: Filler) -> Iterator[Case]:
    """Ask whether only the actor moves whose position was denied."""
    for twin, who in filler.rounds(pairs):
        before, after = filler.fill(twin.before, who), filler.fill(twin.after, who)
        denied, other = (who["a"], twin.topic), (who["b"], twin.topic)
        yield Case(
            f"{twin.before} → {twin.after}",
            (Check(Ask(after, denied), Ask(before, denied), differs=True), Check(Ask(after, other), Ask(before, other))),
        )


def exchanged_names(sentences: Sequence[Sentence], filler: Filler) -> Iterator[Case]:
    """Exchange two actors of a sentence in which they differ."""
    for sentence, who in filler.rounds(sentences):
        before = filler.fill(sentence.text, who)
        after = filler.fill(sentence.text, {"a": who["b"], "b": who["a"]})
        yield Case(f"{who['a']} ↔ {who['b']}", exchanged(before, after, who["a"], who["b"], sentence.topic))


def moved_out(sheet: Sheet, filler: Filler, scheme: Scheme) -> Iterator[Case]:
    """Exchange who takes a position and who is only named in the sentence behind it."""
    positions = [each for each in sheet.plain_sentences if each.says["a"] != scheme.neutral]
    for sentence, who in filler.rounds(positions):
        text = f"{sentence.text} {filler.choose(sheet.bystanders).replace('{a}', '{b}')}"
        before, after = filler.fill(text, who), filler.fill(text, {"a": who["b"], "b": who["a"]})
        pair = (who["a"], sentence.topic)
        yield Case(
            f"{who['a']} moved from the first sentence to the second",
            (Check(Ask(after, pair), scheme.neutral), Check(Ask(after, pair), Ask(before, pair), differs=True)),
        )


def worded(sheet: Sheet, filler: Filler, scheme: Scheme) -> Iterator[Case]:
    """Call the war by the words of either side before a plain sentence."""
    for sentence, who in filler.rounds(sheet.plain_sentences):
        theirs, ours = filler.choose(sheet.wordings)
        before, after = (filler.fill(f"{words} {sentence.text}", who) for words in (theirs, ours))
        yield Case(f"{theirs} → {ours}", unchanged(scheme, before, after, [(who["a"], sentence.topic)]))


def with_teaser(units: list[Source], sheet: Sheet, finder: ActorFinder, scheme: Scheme, draw: Random) -> Iterator[Case]:
    """Put a teaser behind the text."""
    for unit in units:
        teaser = draw.choice(sheet.teasers)
        stop = "" if unit.example.text.rstrip().endswith((".", "?", "!", "…", ":", '"', "”", ")")) else "."
        text = f"{unit.example.text}{stop} {teaser}"
        shift = len(text) - len(teaser)
        added = (Mention(each.actor, each.start + shift, each.end + shift, each.surface) for each in finder.find(teaser))
        after = Example(text, (*unit.example.mentions, *added))
        yield Case(f"added: {teaser}", unchanged(scheme, unit.example, after, unit.stances))
