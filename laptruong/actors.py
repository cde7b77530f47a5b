"""Find the actors that a text names, with exact offsets in the raw text.

Names are looked up word by word in a trie; the longest wins. What then decides is the neighbourhood: ``Anh`` is
Britain in "Anh, Pháp, Đức ra tuyên bố" and a person in "Hoàng Anh". The words that decide are data of the scheme
(its ``context``); this module holds only the order in which they are asked.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from laptruong.articles import Mention
from laptruong.scheme import Actor, Scheme
from laptruong.text import is_vietnamese_syllable, normalize

_WORD = re.compile(r"\w+")
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


class _Token(NamedTuple):
    word: str
    start: int
    end: int


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
        self._after = _phrases(context.not_after)
        self._before = _phrases(context.not_before)
        self._honorifics = _phrases(context.honorifics)
        self._place_words = _phrases(context.place_words)
        self._titles = _phrases(context.titles)
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
        tokens = [_Token(m.group(), m.start(), m.end()) for m in _WORD.finditer(plain.text)]
        found, at = [], 0
        while at < len(tokens):
            if tokens[at].word.lower() not in self._names:
                at += 1
                continue
            name = self._longest(plain.text, tokens, at)
            if name is None:
                at += 1
                continue
            length = len(name[0].words)
            actor = self._actor(plain.text, tokens, at, name, day)
            if actor is not None:
                start, end = plain.raw(tokens[at].start), plain.raw(tokens[at + length - 1].end)
                found.append(Mention(actor, start, end, text[start:end]))
            at += length
        return found

    def _longest(self, text: str, tokens: Sequence[_Token], at: int) -> list[_Name] | None:
        """Give all the readings of the longest name that starts at a token."""
        for words, readings in self._names.get(tokens[at].word.lower(), ()):
            if _same_words(words, text, tokens, at):
                return readings
        return None

    def _actor(self, text: str, tokens: Sequence[_Token], at: int, readings: list[_Name], day: dt.date | None) -> str | None:
        reading = _held(readings, day)
        if reading is None or reading.actor is None:
            return None
        after = at + len(reading.words)
        if self._ends_with(self._after, text, tokens, at) or self._starts_with(self._before, text, tokens, after):
            return None
        if reading.place and self._ends_with(self._place_words, text, tokens, at):
            return None
        if reading.guarded and not self._is_guarded_actor(text, tokens, at, after):
            return None
        return reading.actor

    def _is_guarded_actor(self, text: str, tokens: Sequence[_Token], at: int, after: int) -> bool:
        """Decide on a name that may be part of a person's name or of a common word."""
        word = tokens[at].word
        if word.isupper() and len(word) > 1:
            return self._in_capitals(text, tokens, at)
        if self._ends_with(self._honorifics, text, tokens, at) or _stands_in_brackets(text, tokens, at, after):
            return False
        if self._ends_with(self._titles, text, tokens, at):
            return True
        return self._free_before(text, tokens, at) and self._free_after(text, tokens, at, after)

    def _free_before(self, text: str, tokens: Sequence[_Token], at: int) -> bool:
        """Tell that no capitalised neighbour on the left makes it the last part of a person's name."""
        if at == 0 or not _ADJACENT.match(text[tokens[at - 1].end : tokens[at].start]):
            return True
        previous = tokens[at - 1]
        if not previous.word[0].isupper() or not is_vietnamese_syllable(previous.word):
            return True
        if previous.word.lower() in self._openers and _SENTENCE_START.search(text[: previous.start]):
            return True
        return self._names_end_at(text, tokens, at)

    def _free_after(self, text: str, tokens: Sequence[_Token], at: int, after: int) -> bool:
        """Tell that no capitalised neighbour on the right makes it the first part of a person's or place's name."""
        if after >= len(tokens) or not _ADJACENT.match(text[tokens[after - 1].end : tokens[after].start]):
            return True
        following = tokens[after].word
        if not following[0].isupper() or not is_vietnamese_syllable(following) or following.isupper():
            return True
        readings = self._longest(text, tokens, after)
        return readings is not None and not readings[0].guarded

    def _names_end_at(self, text: str, tokens: Sequence[_Token], at: int) -> bool:
        """Tell whether another actor's name ends right before a token ("NATO Mỹ", "Điện Kremlin Nga")."""
        for start in range(max(0, at - 4), at):
            readings = self._longest(text, tokens, start)
            if readings and start + len(readings[0].words) == at and not readings[0].guarded:
                return True
        return False

    def _in_capitals(self, text: str, tokens: Sequence[_Token], at: int) -> bool:
        """Tell whether a name in capitals stands in a headline of capitals, not in a byline or a person's name.

        A headline has more words than a name, or names another actor.
        """
        start, end = text.rfind("\n", 0, tokens[at].start) + 1, text.find("\n", tokens[at].end)
        line = [each for each in range(len(tokens)) if start <= tokens[each].start and (end < 0 or tokens[each].end <= end)]
        if any(tokens[each].word.lower() in self._surnames for each in range(max(line[0], at - 2), at)):
            return False
        others = any(each != at and self._longest(text, tokens, each) for each in line)
        many = len(line) > 4 and sum(tokens[each].word.isupper() for each in line) > len(line) * 0.6
        return many or (len(line) > 1 and others)

    @staticmethod
    def _ends_with(phrases: dict[str, list[tuple[str, ...]]], text: str, tokens: Sequence[_Token], at: int) -> bool:
        """Tell whether one of the phrases stands right before a token."""
        if at == 0 or not _ADJACENT.match(text[tokens[at - 1].end : tokens[at].start]):
            return False
        for words in phrases.get(tokens[at - 1].word.lower(), ()):
            start = at - len(words)
            if start >= 0 and tuple(token.word.lower() for token in tokens[start:at]) == words:
                return True
        return False

    @staticmethod
    def _starts_with(phrases: dict[str, list[tuple[str, ...]]], text: str, tokens: Sequence[_Token], at: int) -> bool:
        if at >= len(tokens) or not _ADJACENT.match(text[tokens[at - 1].end : tokens[at].start]):
            return False
        rest = tuple(token.word.lower() for token in tokens[at : at + 4])
        return any(rest[: len(words)] == words for group in phrases.values() for words in group)


def _stands_in_brackets(text: str, tokens: Sequence[_Token], at: int, after: int) -> bool:
    """Tell a name alone in brackets: where a company or a town lies ("Bosch (Đức)")."""
    return text[: tokens[at].start].endswith("(") and text[tokens[after - 1].end :].startswith(")")


def _index(actors: Iterable[Actor], blocked: Iterable[str]) -> dict[str, list[tuple[tuple[str, ...], list[_Name]]]]:
    """Index all names by their first word in lower case, longest first."""
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
    index: dict[str, list[tuple[tuple[str, ...], list[_Name]]]] = {}
    for words in sorted(readings, key=len, reverse=True):
        index.setdefault(words[0].lower(), []).append((words, readings[words]))
    return index


def _phrases(phrases: Iterable[str]) -> dict[str, list[tuple[str, ...]]]:
    """Index phrases by their last word."""
    index: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        words = tuple(_WORD.findall(normalize(phrase).text.lower()))
        index.setdefault(words[-1], []).append(words)
    return index


def _held(readings: list[_Name], day: dt.date | None) -> _Name | None:
    """Choose whose name it is on a day; without a day, by the office that began last."""
    valid = readings if day is None else [name for name in readings if name.holds_on(day)]
    return max(valid, key=lambda name: name.since or dt.date.min, default=None)


def _same_words(words: tuple[str, ...], text: str, tokens: Sequence[_Token], at: int) -> bool:
    if at + len(words) > len(tokens):
        return False
    for offset, word in enumerate(words):
        token = tokens[at + offset]
        if not _same_word(word, token.word, offset == 0):
            return False
        if offset and not _GLUE.match(text[tokens[at + offset - 1].end : token.start]):
            return False
    return True


@lru_cache(maxsize=65536)
def _same_word(word: str, seen: str, first: bool) -> bool:
    """Compare with regard to case: the first letter of a name may be a capital, the whole word may be capitals."""
    return seen == word or (first and seen == word[0].upper() + word[1:]) or (seen.isupper() and seen == word.upper())
