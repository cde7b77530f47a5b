"""The corpus format as a closed schema: what an article with labels may hold, and what it must."""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator

from laptruong.articles import Kind
from laptruong.schemas import Closed

Split = Literal["train", "dev", "test", "aside"]
Origin = Literal["written", "constructed", "real"]
_ID = r"^[a-z][a-z0-9_]*$"
_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
_YEARS = range(1990, 2101)


def _day(value: object) -> object:
    """Read a date as the records write it: ``2025-03-01``."""
    if value is None:
        return None
    day = dt.date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    if day is None or day.year not in _YEARS:
        raise ValueError(f"must be a day such as 2025-03-01, of {_YEARS[0]} to {_YEARS[-1]}, or null (got {value!r})")
    return day


def _clean(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    if text != text.strip() or text != unicodedata.normalize("NFC", text):
        raise ValueError("must be NFC and have no blanks around it")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co") for character in text):
        raise ValueError("holds a control, private or invisible character")
    return text


Day = Annotated[dt.date | None, BeforeValidator(_day)]


class Record(Closed):
    """A record of JSON Lines: closed, and no value is bent into another type."""

    model_config = ConfigDict(strict=True)


class PairRecord(Record):
    """The stance of one actor on one topic; a scheme without actors or topics leaves them out."""

    actor: str | None = Field(default=None, pattern=_ID, description="canonical id")
    topic: str | None = Field(default=None, pattern=_ID, description="id of a topic of the paragraph")
    stance: str = Field(pattern=_ID, description="id of a stance")


class NameRecord(Record):
    """Where a paragraph names an actor; offsets count characters of its text, end excluded."""

    actor: str = Field(pattern=_ID, description="canonical id")
    start: int = Field(ge=0, description="first character")
    end: int = Field(ge=1, description="first character after it")


class LabelsRecord(Record):
    """The labels of one paragraph, wherever its text is."""

    kind: Kind = Field(description="headline, lead, body or boilerplate")
    topics: list[str] = Field(description="ids of its topics")
    stances: list[PairRecord] = Field(description="every actor named, once per topic")
    off_topic: str | None = Field(default=None, pattern=_ID, description="without a topic: what it is about")
    names: list[NameRecord] = Field(default_factory=list, description="where it names actors by words that the scheme does not know")
    not_actors: list[Annotated[str, Field(pattern=_ID)]] = Field(
        default_factory=list, description="ids whose names stand here without naming an actor"
    )
    mentions: list[NameRecord] | None = Field(default=None, description="all mentions, for a scheme without aliases")


class ParagraphRecord(LabelsRecord):
    """A paragraph with its labels."""

    text: str = Field(description="the text, NFC")

    @field_validator("text")
    @classmethod
    def _is_clean(cls, text: str) -> str:
        return _clean(text)


class RealRecord(Record):
    """Labels of a text that lives elsewhere."""

    schema_version: Literal[1] = Field(description="version of this format")
    id: str = Field(pattern=r"^[0-9a-f]{12}$", description="first 12 hex digits of the SHA-1 of the text")
    date: Day = Field(description="day of publication, if known")
    outlet: str | None = Field(default=None, description="the paper")
    url: str | None = Field(default=None, description="where it was published")
    split: Split = Field(description="train, dev, test, or aside: held back from all three")
    origin: Literal["real"] = Field(description="real")
    event: str = Field(pattern=_NAME, description="the story it tells")
    genre: str = Field(description="brief (headline and lead) or article")
    paragraphs: list[LabelsRecord] = Field(min_length=1, description="one for each line of the text")


class ArticleRecord(Record):
    """An article of the corpus."""

    id: str = Field(pattern=_NAME, description="unique in the corpus")
    title: str = Field(min_length=1, description="the headline")
    date: Day = Field(description="day of publication, if known")
    outlet: str | None = Field(default=None, description="the paper, or its style")
    url: str | None = Field(default=None, description="where it was published")
    split: Split = Field(description="train, dev, test, or aside: held back from all three")
    origin: Origin = Field(description="written: of facts; constructed: a position never taken; real: published news")
    event: str = Field(pattern=_NAME, description="what happened; an event stands in one split")
    genre: str | None = Field(default=None, description="wire, analysis, interview …")
    paragraphs: list[ParagraphRecord] = Field(min_length=1, description="in reading order")
    topics: list[str] = Field(description="of the article, by section 5 of the codebook")
    stances: list[PairRecord] = Field(description="of the article, by section 5 of the codebook")

    @field_validator("title")
    @classmethod
    def _is_clean(cls, title: str) -> str:
        return _clean(title)
