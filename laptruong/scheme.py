"""The scheme: topics, stances and actors as data.

A scheme is one YAML file. What is in it decides what is asked: with actors and topics, the stance of each
(actor, topic); with ``actors: none``, the author's own stance per topic; with ``topics: none``, one stance per
actor; with neither, one stance per paragraph. No code knows the name of a label.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from laptruong.errors import SchemeError
from laptruong.schemas import Closed, check, read_yaml

Tone = Literal["positive", "mixed", "negative", "neutral"]
Pair = tuple[str | None, str | None]
"""Whom and what a stance is asked about: (actor id, topic id); None where the scheme has no actors or no topics."""


def _nothing(value: object) -> object:
    return None if value == "none" else value


class Label(Closed):
    """What topics, stances and actors have in common: an id and two names."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="the id written into records")
    vi: str = Field(min_length=1, description="the Vietnamese name")
    en: str = Field(min_length=1, description="the English name")


class Topic(Label):
    """A topic and the proposition on which actors take a stance."""

    proposition_vi: str = Field(default="", description="the proposition, in Vietnamese")
    proposition_en: str = Field(default="", description="the proposition, in English")


class Stance(Label):
    """A stance; its tone gives the colour of its chip, and 'neutral' marks the one that states nothing."""

    tone: Tone = Field(description="positive, mixed, negative or neutral")


class OffTopic(Label):
    """A kind of paragraph without a topic: it tells in the corpus how hard such a paragraph is."""

    near: bool = Field(default=False, description="near to a topic, so that a model may mistake it for one")


class Person(Closed):
    """The names of one person and the time for which they speak for the actor."""

    names: list[str] = Field(min_length=1, description="spellings, surname alone included where it is unambiguous")
    since: dt.date | None = Field(default=None, alias="from", description="first day in office")
    until: dt.date | None = Field(default=None, alias="to", description="last day in office; empty: still there")

    @model_validator(mode="after")
    def _in_order(self) -> Person:
        if self.since and self.until and self.since > self.until:
            raise ValueError(f"{self.names[0]}: 'from' ({self.since}) lies after 'to' ({self.until})")
        return self


class Actor(Label):
    """Who may take a stance, and by which words the text names it."""

    aliases: list[str] = Field(default_factory=list, description="names that mean the actor wherever they stand")
    guarded: list[str] = Field(default_factory=list, description="names that are also parts of persons' names or words")
    places: list[str] = Field(default_factory=list, description="capitals: they speak for the actor, but not as a venue")
    people: list[Person] = Field(default_factory=list, description="leaders, ministers, envoys, spokespeople")


class Context(Closed):
    """Words beside a name that decide whether it names an actor."""

    not_actors: list[str] = Field(default_factory=list, description="longer names that swallow an alias")
    not_after: list[str] = Field(default_factory=list, description="phrases right before a name that unmake it")
    not_before: list[str] = Field(default_factory=list, description="phrases right after a name that unmake it")
    honorifics: list[str] = Field(default_factory=list, description="forms of address: a guarded name after one is a person")
    place_words: list[str] = Field(default_factory=list, description="phrases that make a capital right after them a venue")
    titles: list[str] = Field(default_factory=list, description="offices: a guarded name after one of them is a state")
    surnames: list[str] = Field(default_factory=list, description="family names: in capitals, what follows one is a person")
    openers: list[str] = Field(default_factory=list, description="words that may open a sentence before a guarded name")


class Scheme(Closed):
    """Topics, stances and actors; see the module.

    Attributes
    ----------
    topics, actors : list or None
        None where the file says ``none``.
    exclusive : bool
        Whether a paragraph has at most one topic.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$", description="the scheme's name")
    version: str = Field(description="raised whenever a label changes its meaning")
    topics: Annotated[list[Topic] | None, BeforeValidator(_nothing)] = Field(description="a list, or none")
    exclusive: bool = Field(default=False, description="at most one topic a paragraph")
    stances: list[Stance] = Field(min_length=2, description="at least two, one of them neutral")
    actors: Annotated[list[Actor] | None, BeforeValidator(_nothing)] = Field(description="a list, or none")
    context: Context = Field(default_factory=Context, description="rules for naming actors")
    off_topic: list[OffTopic] = Field(default_factory=list, description="kinds of paragraphs without a topic")

    @field_validator("topics", "stances", "actors", "off_topic")
    @classmethod
    def _ids_once(cls, labels: list[Label] | None) -> list[Label] | None:
        ids = [label.id for label in labels or []]
        twice = sorted({each for each in ids if ids.count(each) > 1})
        if twice:
            raise ValueError(f"given more than once: {', '.join(twice)}")
        return labels

    @field_validator("topics", "stances", "actors")
    @classmethod
    def _not_empty(cls, labels: list[Label] | None) -> list[Label] | None:
        if labels == []:
            raise ValueError("is empty; write 'none' if the scheme has none")
        return labels

    @field_validator("stances")
    @classmethod
    def _one_neutral(cls, stances: list[Stance]) -> list[Stance]:
        if sum(stance.tone == "neutral" for stance in stances) != 1:
            raise ValueError("exactly one stance must have 'tone: neutral'")
        return stances

    @field_validator("actors")
    @classmethod
    def _aliases_are_words(cls, actors: list[Actor] | None) -> list[Actor] | None:
        empty = [
            f"{actor.id}: {alias!r}"
            for actor in actors or []
            for alias in (*actor.aliases, *actor.guarded, *actor.places, *(name for person in actor.people for name in person.names))
            if not re.search(r"\w", alias)
        ]
        if empty:
            raise ValueError(f"these names have no word in them: {', '.join(empty)}")
        return actors

    @field_validator("context")
    @classmethod
    def _phrases_are_words(cls, context: Context) -> Context:
        empty = [name for name, phrases in context.model_dump().items() if not all(re.search(r"\w", phrase) for phrase in phrases)]
        if empty:
            raise ValueError(f"phrases without a word in: {', '.join(empty)}")
        return context

    @field_validator("actors")
    @classmethod
    def _aliases_once(cls, actors: list[Actor] | None) -> list[Actor] | None:
        owner: dict[str, str] = {}
        clashes = []
        for actor in actors or []:
            for alias in actor.aliases + actor.guarded + actor.places:
                if owner.setdefault(alias, actor.id) != actor.id:
                    clashes.append(f"'{alias}' names both {owner[alias]} and {actor.id}")
        if clashes:
            raise ValueError("; ".join(clashes))
        return actors

    @cached_property
    def topic_ids(self) -> tuple[str, ...]:
        """Ids of the topics, in the order of the file; empty where the scheme has none."""
        return tuple(topic.id for topic in self.topics or [])

    @cached_property
    def stance_ids(self) -> tuple[str, ...]:
        """Ids of the stances, in the order of the file."""
        return tuple(stance.id for stance in self.stances)

    @cached_property
    def actor_ids(self) -> frozenset[str]:
        """Ids of the actors that the scheme names; records may bring others."""
        return frozenset(actor.id for actor in self.actors or [])

    @cached_property
    def neutral(self) -> str:
        """Id of the stance that states nothing."""
        return next(stance.id for stance in self.stances if stance.tone == "neutral")

    @cached_property
    def sha256(self) -> str:
        """Hash of the scheme's content: what two reports must share to be compared."""
        return hashlib.sha256(self.model_dump_json(by_alias=True).encode()).hexdigest()

    def pairs(self, actors: Iterable[str], topics: Iterable[str]) -> list[Pair]:
        """List what is asked of a paragraph that names ``actors`` and has ``topics``.

        Returns
        -------
        list of Pair
            Sorted; without duplicates.
        """
        whom: set[str | None] = {None} if self.actors is None else set(actors)
        what: set[str | None] = {None} if self.topics is None else set(topics)
        return sorted(((a, t) for a in whom for t in what), key=lambda pair: (pair[0] or "", pair[1] or ""))

    def label(self, label_id: str | None) -> str:
        """Give the Vietnamese name of any label; an unknown id names itself."""
        return self._names.get(label_id or "", label_id or "")

    @cached_property
    def _names(self) -> dict[str, str]:
        return {each.id: each.vi for group in (self.topics, self.stances, self.actors) for each in group or []}


def load_scheme(name: str | Path) -> Scheme:
    """Read a scheme by the name of a shipped one (``ukraine``) or from a file.

    Raises
    ------
    SchemeError
        With every mistake of the file, each with its line and path.
    """
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        shipped = resources.files("laptruong") / "resources" / f"{name}.yaml"
        path = Path(str(shipped))
        if not path.is_file():
            raise SchemeError(str(name), ["no shipped scheme has this name (there is: ukraine), and it is no .yaml file"])
    data, lines = read_yaml(path, SchemeError)
    return check(Scheme, data, path.name, lines, SchemeError)
