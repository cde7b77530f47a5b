"""What is read and what is said of it: articles, paragraphs, mentions, statements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["headline", "lead", "body", "boilerplate"]
KINDS: tuple[Kind, ...] = ("headline", "lead", "body", "boilerplate")


@dataclass(frozen=True, slots=True)
class Mention:
    """A place where a text names an actor; offsets count characters of the raw text, end excluded."""

    actor: str
    start: int
    end: int
    surface: str


@dataclass(frozen=True, slots=True)
class Statement:
    """An actor's stance on a topic; either may be None where the scheme asks without it.

    Attributes
    ----------
    probability : float
        Calibrated, between 0 and 1; 1 for gold labels.
    evidence : tuple of int
        Indexes of the paragraphs that show it; empty at paragraph level.
    """

    actor: str | None
    topic: str | None
    stance: str
    probability: float = 1.0
    evidence: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph as it stands in the source.

    Attributes
    ----------
    start, end : int or None
        Characters of the source text, so that ``source[start:end] == text``; None for a headline that came from
        a field of its own.
    mentions : tuple of Mention or None
        Actors that the record brought along; None: to be found.
    """

    text: str
    kind: Kind
    start: int | None = None
    end: int | None = None
    mentions: tuple[Mention, ...] | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """What one labelling decision is about: a body paragraph, or the headline together with its lead.

    Attributes
    ----------
    text : str
        Headline and lead joined by a full stop where the headline has none.
    parts : tuple of (int, int)
        For each paragraph in the unit its index in the article and where its text starts in the unit's.
    mentions : tuple of Mention or None
        Those the paragraphs brought along, counted in the unit's text.
    """

    text: str
    parts: tuple[tuple[int, int], ...]
    kind: Kind
    mentions: tuple[Mention, ...] | None = None

    @property
    def is_head(self) -> bool:
        """Whether it is the headline, the lead, or both."""
        return self.kind in ("headline", "lead")


@dataclass(frozen=True, slots=True)
class Article:
    """An article and what is known of it.

    Attributes
    ----------
    source : str
        Where it came from: the file, with the line or row of a record.
    date : str or None
        ISO 8601 day.
    text : str
        The source text into which the paragraphs' offsets point.
    """

    id: str
    source: str
    paragraphs: tuple[Paragraph, ...]
    title: str | None = None
    date: str | None = None
    outlet: str | None = None
    author: str | None = None
    url: str | None = None
    text: str = field(default="", repr=False)

    def units(self) -> Iterator[Unit]:
        """Give the units of labelling in reading order; boilerplate is in none."""
        index = 0
        while index < len(self.paragraphs):
            paragraph = self.paragraphs[index]
            following = self._lead_after(index) if paragraph.kind == "headline" else None
            if following is not None:
                yield _joined(self, index, following)
                index = following + 1
                continue
            if paragraph.kind != "boilerplate":
                yield _single(self, index)
            index += 1

    def _lead_after(self, index: int) -> int | None:
        """Find the lead of a headline: the next paragraph that is no boilerplate, if it is one."""
        for following in range(index + 1, len(self.paragraphs)):
            kind = self.paragraphs[following].kind
            if kind != "boilerplate":
                return following if kind == "lead" else None
        return None


def _single(article: Article, index: int) -> Unit:
    paragraph = article.paragraphs[index]
    return Unit(paragraph.text, ((index, 0),), paragraph.kind, paragraph.mentions)


def _joined(article: Article, first: int, second: int) -> Unit:
    headline, lead = article.paragraphs[first], article.paragraphs[second]
    joint = " " if headline.text.rstrip().endswith((".", "?", "!", "…", ":")) else ". "
    shift = len(headline.text) + len(joint)
    mentions = None
    if headline.mentions is not None and lead.mentions is not None:
        moved = (Mention(m.actor, m.start + shift, m.end + shift, m.surface) for m in lead.mentions)
        mentions = (*headline.mentions, *moved)
    return Unit(headline.text + joint + lead.text, ((first, 0), (second, shift)), "headline", mentions)
