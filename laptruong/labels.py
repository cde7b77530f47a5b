"""What labelling says of a unit and of an article."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from laptruong.articles import Article, Mention, Statement, Unit


@dataclass(frozen=True, slots=True)
class TopicLabel:
    """A topic and its calibrated probability."""

    topic: str
    probability: float


@dataclass(frozen=True, slots=True)
class Abstention:
    """A label that was withheld because it is not sure enough, with what it would have been.

    Attributes
    ----------
    index : int or None
        The paragraph; None at article level.
    stance : str or None
        None where the topic itself is unsure.
    """

    level: Literal["paragraph", "article"]
    index: int | None
    actor: str | None
    topic: str | None
    stance: str | None
    probability: float


@dataclass(frozen=True, slots=True)
class UnitLabels:
    """The labels of one unit, with the mentions they rest on (counted in the unit's text)."""

    unit: Unit
    mentions: tuple[Mention, ...] = ()
    topics: tuple[TopicLabel, ...] = ()
    stances: tuple[Statement, ...] = ()
    abstained: tuple[Abstention, ...] = ()


@dataclass(frozen=True, slots=True)
class ArticleLabels:
    """The labels of an article and of its units.

    Attributes
    ----------
    stances : tuple of Statement
        Each with its evidence: the paragraphs that show it.
    abstained : tuple of Abstention
        Of the article and of all its units.
    model : dict of str to str
        Name, version and hash of the model that gave the labels.
    """

    article: Article
    units: tuple[UnitLabels, ...]
    topics: tuple[TopicLabel, ...]
    stances: tuple[Statement, ...]
    abstained: tuple[Abstention, ...]
    model: dict[str, str] = field(default_factory=dict)
