"""Label Studio's export (JSON, not JSON-MIN), as far as it is read: keys beyond these are Label Studio's own and are passed over."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from laptruong.articles import Kind


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Value(_Read):
    """What a result says: of a region its place and labels, of a choice the choices."""

    start: int | None = None
    end: int | None = None
    text: Any = None
    labels: list[str] = []
    choices: list[str] = []


class Result(_Read):
    """One region or choice; those of one region share its id. Relations have no ``from_name``."""

    id: str = ""
    from_name: str = ""
    value: dict[str, Any] = {}


class Annotation(_Read):
    """What one person answered."""

    result: list[Result]
    was_cancelled: bool | None = None
    ground_truth: bool | None = None


class Part(_Read):
    """A paragraph of a unit: where it is in the article, and in the task's text."""

    index: int = Field(ge=0)
    kind: Kind
    start: int = Field(ge=0)
    end: int


class Data(_Read):
    """What `tasks` wrote."""

    text: str
    article: str
    source: str = ""
    title: str = ""
    date: str | None = None
    outlet: str | None = None
    url: str | None = None
    parts: list[Part] = Field(min_length=1)


class Task(_Read):
    """A task with its annotations."""

    id: int | str | None = None
    data: Data
    annotations: list[Annotation] = []
