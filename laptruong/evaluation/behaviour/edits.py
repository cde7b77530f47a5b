"""Change a text and keep its mentions right: names for names, spellings, letters."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from laptruong.actors import ActorFinder
from laptruong.articles import Mention, Unit
from laptruong.classifiers.base import Example
from laptruong.evaluation.behaviour.sheet import Sheet
from laptruong.scheme import Pair, Scheme

Edit = tuple[int, int, str]
"""Characters of a text, and what stands there instead."""


@dataclass(frozen=True, slots=True)
class Source:
    """A labelled unit to make cases from; ``stances`` are those of actors whose place in the text is known."""

    example: Example
    stances: Mapping[Pair, str]
    unit: Unit
    date: str | None


def edit(example: Example, edits: Sequence[Edit], renamed: Mapping[str, str] | None = None) -> Example:
    """Change parts of a text.

    Parameters
    ----------
    example : Example
    edits : sequence of Edit
        In reading order; none may cross the border of a mention, though it may be one or lie within one.
    renamed : dict from str to str, optional
        Actors whose mentions now name another.
    """
    text, pieces, at = example.text, [], 0
    for start, end, new in edits:
        pieces += [text[at:start], new]
        at = end
    text = "".join([*pieces, text[at:]])

    def moved(position: int) -> int:
        return position + sum(len(new) - (end - start) for start, end, new in edits if end <= position)

    spans = [((renamed or {}).get(each.actor, each.actor), moved(each.start), moved(each.end)) for each in example.mentions]
    return Example(text, tuple(Mention(actor, start, end, text[start:end]) for actor, start, end in spans))


def respell(example: Example, pattern: re.Pattern[str], new: Callable[[str], str]) -> Example:
    """Write every match of a pattern in another way."""
    return edit(example, [(match.start(), match.end(), new(match.group())) for match in pattern.finditer(example.text)])


def by_letter(example: Example, new: Callable[[str], str], until: int | None = None) -> Example:
    """Write each character in another way, up to an offset."""
    end = len(example.text) if until is None else until
    pieces = [new(char) for char in example.text[:end]] + list(example.text[end:])
    text, offsets = "".join(pieces), [0, *itertools.accumulate(map(len, pieces))]
    spans = [(each.actor, offsets[each.start], offsets[each.end]) for each in example.mentions]
    return Example(text, tuple(Mention(actor, start, stop, text[start:stop]) for actor, start, stop in spans))


def is_found(before: Example, after: Example, finder: ActorFinder, date: str | None) -> bool:
    """Tell whether the mentions of a changed text are those that would be found in it, if they were so before."""
    return tuple(finder.find(before.text, date)) != before.mentions or tuple(finder.find(after.text, date)) == after.mentions


class Names:
    """The names of actors that may stand for one another, by kind: the state, its capital, the seat of its government.

    Parameters
    ----------
    scheme : Scheme
    sheet : Sheet, optional
        Names that were chosen by hand; without it the scheme's own.
    """

    def __init__(self, scheme: Scheme, sheet: Sheet | None) -> None:
        own = {
            each.id: {"state": list(dict.fromkeys([each.vi, *each.aliases, *each.guarded])), "capital": each.places}
            for each in scheme.actors or []
        }
        self._of: Mapping[str, Mapping[str, list[str]]] = sheet.names if sheet else own
        self.interchangeable = sheet.interchangeable if sheet else list(own)

    def kind(self, mention: Mention) -> str | None:
        """Tell what kind of name a mention is; None for a person or a name that stands for no other."""
        return next((kind for kind, names in self._of.get(mention.actor, {}).items() if mention.surface in names), None)

    def like(self, actor: str, kind: str) -> str:
        """Give an actor's name of a kind; that of the state where there is none."""
        return (self._of[actor].get(kind) or self._of[actor]["state"])[0]

    def all(self, actor: str) -> list[str]:
        """List an actor's names."""
        return [name for names in self._of.get(actor, {}).values() for name in names]

    def movable(self, example: Example) -> list[str]:
        """List the actors of a text whose every trace in it is a name that may be another's."""
        return [actor for actor in example.actors if actor in self.interchangeable and not any(self._hindrances(example, actor))]

    def _hindrances(self, example: Example, actor: str) -> Iterator[bool]:
        """Find persons, a person's name right after the actor's ("Thủ tướng Đức Merz"), and names that were not taken for mentions."""
        rest, at = [], 0
        for mention in example.mentions:
            if mention.actor == actor:
                yield self.kind(mention) is None
                following = re.match(r"\s+(\w)", example.text[mention.end :])
                yield following is not None and following[1].isupper()
            rest.append(example.text[at : mention.start])
            at = mention.end
        remaining = "\n".join([*rest, example.text[at:]])
        yield any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", remaining) for name in self.all(actor))

    def renamed(self, example: Example, new: Mapping[str, str]) -> Example:
        """Write other actors' names for those of some; each name by one of its kind."""
        edits = [
            (each.start, each.end, self.like(new[each.actor], self.kind(each) or "state")) for each in example.mentions if each.actor in new
        ]
        return edit(example, edits, new)
