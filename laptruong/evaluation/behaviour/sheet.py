"""The sheet of a scheme: names that stand for one another, and sentences whose right labels are known."""

from __future__ import annotations

from functools import cached_property
from importlib import resources
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from laptruong.errors import SchemeError
from laptruong.schemas import Closed, check, read_yaml
from laptruong.scheme import Scheme


class Sentence(Closed):
    """A sentence on one topic, ``{a}`` and ``{b}`` being actors, and the stances that it shows."""

    topic: str
    text: str = Field(min_length=1)
    says: dict[str, str] = Field(min_length=1, description="by a, b or an actor's id")

    @model_validator(mode="after")
    def _names_them(self) -> Sentence:
        if {"a", "b"} & set(self.says) != slots(self.text):
            raise ValueError(f"the text names {sorted(slots(self.text))}, 'says' tells of {sorted(self.says)}: {self.text}")
        return self


class Twin(Closed):
    """A sentence before and after a change, and the stance of ``{a}`` in each."""

    topic: str
    before: str = Field(min_length=1)
    after: str = Field(min_length=1)
    was: str
    becomes: str

    @model_validator(mode="after")
    def _names_the_same(self) -> Twin:
        if slots(self.before) != slots(self.after) or "a" not in slots(self.before):
            raise ValueError(f"both texts must name {{a}}, and the same others: {self.before}")
        return self


class Sheet(Closed):
    """All of it; see the comments in the file."""

    scheme: str = Field(description="the scheme it belongs to")
    names: dict[str, dict[str, list[str]]] = Field(description="by actor and kind: state, capital, seat")
    interchangeable: list[str] = Field(min_length=2, description="actors that may take each other's place")
    plain: dict[str, dict[str, list[str]]] = Field(description="by topic and stance")
    bystanders: list[str] = Field(min_length=1, description="sentences that show no position of {a}, on any topic")
    passive: list[Sentence] = Field(min_length=1)
    quotation: list[Sentence] = Field(min_length=1)
    who_is_who: list[Sentence] = Field(min_length=1, description="sentences in which {a} and {b} differ")
    negation: list[Twin] = Field(min_length=1, description="the second is the first denied")
    condition: list[Twin] = Field(min_length=1, description="the second is the first under a condition")
    negated_beside: list[Twin] = Field(min_length=1, description="what {a} does is denied, what {b} does is not")
    wordings: list[tuple[str, str]] = Field(min_length=1, description="the same said in the words of either side")
    teasers: list[str] = Field(min_length=1, description="lines that are no part of an article and have no topic")

    @field_validator("names")
    @classmethod
    def _have_a_state(cls, names: dict[str, dict[str, list[str]]]) -> dict[str, dict[str, list[str]]]:
        without = [actor for actor, kinds in names.items() if not kinds.get("state")]
        if without:
            raise ValueError(f"no name of the kind 'state': {', '.join(without)}")
        return names

    @model_validator(mode="after")
    def _have_names(self) -> Sheet:
        without = [actor for actor in self.interchangeable if actor not in self.names]
        if without:
            raise ValueError(f"interchangeable, but without names: {', '.join(without)}")
        return self

    @cached_property
    def plain_sentences(self) -> list[Sentence]:
        """The plain sentences, one after the other."""
        return [
            Sentence(topic=topic, text=text, says={"a": stance})
            for topic, stances in self.plain.items()
            for stance, texts in stances.items()
            for text in texts
        ]

    def fits(self, scheme: Scheme) -> bool:
        """Tell whether a scheme has all the labels and actors that the sheet speaks of."""
        sentences = [*self.plain_sentences, *self.passive, *self.quotation, *self.who_is_who]
        twins = [*self.negation, *self.condition, *self.negated_beside]
        topics = {each.topic for each in sentences} | {each.topic for each in twins}
        stances = {stance for each in sentences for stance in each.says.values()} | {s for each in twins for s in (each.was, each.becomes)}
        actors = {*self.names, *self.interchangeable, *(who for each in sentences for who in each.says)} - {"a", "b"}
        return (
            self.scheme == scheme.name
            and topics <= set(scheme.topic_ids)
            and stances <= set(scheme.stance_ids)
            and actors <= scheme.actor_ids
        )


def slots(text: str) -> set[str]:
    """Tell which places for actors a sentence has."""
    return {slot for slot in ("a", "b") if f"{{{slot}}}" in text}


def sheet_of(scheme: Scheme) -> Sheet | None:
    """Read the shipped sheet of a scheme; None where there is none that fits.

    Raises
    ------
    SchemeError
        With every mistake of the file.
    """
    path = Path(str(resources.files("laptruong") / "resources" / f"behaviour_{scheme.name}.yaml"))
    if not path.is_file():
        return None
    data, lines = read_yaml(path, SchemeError)
    sheet = check(Sheet, data, path.name, lines, SchemeError)
    return sheet if sheet.fits(scheme) else None
