"""From the text of one page to an article, or to the reason why it is none."""

from __future__ import annotations

from dataclasses import dataclass

from laptruong.articles import Article, Kind, Paragraph
from laptruong.errors import ReadError
from laptruong.reading.layout import Layout, read_layout

MAX_PARAGRAPH_CHARS = 50_000
"""A paragraph above this is data, not prose."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An input that was not read: the file, line or row, and why."""

    where: str
    reason: str


def article_from_text(
    text: str, *, where: str = "text", article_id: str = "text", title: str | None = None, date: str | None = None
) -> Article:
    """Make an article of a page's text: paragraphs with their kinds, title, date, outlet, author.

    Parameters
    ----------
    text : str
        As crawled, one paragraph a line; offsets of the paragraphs count its characters.
    where, article_id : str
        What to call it in errors and records.
    title, date : str, optional
        Where they are known beside the text.

    Raises
    ------
    ReadError
        If it has no paragraph, or one that is too long to be prose.
    """
    layout = read_layout(text, title)
    check_paragraphs(layout, where)
    paragraphs = [Paragraph(line.text, line.kind or "body", line.start, line.end) for line in layout.lines]
    if title and not any(paragraph.kind == "headline" for paragraph in paragraphs):
        paragraphs = _with_title(paragraphs, title)
    return Article(
        id=article_id, source=where, paragraphs=tuple(paragraphs), title=layout.title, date=date or layout.date,
        outlet=layout.outlet, author=layout.author, text=text,
    )  # fmt: skip


def check_paragraphs(layout: Layout, where: str) -> None:
    """Raise `ReadError` for a page without text or with a paragraph that is none."""
    if not layout.lines:
        raise ReadError(where, "holds no text; nothing to label")
    longest = max(layout.lines, key=lambda line: len(line.text))
    if len(longest.text) > MAX_PARAGRAPH_CHARS:
        raise ReadError(where, f"has a line of {len(longest.text):,} characters, which is no paragraph; put each paragraph on a line")


def _with_title(paragraphs: list[Paragraph], title: str) -> list[Paragraph]:
    """Put a title that stands outside the text in front, or cut it off a first paragraph that opens with it."""
    first = next((i for i, paragraph in enumerate(paragraphs) if paragraph.kind != "boilerplate"), None)
    if first is not None and paragraphs[first].text.startswith(title) and paragraphs[first].start is not None:
        whole = paragraphs[first]
        rest = whole.text[len(title) :].lstrip(" .:-–|")
        start = whole.start or 0
        kind: Kind = "lead" if whole.kind == "lead" else "body"
        parts = [Paragraph(title, "headline", start, start + len(title))]
        if rest:
            parts.append(Paragraph(rest, kind, start + len(whole.text) - len(rest), start + len(whole.text)))
        return [*paragraphs[:first], *parts, *paragraphs[first + 1 :]]
    return [Paragraph(title, "headline"), *paragraphs]
