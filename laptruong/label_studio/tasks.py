"""From labels to Label Studio's tasks: the units with something withheld, and what the model would have said of them.

The format is that of Label Studio's import, https://labelstud.io/guide/predictions. Its offsets count code points, as Python's do
(its editor counts the elements of ``[...text]``, seen in release 1.23); old releases counted UTF-16 units, and emojis shifted them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from laptruong.articles import Article, Mention, Statement, Unit
from laptruong.label_studio.interface import ACTOR, TEXT, TOPIC, stance_control
from laptruong.labels import Abstention, ArticleLabels, UnitLabels
from laptruong.scheme import Scheme


def tasks(labels: ArticleLabels, scheme: Scheme) -> Iterator[dict[str, Any]]:
    """Give a task for each unit of an article in which a label was withheld.

    The text is made fit for the corpus first (see `tidy`), so that what Label Studio counts in needs no way back. Actors that the
    scheme has not, which records may bring, cannot be asked about and are left out.

    Yields
    ------
    dict
        ``data``: the text and what a corpus record needs. ``predictions``: the labels given and those withheld, so that people
        correct rather than begin; ``score`` is the least probability withheld, so that ordered by it the least sure come first.
    """
    article = labels.article
    tidied = replace(article, paragraphs=tuple(replace(each, text=tidy(each.text), mentions=None) for each in article.paragraphs))
    for unit, clean in zip(labels.units, tidied.units(), strict=True):
        if unit.abstained and all(tidied.paragraphs[index].text for index, _ in clean.parts):
            names = _regions(_moved(unit, article, clean), scheme)
            yield {"data": _data(tidied, clean, unit.abstained, scheme), "predictions": [_prediction(unit, names, labels.model, scheme)]}


def tidy(text: str) -> str:
    """Make a text fit for the corpus: NFC, no control or invisible characters, single blanks."""
    seen = "".join(each for each in text if each.isspace() or unicodedata.category(each) not in ("Cc", "Cf", "Cs", "Co"))
    return " ".join(unicodedata.normalize("NFC", seen).split())


def _moved(unit: UnitLabels, article: Article, clean: Unit) -> Iterator[Mention]:
    """Give a unit's mentions as they stand in its tidied text; those across two paragraphs are left out."""
    starts = dict(clean.parts)
    for each in unit.mentions:
        index, shift = next(part for part in reversed(unit.unit.parts) if part[1] <= each.start)
        raw = article.paragraphs[index].text
        before, upto = tidy(raw[: each.start - shift]), tidy(raw[: each.end - shift])
        start, end = starts[index] + len(before), starts[index] + len(upto)
        start += clean.text[start : start + 1] == " "  # the blank before the name was at the end of what is before it
        if clean.text[start:end] == tidy(each.surface) != "":
            yield Mention(each.actor, start, end, clean.text[start:end])


def _regions(mentions: Iterator[Mention], scheme: Scheme) -> list[Mention]:
    """Choose the mentions to mark: each actor's first, since a stance is the actor's; all where the scheme knows no names to find."""
    marked: list[Mention] = []
    seen: set[str] = set()
    for each in mentions:
        if each.actor in scheme.actor_ids and (each.actor not in seen or not knows_names(scheme)):
            marked.append(each)
            seen.add(each.actor)
    return marked


def knows_names(scheme: Scheme) -> bool:
    """Whether the scheme knows by which words a text names its actors."""
    return any(actor.aliases or actor.guarded or actor.places or actor.people for actor in scheme.actors or [])


def _data(article: Article, unit: Unit, withheld: Sequence[Abstention], scheme: Scheme) -> dict[str, Any]:
    parts = [
        {"index": index, "kind": article.paragraphs[index].kind, "start": start, "end": start + len(article.paragraphs[index].text)}
        for index, start in unit.parts
    ]
    return {
        TEXT: unit.text, "title": tidy(article.title or ""), "unsure": "; ".join(_told(each, scheme) for each in withheld),
        "article": article.id, "source": article.source, "date": article.date, "outlet": article.outlet, "url": article.url,
        "parts": parts,
    }  # fmt: skip


def _told(each: Abstention, scheme: Scheme) -> str:
    """Say in a few words what was withheld: ``Mỹ – viện trợ: ủng hộ? (0.55)``."""
    about = " – ".join(scheme.label(label) for label in (each.actor, each.topic) if label is not None)
    return ": ".join(filter(None, [about, each.stance and scheme.label(each.stance)])) + f"? ({each.probability:.2f})"


def _prediction(unit: UnitLabels, names: Sequence[Mention], model: dict[str, str], scheme: Scheme) -> dict[str, Any]:
    version = (model.get("name"), model.get("version"), model.get("sha256", "")[:8])
    return {
        "model_version": " ".join(filter(None, version)),
        "score": round(min(each.probability for each in unit.abstained), 4),
        "result": [*_topics(unit, scheme), *_stances(unit, names, scheme)],
    }


def _topics(unit: UnitLabels, scheme: Scheme) -> Iterator[dict[str, Any]]:
    decided = {each.topic for each in unit.topics} | {each.topic for each in unit.abstained if each.stance is None}
    if decided:
        yield _result("topic", TOPIC, "choices", {"choices": [topic for topic in scheme.topic_ids if topic in decided]})


def _stances(unit: UnitLabels, names: Sequence[Mention], scheme: Scheme) -> Iterator[dict[str, Any]]:
    """Give the regions of actors and, at each actor's first, its stances: a choice of a region bears the region's id and value."""
    said: list[Statement | Abstention] = [*unit.stances, *unit.abstained]
    told: dict[str | None, list[tuple[str | None, str]]] = {}
    for each in said:
        if each.stance is not None:
            told.setdefault(each.actor, []).append((each.topic, each.stance))
    for topic, stance in told.pop(None, []):
        yield _result(stance_control(topic), stance_control(topic), "choices", {"choices": [stance]})
    for number, name in enumerate(names):
        place = {"start": name.start, "end": name.end, "text": name.surface}
        yield _result(f"name-{number}", ACTOR, "labels", place | {"labels": [name.actor]})
        for topic, stance in told.pop(name.actor, []):
            yield _result(f"name-{number}", stance_control(topic), "choices", place | {"choices": [stance]})


def _result(region: str, control: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"id": region, "from_name": control, "to_name": TEXT, "type": kind, "value": value}
