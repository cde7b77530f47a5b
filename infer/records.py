"""Labels as records (JSON Lines) and as rows (CSV, Parquet)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from laptruong.aggregate import naming_paragraphs
from laptruong.articles import Mention, Statement
from laptruong.labels import ArticleLabels, UnitLabels

SCHEMA_VERSION = 1
ROW_FIELDS = (
    "id", "source", "title", "date", "outlet", "level", "paragraph", "kind", "actor", "topic", "stance", "probability",
    "evidence", "model",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_record(labels: ArticleLabels) -> dict[str, Any]:
    """Give an article's labels as a record of the labels format (see DESIGN, "Records")."""
    article = labels.article
    by_paragraph = {index: unit for unit in labels.units for index, _ in unit.unit.parts}
    return {
        "schema_version": SCHEMA_VERSION,
        "id": article.id,
        "source": article.source,
        "title": article.title,
        "date": article.date,
        "outlet": article.outlet,
        "author": article.author,
        "url": article.url,
        "topics": _topics(labels.topics),
        "stances": [_statement(each) | {"evidence": list(each.evidence)} for each in labels.stances],
        "paragraphs": [
            _paragraph(index, paragraph, by_paragraph.get(index)) for index, paragraph in enumerate(article.paragraphs)
        ],
        "abstained": [
            {
                "level": each.level, "index": each.index, "actor": each.actor, "topic": each.topic,
                "stance": each.stance, "probability": _round(each.probability),
            }
            for each in labels.abstained
        ],
        "model": labels.model,
    }  # fmt: skip


def _paragraph(index: int, paragraph: Any, unit: UnitLabels | None) -> dict[str, Any]:
    record = {
        "index": index, "kind": paragraph.kind, "text": paragraph.text, "start": paragraph.start, "end": paragraph.end,
        "topics": [], "mentions": [], "stances": [],
    }  # fmt: skip
    if unit is None:
        return record
    mentions = [
        {"actor": m.actor, "start": m.start, "end": m.end, "surface": m.surface} for m in mentions_in(unit, index, len(paragraph.text))
    ]
    stances = [_statement(each) for each in unit.stances if index in naming_paragraphs(unit, each.actor)]
    return record | {"topics": _topics(unit.topics), "mentions": mentions, "stances": stances}


def mentions_in(unit: UnitLabels, index: int, length: int) -> list[Mention]:
    """Give the mentions that lie in one paragraph of a unit, counted in that paragraph's text."""
    shift = dict(unit.unit.parts)[index]
    if shift == 0 and len(unit.unit.parts) == 1:
        return list(unit.mentions)
    return [
        Mention(m.actor, m.start - shift, m.end - shift, m.surface) for m in unit.mentions if shift <= m.start and m.end <= shift + length
    ]


def _topics(topics: Any) -> list[dict[str, Any]]:
    return [{"topic": each.topic, "probability": _round(each.probability)} for each in topics]


def _statement(each: Statement) -> dict[str, Any]:
    return {"actor": each.actor, "topic": each.topic, "stance": each.stance, "probability": _round(each.probability)}


def _round(probability: float) -> float:
    return round(probability, 4)


def to_rows(labels: ArticleLabels) -> Iterator[dict[str, Any]]:
    """Give an article's statements one by one: those of the article, then those of its paragraphs.

    Headline and lead are decided together; a statement of theirs is one row, under the first that names its actor.
    """
    article = labels.article
    common = {
        "id": article.id,
        "source": article.source,
        "title": article.title,
        "date": article.date,
        "outlet": article.outlet,
        "model": labels.model.get("name"),
    }
    for each in labels.stances:
        evidence = " ".join(map(str, each.evidence))
        yield common | _statement(each) | {"level": "article", "paragraph": None, "kind": None, "evidence": evidence}
    for unit in labels.units:
        for each in unit.stances:
            index = naming_paragraphs(unit, each.actor)[0]
            kind = article.paragraphs[index].kind
            yield common | _statement(each) | {"level": "paragraph", "paragraph": index, "kind": kind, "evidence": str(index)}


def safe_cell(value: Any) -> Any:
    """Keep a spreadsheet from taking text for a formula: put an apostrophe before what it would calculate."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
