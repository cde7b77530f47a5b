"""Tell headline, lead, body and boilerplate apart in the lines of a page.

A page is read in passes, each over what the passes before it left open: lines that are noise by themselves,
captions, what follows the article, blocks of links within it, repetitions, and at last headline and lead.
A rule that is unsure leaves a line in the body: a lost paragraph costs more than a kept button.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import dropwhile

from laptruong.articles import Kind
from laptruong.dates import find_date
from laptruong.reading import lines as look

_LINE = re.compile(r"[^\r\n\u2028\u2029\x0b\x0c\x85]+")
_BLANK = " \t\xa0\u200b\u200c\u200d\u2060\ufeff\u3000\xad"
_LEADING_DATE = re.compile(r"^date\s+\d{4}-\d\d-\d\d\s+(?=\S)")
_OUTLET_CODE = re.compile(
    r"^\(?(CLO|NB&CL|TTO|TPO|PLO|NLĐO|ANTD|ANTĐ|VOV\.VN|VTV\.vn|VTC News|VTC|Dân trí|Dân Trí|TTXVN|Chinhphu\.vn"
    r"|Bao\w+\.vn|ĐTCK|QĐND)\)?\s*[-–.)]?\s"
)
_OUTLETS = {
    "CLO": "Công Luận", "NB&CL": "Công Luận", "TTO": "Tuổi Trẻ", "TPO": "Tiền Phong", "PLO": "Pháp Luật TP.HCM",
    "NLĐO": "Người Lao Động", "ANTD": "An ninh Thủ đô", "ANTĐ": "An ninh Thủ đô", "VOV.VN": "VOV", "VTV.vn": "VTV",
    "VTC": "VTC News", "Dân Trí": "Dân trí", "QĐND": "Quân đội Nhân dân",
}  # fmt: skip
_OUTLET_NAMED = re.compile(r"(?i:cùng|theo|của|©|copyright|trên)\s+(?i:báo|tạp chí)\s+((?:[A-ZĐÁÀẢÂĂƯÔƠÊ]\w*\s?){1,4})")

_HEADER_LINES = 12
_TEASER_SHARE, _TAIL_SHARE = 0.45, 0.6
_LINK_WORDS = 7  # subheadings are shorter, headlines longer


@dataclass(slots=True)
class Line:
    """A line of the page; ``kind`` is None until a pass has decided."""

    text: str
    start: int
    end: int
    kind: Kind | None = None


@dataclass(slots=True)
class Layout:
    """What a page's text gave."""

    lines: list[Line]
    title: str | None = None
    date: str | None = None
    outlet: str | None = None
    author: str | None = None


def split_lines(text: str) -> list[Line]:
    """Cut a text into its lines, without the blanks around them; empty ones are left out."""
    found = []
    for match in _LINE.finditer(text):
        inner = match.group().strip(_BLANK)
        if inner:
            start = match.start() + match.group().index(inner)
            found.append(Line(inner, start, start + len(inner)))
    return found


def read_layout(text: str, title: str | None = None) -> Layout:
    """Read the layout of a page's text.

    Parameters
    ----------
    text : str
    title : str, optional
        The title, where the file names it outside the text; a line that repeats it is the headline.

    Returns
    -------
    Layout
        Every line has a kind.
    """
    page = Layout(split_lines(text), title=title)
    _read_leading_date(page)
    _read_header(page)
    _mark_noise(page.lines)
    _mark_captions(page.lines)
    _mark_tail(page)
    _mark_blocks(page.lines)
    _mark_repeated(page.lines)
    _name_headline(page)
    _mark_teasers(page.lines)
    for line in page.lines:
        line.kind = line.kind or "body"
    _name_lead(page)
    return page


def _read_leading_date(page: Layout) -> None:
    if page.lines and (match := _LEADING_DATE.match(page.lines[0].text)):
        found = find_date(match.group())
        page.date = found[0] if found else None
        first = page.lines[0]
        first.start, first.text = first.start + match.end(), first.text[match.end() :]


def _read_header(page: Layout) -> None:
    """Take date, author and outlet from the lines above the first paragraphs, and the outlet from the imprint."""
    for line in page.lines[:_HEADER_LINES]:
        found = find_date(line.text)
        if found and page.date is None and (look.is_dateline(line.text) or line.text.lower().startswith(("ngày", "thứ", "date"))):
            page.date = found[0]
            page.author = page.author or look.author_of(line.text)
        if page.outlet is None and (code := _OUTLET_CODE.match(line.text)):
            page.outlet = _OUTLETS.get(code[1], code[1])
    for line in page.lines:
        if page.outlet is None and (named := _OUTLET_NAMED.search(line.text)) and look.is_noise(line.text):
            page.outlet = named[1].strip()


def _mark_noise(lines: Sequence[Line]) -> None:
    for index, line in enumerate(lines):
        if look.is_noise(line.text) or look.is_source_line(line.text) or (index < 4 and look.is_breadcrumb(line.text)):
            line.kind = "boilerplate"


def _mark_captions(lines: Sequence[Line]) -> None:
    for index, line in enumerate(lines):
        if not look.is_caption(line.text):
            continue
        line.kind = "boilerplate"
        above = lines[index - 1] if index else None
        if look.is_credit_of_above(line.text) and above and above.kind is None and _is_bare_caption(lines, index - 1):
            above.kind = "boilerplate"


def _is_bare_caption(lines: Sequence[Line], index: int) -> bool:
    """Tell a caption whose credit stands on the next line: one short sentence, and neither headline nor lead."""
    text = lines[index].text
    paragraphs_before = sum(look.is_sentence(line.text) and line.kind is None for line in lines[:index])
    return paragraphs_before >= 1 and len(look.words(text)) <= 35 and not re.search(r"[.!?…]\s+[A-ZĐÀ-Ỹ]", text)


def _mark_tail(page: Layout) -> None:
    """Mark bylines, and all that follows the article from a title such as "Tin mới" on."""
    lines = page.lines
    paragraphs = 0
    for index, line in enumerate(lines):
        following = lines[index + 1 :]
        in_place = look.is_signed(line.text) or _is_below_text(following) if paragraphs >= 2 else index > 0
        if line.kind is None and look.is_name(line.text) and in_place:
            line.kind = "boilerplate"
            page.author = page.author or look.author_of(line.text)
        elif paragraphs >= 2 and _opens_tail(line.text, following, paragraphs):
            for rest in lines[index:]:
                rest.kind = "boilerplate"
            return
        paragraphs += _is_paragraph(line)


def _opens_tail(text: str, following: Sequence[Line], paragraphs_before: int) -> bool:
    """Tell that a line is the title of what follows the article, not of a block within it."""
    if look.is_comments_title(text):
        return sum(map(_is_paragraph, following)) < paragraphs_before
    if not (look.is_tail_title(text) or look.is_block_title(text)):
        return False
    block = _until_next_title(following)
    if not any(_is_paragraph(line) for line in block):
        more = following[len(block) :]
        return not more or _opens_tail(more[0].text, more[1:], paragraphs_before)
    if _is_pairs(block):
        return True
    after_links = list(dropwhile(lambda line: look.is_headlike(line.text), block))
    is_tail = _link_share(after_links) >= _TEASER_SHARE
    return is_tail or (look.is_tail_title(text) and _link_share(block) >= _TAIL_SHARE)


def _is_pairs(block: Sequence[Line]) -> bool:
    """Tell links that each bring their summary: headline, paragraph, headline, paragraph."""
    links = [_is_long_headline(line) for line in block if _is_long_headline(line) or _is_paragraph(line)]
    return links[:2] == [True, False] and sum(links) >= 2 and links.count(False) <= sum(links)


def _is_long_headline(line: Line) -> bool:
    return look.is_headlike(line.text) and len(look.words(line.text)) >= _LINK_WORDS


def _link_share(lines: Sequence[Line]) -> float:
    """Give the share of headlines among the headlines and paragraphs of some lines; subheadings count as neither."""
    links = sum(map(_is_long_headline, lines))
    return links / max(links + sum(map(_is_paragraph, lines)), 1)


def _is_paragraph(line: Line) -> bool:
    return line.kind is None and not look.is_headlike(line.text)


def _until_next_title(lines: Sequence[Line]) -> Sequence[Line]:
    titles = (look.is_tail_title, look.is_block_title, look.is_comments_title)
    ends = (i for i, line in enumerate(lines) if any(is_title(line.text) for is_title in titles))
    return lines[: next(ends, len(lines))]


def _is_below_text(following: Sequence[Line]) -> bool:
    """Tell that no paragraph follows before the next block of links."""
    return not any(map(_is_paragraph, _until_next_title(following)))


def _mark_blocks(lines: Sequence[Line]) -> None:
    """Mark blocks of links inside the article: their title and the headlines below it."""
    index = 0
    while index < len(lines):
        if look.is_block_title(lines[index].text) or look.is_tail_title(lines[index].text):
            lines[index].kind = "boilerplate"
            while index + 1 < len(lines) and _is_link(lines[index + 1]):
                index += 1
                lines[index].kind = "boilerplate"
        index += 1


def _is_link(line: Line) -> bool:
    return line.kind == "boilerplate" or _is_long_headline(line)


def _mark_repeated(lines: Sequence[Line]) -> None:
    """Mark lines that stand twice: both where they follow each other (a picture's text and its link), else the later."""
    keys = [look.key(line.text) for line in lines]
    count = Counter(keys)
    seen: set[str] = set()
    for index, line in enumerate(lines):
        if count[keys[index]] > 1:
            next_to = keys[index] in (keys[index - 1] if index else None, keys[index + 1] if index + 1 < len(lines) else None)
            if keys[index] in seen or (next_to and index > _HEADER_LINES):
                line.kind = "boilerplate"
        seen.add(keys[index])


def _name_headline(page: Layout) -> None:
    """Find the headline above the first paragraph; what stands before it is navigation, what repeats it is noise."""
    lines = page.lines
    wanted = look.key(page.title) if page.title else None
    at = next((i for i, line in enumerate(lines) if wanted and _alike(look.key(line.text), wanted)), None)
    if at is None and wanted is None:
        at = _first_headline(lines)
    if at is not None:
        for line in lines[:at]:
            if len(look.words(line.text)) <= 6 or look.is_headlike(line.text):
                line.kind = "boilerplate"
        lines[at].kind = "headline"
        page.title = page.title or lines[at].text
        wanted = look.key(lines[at].text)
    for index, line in enumerate(lines):
        if index != at and wanted and line.kind is None and look.is_headlike(line.text) and _alike(look.key(line.text), wanted):
            line.kind = "boilerplate"


def _first_headline(lines: Sequence[Line]) -> int | None:
    for index, line in enumerate(lines[:_HEADER_LINES]):
        if line.kind is not None:
            continue
        if look.is_sentence(line.text) and not line.text.endswith(("?", "!")):
            return None
        if len(look.words(line.text)) >= 4:
            return index
    return None


def _alike(one: str, other: str) -> bool:
    """Tell that two keys share most of their words."""
    if one == other:
        return True
    mine, theirs = set(one.split()), set(other.split())
    return len(theirs) >= 5 and len(mine & theirs) / len(mine | theirs) >= 0.7


def _mark_teasers(lines: Sequence[Line]) -> None:
    """Mark runs of two or more long headlines between paragraphs: links to other articles without a title above."""
    run: list[Line] = []
    after_colon = False  # what a paragraph announces is its list, not links
    for line in [*lines, Line("", 0, 0, "body")]:
        if line.kind is None and _is_long_headline(line) and not look.is_list_item(line.text) and not after_colon:
            run.append(line)
            continue
        if len(run) >= 2:
            for teaser in run:
                teaser.kind = "boilerplate"
        if line.kind != "boilerplate":
            run, after_colon = [], line.text.endswith(":") or (after_colon and look.is_headlike(line.text))


def _name_lead(page: Layout) -> None:
    """Call the first paragraph the lead."""
    first = next((line for line in page.lines if line.kind == "body"), None)
    if first is not None and (look.is_sentence(first.text) or len(look.words(first.text)) >= 12):
        first.kind = "lead"
