"""Items and disagreements as a page's script reads them: columns of indexes into lists of values, each text once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from laptruong.evaluation.wording import visible

if TYPE_CHECKING:
    import pandas as pd


class Column(NamedTuple):
    """A column to browse by.

    Attributes
    ----------
    none : str
        What is shown where there is no value.
    number : bool
        Whether it is a confidence, else it has few values.
    filter : bool
        Whether it can be filtered by.
    says : tuple of str
        Words for true and false.
    chosen : str
        The value that the page shows first.
    """

    name: str
    label: str
    none: str = "–"
    number: bool = False
    filter: bool = False
    says: tuple[str, str] | None = None
    chosen: str | None = None


class Filter(NamedTuple):
    """A column's choices; ``chosen`` is the index of the one that the page shows first."""

    name: str
    label: str
    options: list[str]
    chosen: int | None


class Browser(NamedTuple):
    """What the page of a browser needs."""

    what: str
    columns: tuple[Column, ...]
    filters: list[Filter]
    rows: int
    data: Markup


_WHERE = (
    Column("actor", "actor", filter=True), Column("topic", "topic", filter=True), Column("task", "task", filter=True),
    Column("level", "level", filter=True), Column("article", "article"), Column("unit", "unit"),
)  # fmt: skip
_NOT_THERE, _MISSED = "none: found too much", "none: missed"
_ITEMS = (
    Column("confidence", "confidence", number=True), Column("gold", "gold", _NOT_THERE, filter=True),
    Column("predicted", "predicted", _MISSED, filter=True), *_WHERE, Column("outlet", "outlet"), Column("month", "month"),
    Column("right", "right or wrong", filter=True, says=("right", "wrong"), chosen="wrong"),
    Column("given", "given or withheld", filter=True, says=("given", "withheld")),
)  # fmt: skip


def of_items(items: pd.DataFrame) -> Browser:
    """Make the items of a report fit to browse, the wrong ones first to be seen."""
    return _browser("items", items, _ITEMS)


def of_disagreements(disagreements: pd.DataFrame, names: Sequence[str]) -> Browser:
    """Make the items on which two models disagree fit to browse.

    Parameters
    ----------
    disagreements : DataFrame
        With a column ``second_model`` where more than one is compared with the first.
    names : sequence of str
        The models.
    """
    several = (Column("second_model", "second model", filter=True),) if len(names) > 2 else ()
    first, second = names[0], "second model" if several else names[1]
    columns = (
        *several, Column("gold", "gold", "none", filter=True),
        Column("first", f"first: {first}", "none", filter=True), Column("first_confidence", "its confidence", number=True),
        Column("second", f"second: {second}", "none", filter=True), Column("second_confidence", "its confidence", number=True),
        Column("who", "who is right", filter=True), *_WHERE,
    )  # fmt: skip
    gold, one, other = (_values(disagreements, name) for name in ("gold", "first", "second"))
    who = [_who(*each) for each in zip(gold, one, other, strict=True)]
    return _browser("disagreements", disagreements.assign(who=who), columns)


def as_json(data: object) -> Markup:
    """Write JSON that may stand inside a ``<script>``: no ``<`` or ``&`` is left in it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 (nothing in it can end the script)


def _who(gold: object, first: object, second: object) -> str:
    return "first" if first == gold else "second" if second == gold else "neither"


def _browser(what: str, frame: pd.DataFrame, columns: tuple[Column, ...]) -> Browser:
    packed, filters = [], []
    for column in columns:
        values = _values(frame, column.name)
        if column.number:
            packed.append({"rows": [None if value is None else round(float(value), 3) for value in values], "number": True})
            continue
        names, rows = _choices(_said(values, column))
        shown = [column.none if name is None else name for name in names]
        packed.append({"rows": rows, "values": shown, "number": False})
        if column.filter:
            chosen = names.index(column.chosen) if column.chosen in names and column.chosen else None
            filters.append(Filter(column.name, column.label, shown, chosen))
    texts, at = _choices(_said(_values(frame, "text"), Column("text", "text")), ordered=False)
    names_of = [column.name for column in columns]
    data = {"what": what, "columns": packed, "names": names_of, "texts": [text or "" for text in texts], "text": at}
    return Browser(what, columns, filters, len(frame), as_json(data))


def _values(frame: pd.DataFrame, name: str) -> list[Any]:
    """Give a column with None where nothing is."""
    column = frame[name].astype(object)
    return list(column.where(column.notna(), None))


def _said(values: Iterable[Any], column: Column) -> list[str | None]:
    if column.says:
        yes, no = column.says
        return [None if value is None else yes if value else no for value in values]
    return [None if value is None else visible(str(value)) for value in values]


def _choices(values: list[str | None], ordered: bool = True) -> tuple[list[str | None], list[int]]:
    """Give the different values, None last, and each row's place among them."""
    names = list(dict.fromkeys(values))
    if ordered:
        names.sort(key=lambda name: (name is None, *_natural(name or "")))
    place = {name: index for index, name in enumerate(names)}
    return names, [place[value] for value in values]


def _natural(name: str) -> tuple[int, str]:
    """Order numbers by their size, before words."""
    return (int(name), "") if name.isdecimal() and name.isascii() and len(name) < 16 else (10**16, name)
