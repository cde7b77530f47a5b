"""Find the actors that a text names, with exact offsets in the raw text.

Names are looked up word by word in a trie; the longest wins. What then decides is the neighbourhood: ``Anh`` is
Britain in "Anh, Pháp, Đức ra tuyên bố" and a person in "Hoàng Anh". The words that decide are data of the scheme
(its ``context``); this module holds only the order in which they are asked.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain

from laptruong.articles import Mention
from laptruong.scheme import Actor, Scheme
from laptruong.text import is_vietnamese_syllable, normalize

_WORD = re.compile(r"\w+")
_BETWEEN = re.compile(r"(\W+)")
_GLUE = re.compile(r"[\s\-./']{1,2}$")
_ADJACENT = re.compile(r"[ \t]+$")
_SENTENCE_START = re.compile(r"(^|[.!?…:;\n\"“(\[]|(^|\s)-)\s*[\"'“‘(\[]*$")


@dataclass(frozen=True, slots=True)
class _Name:
    """One alias: its words, whose it is and when."""

    words: tuple[str, ...]
    actor: str | None
    guarded: bool = False
    place: bool = False
    since: dt.date | None = None
    until: dt.date | None = None

    def holds_on(self, day: dt.date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


_Index = dict[str, dict[str, list[tuple[tuple[str, ...], list[_Name]]]]]


class _Tokens:
    """The words of a text, as they are and in lower case, and where they start and end."""

    __slots__ = ("count", "ends", "lowers", "starts", "text", "words")

    def __init__(self, text: str) -> None:
        parts = _BETWEEN.split(text)  # words and what lies between, by turns: faster than as many matches
        edges = list(accumulate(map(len, parts), initial=0))
        first, last = int(not parts[0]), len(parts) - (not parts[-1])  # text may begin and end between words
        self.text = text
        self.words = parts[2 * first : last : 2]
        self.lowers = list(map(str.lower, self.words))
        self.count = len(self.words)
        self.starts, self.ends = edges[2 * first : last : 2], edges[2 * first + 1 : last + 1 : 2]

    def gap(self, at: int) -> str:
        """Give what stands between a word and the one before it."""
        return self.text[self.ends[at - 1] : self.starts[at]]


class ActorFinder:
    """Finds the mentions of a scheme's actors.

    Parameters
    ----------
    scheme : Scheme
        With ``actors: none`` it finds nothing.

    Examples
    --------
    >>> from laptruong import ActorFinder, load_scheme
    >>> [m.actor for m in ActorFinder(load_scheme("ukraine")).find("Anh, Pháp ra tuyên bố về Nga")]
    ['uk', 'france', 'russia']
    """

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        context = scheme.context
        self._names = _index(scheme.actors or [], context.not_actors)
        self._after = _phrases(context.not_after, -1)
        self._before = _phrases(context.not_before, 0)
        self._honorifics = _phrases(context.honorifics, -1)
        self._place_words = _phrases(context.place_words, -1)
        self._titles = _phrases(context.titles, -1)
        self._surnames = {word.lower() for word in context.surnames}
        self._openers = {word.lower() for word in context.openers}

    def find(self, text: str, date: str | dt.date | None = None) -> list[Mention]:
        """Find the mentions in a text.

        Parameters
        ----------
        text : str
            Raw; composed or decomposed.
        date : str or date, optional
            The article's day: a person counts for the office held then. Without it, for the last one held.

        Returns
        -------
        list of Mention
            In reading order, without overlaps; offsets count characters of ``text`` as given.
        """
        day = dt.date.fromisoformat(date) if isinstance(date, str) else date
        plain = normalize(text)
        tokens = _Tokens(plain.text)
        found, free = [], 0
        for at in [each for each, word in enumerate(tokens.lowers) if word in self._names]:
            name = self._longest(tokens, at) if at >= free else None
            if name is None:
                continue
            free = at + len(name[0].words)
            actor = self._actor(tokens, at, name, day)
            if actor is not None:
                start, end = plain.raw(tokens.starts[at]), plain.raw(tokens.ends[free - 1])
                found.append(Mention(actor, start, end, text[start:end]))
        return found

    def _longest(self, tokens: _Tokens, at: int) -> list[_Name] | None:
        """Give all the readings of the longest name that starts at a token."""
        by_second = self._names.get(tokens.lowers[at])
        if by_second is None:
            return None
        second = tokens.words[at + 1].upper() if at + 1 < tokens.count else ""
        for words, readings in chain(by_second.get(second, ()), by_second.get("", ())):
            if _same_words(words, tokens, at):
                return readings
        return None

    def _actor(self, tokens: _Tokens, at: int, readings: list[_Name], day: dt.date | None) -> str | None:
        reading = _held(readings, day)
        if reading is None or reading.actor is None:
            return None
        after = at + len(reading.words)
        if self._ends_with(self._after, tokens, at) or self._starts_with(self._before, tokens, after):
            return None
        if reading.place and self._ends_with(self._place_words, tokens, at):
            return None
        if reading.guarded and not self._is_guarded_actor(tokens, at, after):
            return None
        return reading.actor

    def _is_guarded_actor(self, tokens: _Tokens, at: int, after: int) -> bool:
        """Decide on a name that may be part of a person's name or of a common word."""
        word = tokens.words[at]
        if word.isupper() and len(word) > 1:
            return self._in_capitals(tokens, at)
        if self._ends_with(self._honorifics, tokens, at) or _stands_in_brackets(tokens, at, after):
            return False
        if self._ends_with(self._titles, tokens, at):
            return True
        return self._free_before(tokens, at) and self._free_after(tokens, at, after)

    def _free_before(self, tokens: _Tokens, at: int) -> bool:
        """Tell that no capitalised neighbour on the left makes it the last part of a person's name."""
        if at == 0 or not _ADJACENT.match(tokens.gap(at)):
            return True
        previous = tokens.words[at - 1]
        if not previous[0].isupper() or not is_vietnamese_syllable(previous):
            return True
        if tokens.lowers[at - 1] in self._openers and _SENTENCE_START.search(tokens.text[: tokens.starts[at - 1]]):
            return True
        return self._names_end_at(tokens, at)

    def _free_after(self, tokens: _Tokens, at: int, after: int) -> bool:
        """Tell that no capitalised neighbour on the right makes it the first part of a person's or place's name."""
        if after >= tokens.count or not _ADJACENT.match(tokens.gap(after)):
            return True
        following = tokens.words[after]
        if not following[0].isupper() or not is_vietnamese_syllable(following) or following.isupper():
            return True
        readings = self._longest(tokens, after)
        return readings is not None and not readings[0].guarded

    def _names_end_at(self, tokens: _Tokens, at: int) -> bool:
        """Tell whether another actor's name ends right before a token ("NATO Mỹ", "Điện Kremlin Nga")."""
        for start in range(max(0, at - 4), at):
            readings = self._longest(tokens, start)
            if readings and start + len(readings[0].words) == at and not readings[0].guarded:
                return True
        return False

    def _in_capitals(self, tokens: _Tokens, at: int) -> bool:
        """Tell whether a name in capitals stands in a headline of capitals, not in a byline or a person's name.

        A headline has more words than a name, or names another actor.
        """
        start, end = tokens.text.rfind("\n", 0, tokens.starts[at]) + 1, tokens.text.find("\n", tokens.ends[at])
        line = [each for each in range(tokens.count) if start <= tokens.starts[each] and (end < 0 or tokens.ends[each] <= end)]
        if any(tokens.lowers[each] in self._surnames for each in range(max(line[0], at - 2), at)):
            return False
        others = any(each != at and self._longest(tokens, each) for each in line)
        many = len(line) > 4 and sum(tokens.words[each].isupper() for each in line) > len(line) * 0.6
        return many or (len(line) > 1 and others)

    @staticmethod
    def _ends_with(phrases: dict[str, list[tuple[str, ...]]], tokens: _Tokens, at: int) -> bool:
        """Tell whether one of the phrases stands right before a token."""
        group = phrases.get(tokens.lowers[at - 1]) if at else None
        if group is None or not _ADJACENT.match(tokens.gap(at)):
            return False
        return any(words == tuple(tokens.lowers[max(at - len(words), 0) : at]) for words in group)

    @staticmethod
    def _starts_with(phrases: dict[str, list[tuple[str, ...]]], tokens: _Tokens, at: int) -> bool:
        group = phrases.get(tokens.lowers[at]) if at < tokens.count else None
        if group is None or not _ADJACENT.match(tokens.gap(at)):
            return False
        return any(words == tuple(tokens.lowers[at : at + len(words)]) for words in group)


def _stands_in_brackets(tokens: _Tokens, at: int, after: int) -> bool:
    """Tell a name alone in brackets: where a company or a town lies ("Bosch (Đức)")."""
    return tokens.text.endswith("(", 0, tokens.starts[at]) and tokens.text.startswith(")", tokens.ends[after - 1])


def _index(actors: Iterable[Actor], blocked: Iterable[str]) -> _Index:
    """Index all names by their first word in lower case, then by the second in capitals, longest first."""
    readings: dict[tuple[str, ...], list[_Name]] = {}

    def add(alias: str, actor: str | None, **rest: object) -> None:
        words = tuple(_WORD.findall(normalize(alias).text))
        readings.setdefault(words, []).append(_Name(words, actor, **rest))  # type: ignore[arg-type]

    for alias in blocked:
        add(alias, None)
    for actor in actors:
        for alias in actor.aliases:
            add(alias, actor.id)
        for alias in actor.guarded:
            add(alias, actor.id, guarded=True)
        for alias in actor.places:
            add(alias, actor.id, place=True)
        for person in actor.people:
            for alias in person.names:
                add(alias, actor.id, since=person.since, until=person.until)
    index: _Index = {}
    for words in sorted(readings, key=len, reverse=True):
        second = words[1].upper() if len(words) > 1 else ""
        index.setdefault(words[0].lower(), {}).setdefault(second, []).append((words, readings[words]))
    return index


def _phrases(phrases: Iterable[str], place: int) -> dict[str, list[tuple[str, ...]]]:
    """Index phrases by the word at a place."""
    index: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        words = tuple(_WORD.findall(normalize(phrase).text.lower()))
        index.setdefault(words[place], []).append(words)
    return index


def _held(readings: list[_Name], day: dt.date | None) -> _Name | None:
    """Choose whose name it is on a day; without a day, by the office that began last."""
    if day is None and len(readings) == 1:
        return readings[0]
    valid = readings if day is None else [name for name in readings if name.holds_on(day)]
    return max(valid, key=lambda name: name.since or dt.date.min, default=None)


def _same_words(words: tuple[str, ...], tokens: _Tokens, at: int) -> bool:
    if at + len(words) > tokens.count:
        return False
    for offset, word in enumerate(words):
        if not _same_word(word, tokens.words[at + offset], offset == 0):
            return False
        if offset and not _GLUE.match(tokens.gap(at + offset)):
            return False
    return True


@lru_cache(maxsize=16_384)
def _same_word(word: str, seen: str, first: bool) -> bool:
    """Compare with regard to case: the first letter of a name may be a capital, the whole word may be capitals."""
    return seen == word or (first and seen == word[0].upper() + word[1:]) or (seen.isupper() and seen == word.upper())
