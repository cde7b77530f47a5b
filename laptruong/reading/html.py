"""Web pages, by trafilatura: its main text and metadata; `layout` then judges the lines as in any page."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType

from laptruong.articles import Article
from laptruong.dates import find_date
from laptruong.errors import ReadError

_SUFFIX = re.compile(r"\s+[|–-]\s+([^|–-]{2,40})$")
_SITE = re.compile(r"(?i)^(?:báo|tạp chí|đài|kênh|trang)\b|\.(?:vn|com|net|org)\b|online|điện tử|express|news|\bv[to]v\b|vietnam\+")


@dataclass(frozen=True, slots=True)
class Page:
    """What a web page gave; the text is the source into which offsets point."""

    text: str
    title: str | None
    date: str | None
    outlet: str | None
    author: str | None
    url: str | None


@cache
def _trafilatura() -> ModuleType:
    """Import it only for web pages: it takes longer than reading one."""
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # its warnings reach the user as a ReadError
    return trafilatura


def extract(html: str, where: str) -> Page:
    """Take article text and metadata out of a web page.

    Raises
    ------
    ReadError
        If trafilatura finds no article in it.
    """
    document = _trafilatura().bare_extraction(html, include_comments=False, include_tables=False, favor_recall=True, with_metadata=True)
    if document is None or not (document.text or "").strip():
        raise ReadError(where, "no article text found in this HTML; save the page again, or its text as .txt")
    title = _without_site(document.title, document.sitename) if document.title else None
    return Page(document.text, title, _page_date(html) or document.date, document.sitename, document.author, document.url)


def _without_site(title: str, site: str | None) -> str:
    """Cut the site's name off a page's title; what else stands behind a dash ("Nga - Mỹ") is the title's own."""
    suffix = _SUFFIX.search(title)
    if suffix and (_SITE.search(suffix[1]) or (site and suffix[1].strip().lower() in site.lower())):
        return title[: suffix.start()]
    return title


def _page_date(html: str) -> str | None:
    """Give the published time that the page's own metadata states; Vietnamese sites keep it there."""
    match = re.search(r"""(?:article:published_time|datePublished|pubdate)["'][^>]{0,80}?(\d{4}-\d\d-\d\d)""", html)
    found = find_date(match[1]) if match else None
    return found[0] if found else None


def with_metadata(article: Article, page: Page) -> Article:
    """Fill in what the page's metadata knows and its text did not say."""
    return replace(
        article, outlet=page.outlet or article.outlet, author=page.author or article.author, url=page.url,
        title=page.title or article.title,
    )  # fmt: skip
